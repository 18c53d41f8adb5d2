"""Keeps what no database will take, so that nothing is lost in silence."""

import logging
import os
import pathlib
from collections.abc import Iterable

FILE = "set-aside.log"

_log = logging.getLogger(__name__)


def set_aside(folder: pathlib.Path, lines: Iterable[bytes], why: str) -> None:
    """Appends `lines` to the file for an operator to look at, and says so in the log."""
    for text in lines:
        file = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, text if text.endswith(b"\n") else text + b"\n")
        finally:
            os.close(file)
        _log.error("%s; it was set aside in %s", why, folder / FILE)
