"""A directory in a new database of either kind."""

import pytest

from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import Database


@pytest.fixture
def store(database: Database) -> DirectoryStore:
    """An empty directory."""
    return DirectoryStore(database)
