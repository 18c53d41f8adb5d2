import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.storage.secret_key import FILE, WeakSecretKey, derive, secret_keys

LONG = "correct horse battery staple"


def test_a_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = secret_keys(tmp_path, None)
    assert secret_keys(tmp_path, None) == first
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert secret_keys(tmp_path, "") == first


def test_two_data_folders_have_two_keys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert secret_keys(tmp_path / "a", None) != secret_keys(tmp_path / "b", None)


def test_many_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: secret_keys(tmp_path, None), range(8)))
    assert len(set(map(repr, made))) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_what_the_environment_gives_outranks_the_file(tmp_path: Path) -> None:
    assert secret_keys(tmp_path, LONG) == (derive(LONG.encode()),)
    assert not list(tmp_path.iterdir())


def test_several_are_the_new_one_and_older_ones(tmp_path: Path) -> None:
    keys = secret_keys(tmp_path, f"a new key of good length, {LONG}")
    assert keys == (derive(b"a new key of good length"), derive(LONG.encode()))


@pytest.mark.parametrize("given", ["short", f"{LONG},", f"{LONG},short"])
def test_a_short_one_is_refused_without_being_repeated(tmp_path: Path, given: str) -> None:
    with pytest.raises(WeakSecretKey, match="fewer than 16") as weak:
        secret_keys(tmp_path, given)
    assert LONG not in str(weak.value)


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ü" * 64, "00" * 31])
def test_a_damaged_file_is_not_made_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(OSError, match="is damaged"):
        secret_keys(tmp_path, None)
    assert (tmp_path / FILE).read_text("utf-8") == text


def test_the_derived_keys_differ_and_show_in_no_repr() -> None:
    key = derive(LONG.encode())
    derived = {key.pepper, key.seal, key.audit, key.login}
    assert len({key.id, *derived}) == 5
    assert set(map(len, derived)) == {32}
    assert derive(LONG.encode()) == key != derive(b"another")
    assert repr(key) == f"SecretKey({key.id.hex()!r}, '***')"


def test_the_derivation_never_changes() -> None:
    assert derive(LONG.encode()).pepper.hex()[:16] == "86faa817ee54089e"
