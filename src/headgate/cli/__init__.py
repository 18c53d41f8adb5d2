"""The commands: a file for those of the gateway itself, one for each other kind."""

from headgate.cli.commands import main

__all__ = ["main"]
