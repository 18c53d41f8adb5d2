import builtins
import pathlib
import sys
from typing import Any

import pytest

from headgate.storage.engine import BadDatabaseUrl, open_database
from headgate.storage.sqlite import SqliteDatabase


def test_a_sqlite_url_opens_a_file_and_connects_to_nothing_yet(tmp_path: pathlib.Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/deep/headgate.db")
    assert isinstance(database, SqliteDatabase)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["postgresql://u:p@host/db", "postgres://u:p@host/db"])
def test_both_spellings_of_postgresql_are_taken(url: str) -> None:
    assert open_database(url).name == "postgresql"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:secret@host/db", "mysql:// is not supported; use sqlite:///"),
        ("headgate.db", "not a database URL; use sqlite:///"),
        ("postgresql://host:port/db", "not a database URL"),
        ("", "not a database URL"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("sqlite://headgate.db", "lacks a slash"),
    ],
)
def test_a_bad_url_is_one_sentence_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(BadDatabaseUrl, match=said) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_asyncpg(name: str, *rest: Any) -> Any:
        if name == "asyncpg":
            raise ModuleNotFoundError("No module named 'asyncpg'", name="asyncpg")
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "headgate.storage.postgres", raising=False)
    monkeypatch.delattr("headgate.storage.postgres", raising=False)
    monkeypatch.delitem(sys.modules, "asyncpg", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_asyncpg)
    with pytest.raises(BadDatabaseUrl, match=r'pip install "headgate\[postgres\]"'):
        open_database("postgresql://host/db")
