"""A form on its way to a backend: what must be known of it is read ahead, the rest flows through.

The model's name decides where a form goes. Where it comes before the file, the file is never held:
it is taken from the caller as fast as the backend takes it. Where it comes behind (curl's and many
clients' order), the form waits on disk. A small form is held whole, and can be tried elsewhere.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from headgate.model.fault import Fault, Refused, bad_request
from headgate.pipeline.spool import Spool
from headgate.wire.multipart import FormScanner, boundary_of, part_of

HELD = 256 * 1024
"""Bytes that are held in memory: whole forms up to here, the heads of larger ones."""

Body = bytes | AsyncIterator[bytes]
_MOST_NAME = 512
"""Bytes of a model's name."""


class Source(Protocol):
    """Where the bytes come from."""

    async def read_piece(self) -> bytes:
        """The next bytes, ``b""`` at their end. Raises Refused and CallerLeft."""
        ...


class Upload:
    """One form of at most `limit` bytes; `declared` is its length where the caller said it.

    ``ended``: it came whole. ``spent``: bytes have gone out that cannot be sent again.
    ``waiting``: the caller is waited for.
    """

    def __init__(self, source: Source, scanner: FormScanner, limit: int, declared: int | None):
        if declared is not None and declared > limit:
            raise _too_large(limit)
        self.scanner = scanner
        self.spent = False
        self.waiting = False
        self._source = source
        self._limit = limit
        self._declared = declared
        self._held = bytearray()
        self._spool: Spool | None = None
        self._read = 0
        self.ended = False

    @property
    def content_type(self) -> str:
        """The header of the form as it goes out."""
        return f'multipart/form-data; boundary="{self.scanner.boundary}"'

    async def read_ahead(self) -> None:
        """Reads until the model's name is known and as much is held as may be, or all of it.

        Raises Refused where it is no form, too large or stalled, and CallerLeft.
        """
        while not self.ended and not self._suffices():
            await self._keep(await self._next())
        await self._kept()

    async def read_all(self) -> None:
        """Reads to the end, onto the disk where it is much. Raises as `read_ahead`."""
        while not self.ended:
            await self._keep(await self._next())
        await self._kept()

    def body(self, model: str) -> tuple[Body, int | None]:
        """The form with its model's name set to `model`, and its length where it is known."""
        start, end, new = self._edit(model)
        more = len(new) - (end - start)
        if self._spool is not None:
            return self._stored(self._spool, start, end, new), self._spool.size + more
        head = bytes(self._held[:start] + new + self._held[end:])
        if self.ended:
            return head, len(head)
        length = None if self._declared is None else self._declared + more
        return self._flowing(head), length

    def close(self) -> None:
        """Lets go of the disk."""
        if self._spool is not None:
            self._spool.close()

    def _suffices(self) -> bool:
        """Whether the rest can flow; where only the end of the bytes is missing it is waited for,
        so that a form which is held whole can be sent again."""
        knows_model = self.scanner.field("model") is not None
        return knows_model and self._read >= HELD and not self.scanner.over

    async def _next(self) -> bytes:
        """The next bytes, looked at; ``b""`` at the end of a whole form."""
        self.waiting = True
        data = await self._source.read_piece()
        self.waiting = False
        self._read += len(data)
        if self._read > self._limit:
            raise _too_large(self._limit)
        self.ended = not data
        self.scanner.feed(data)
        if self.ended or self._read == self._declared:
            self.scanner.end()  # before the last bytes go out
        return data

    async def _keep(self, data: bytes) -> None:
        if self._spool is None and len(self._held) + len(data) <= 2 * HELD:
            self._held += data
            return
        if self._spool is None:
            self._spool = Spool()
            await self._spool.write(bytes(self._held))
            self._held = bytearray()
        await self._spool.write(data)

    async def _kept(self) -> None:
        """A form of which some waits on disk waits there whole."""
        if self._spool is None:
            return
        while not self.ended:
            await self._spool.write(await self._next())
        await self._spool.flush()

    def _edit(self, model: str) -> tuple[int, int, bytes]:
        """What is replaced, from where to where, and by what."""
        field = self.scanner.field("model")
        if field is None:
            opening = f"--{self.scanner.boundary}\r\n".encode()
            newline = b"" if self.scanner.begins_anew else b"\r\n"
            return 0, 0, opening + part_of("model", model) + newline
        return field.start, field.end, model.encode()

    async def _stored(self, spool: Spool, start: int, end: int, new: bytes) -> AsyncIterator[bytes]:
        async for piece in spool.read(0, start):
            yield piece
        yield new
        async for piece in spool.read(end, spool.size):
            yield piece

    async def _flowing(self, head: bytes) -> AsyncIterator[bytes]:
        yield head
        while not self.ended:
            self.spent = True
            if data := await self._next():
                yield data


def open_upload(
    source: Source, headers: Mapping[str, str], limit: int, once: frozenset[str]
) -> Upload:
    """The form that comes with `headers`. Raises Refused where they do not say how to read it."""
    if headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        message = "A form must not be compressed (content-encoding)."
        raise Refused(Fault(kind="unsupported_media_type", message=message))
    length = headers.get("content-length", "")
    declared = int(length) if length.isascii() and length.isdigit() else None
    scanner = FormScanner(boundary_of(headers.get("content-type", "")), once)
    return Upload(source, scanner, limit, declared)


def check_model(upload: Upload) -> None:
    """Raises Refused where the form's model is no name."""
    field = upload.scanner.field("model")
    if field is None:
        return
    value = field.value
    if not value or len(value) > _MOST_NAME or not _is_text(value):
        raise bad_request("'model' must be a field of the form that names a model.", "model")


def _is_text(value: bytes) -> bool:
    try:
        return value.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _too_large(limit: int) -> Refused:
    message = f"The upload exceeds {limit} bytes."
    return Refused(Fault(kind="request_too_large", message=message))
