"""What an administrator keeps, in the database: one kind of row a file."""

from headgate.storage.directory.store import DirectoryStore

__all__ = ["DirectoryStore"]
