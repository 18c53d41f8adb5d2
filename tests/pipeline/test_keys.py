import hashlib
import hmac

from headgate.pipeline.keys import digest


def test_what_is_kept_is_the_keys_hmac_under_the_pepper() -> None:
    assert digest("key", b"p") == hmac.new(b"p", b"key", hashlib.sha256).digest()
    assert digest("key", b"p") != digest("key", b"q")


def test_a_key_may_be_any_text() -> None:
    assert len(digest("")) == len(digest("kéy")) == len(digest("\udcff")) == 32
    assert digest("kéy") != digest("key")
