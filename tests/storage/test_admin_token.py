import stat
from pathlib import Path

import pytest

from headgate.storage.admin_token import AdminToken, admin_token, token_digest


def test_the_first_start_makes_a_token_and_shows_it_once(tmp_path: Path) -> None:
    first = admin_token(tmp_path, None)
    assert first.new is not None
    assert first.new.startswith("hga-")
    assert first.digest == token_digest(first.new)
    assert admin_token(tmp_path, None) == AdminToken(first.digest)


def test_only_the_digest_is_kept_and_only_for_its_owner(tmp_path: Path) -> None:
    made = admin_token(tmp_path, None)
    [file] = tmp_path.iterdir()
    assert file.read_text().strip() == made.digest.hex()
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_a_given_token_outranks_the_kept_one_and_is_not_kept(tmp_path: Path) -> None:
    assert admin_token(tmp_path, "given") == AdminToken(token_digest("given"))
    assert list(tmp_path.iterdir()) == []
    kept = admin_token(tmp_path, "")
    assert admin_token(tmp_path, "given").digest != kept.digest


def test_every_gateway_has_its_own_token(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert admin_token(tmp_path / "a", None).new != admin_token(tmp_path / "b", None).new


@pytest.mark.parametrize("text", ["no hex", "", "abc", "abcd", "\xff"])
def test_a_damaged_file_is_named_and_never_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "admin-token.sha256"
    path.write_text(text, "latin-1")
    with pytest.raises(OSError, match=r"admin-token\.sha256 is damaged"):
        admin_token(tmp_path, None)
    assert path.read_text("latin-1") == text


def test_a_token_may_be_any_text() -> None:
    assert len(token_digest("\udcff")) == 32
