import hashlib

from headgate.pipeline.keys import digest


def test_what_is_kept_is_the_sha256_of_the_key() -> None:
    assert digest("key") == hashlib.sha256(b"key").digest()


def test_a_key_may_be_any_text() -> None:
    assert len(digest("")) == len(digest("kéy")) == len(digest("\udcff")) == 32
    assert digest("kéy") != digest("key")
