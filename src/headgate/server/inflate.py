"""Request bodies that arrive compressed, taken apart in bounded memory.

gzip and deflate are the standard library's; zstd (which Codex sends) is taken where a module for
it is present: ``compression.zstd`` of Python 3.14, or ``backports.zstd``.
"""

import importlib
import importlib.util
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from headgate.model.fault import Fault, Refused, bad_request


class Decompressor(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class Inflater:
    """One compressed body: `feed` gives what the bytes say, `end` checks that it was all.

    Raises Refused where the data is damaged or says more than `limit` bytes.
    """

    def __init__(self, open_: Callable[[], Decompressor], limit: int) -> None:
        self._open = open_
        self._decompressor = open_()
        self._left = limit
        self._limit = limit

    def feed(self, data: bytes) -> bytes:
        """The next bytes of the body itself."""
        pieces = []
        while data:
            if self._decompressor.eof:
                self._decompressor = self._open()
            piece = self._decompress(data)
            self._left -= len(piece)
            if self._left < 0:
                raise too_large(self._limit)
            pieces.append(piece)
            data = self._decompressor.unused_data if self._decompressor.eof else b""
        return b"".join(pieces)

    def end(self) -> None:
        """The body is over: it must have been whole."""
        if not self._decompressor.eof:
            raise bad_request("the compressed body ends too early")

    def _decompress(self, data: bytes) -> bytes:
        try:
            # One byte more than is allowed tells a body at the limit from one beyond it.
            return self._decompressor.decompress(data, self._left + 1)
        except _DAMAGED as error:
            raise bad_request("the compressed body is damaged") from error


def open_inflater(encoding: str, limit: int) -> Inflater | None:
    """What takes a body of this ``content-encoding`` apart; None where it is plain.

    Raises Refused for a coding that is not known, and for several on top of each other.
    """
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return None
    open_ = _OPENERS.get(coding)
    if open_ is None:
        known = ", ".join(sorted(_OPENERS))
        message = f"content-encoding is not one of {known}"
        raise Refused(Fault(kind="unsupported_media_type", message=message))
    return Inflater(open_, limit)


def too_large(limit: int) -> Refused:
    """The refusal of a body of more than `limit` bytes."""
    return Refused(Fault(kind="request_too_large", message=f"the body exceeds {limit} bytes"))


def _open_gzip() -> Decompressor:
    return zlib.decompressobj(wbits=31)


def _open_deflate() -> Decompressor:
    return zlib.decompressobj(wbits=15)


def _find_zstd() -> Any:
    for package, module in (("compression", "compression.zstd"), ("backports", "backports.zstd")):
        if importlib.util.find_spec(package) and importlib.util.find_spec(module):
            return importlib.import_module(module)
    return None


_zstd = _find_zstd()
_OPENERS: dict[str, Callable[[], Decompressor]] = {
    "gzip": _open_gzip,
    "x-gzip": _open_gzip,
    "deflate": _open_deflate,
    **({"zstd": _zstd.ZstdDecompressor} if _zstd else {}),
}
_DAMAGED: tuple[type[Exception], ...] = (zlib.error, *([_zstd.ZstdError] if _zstd else []))
