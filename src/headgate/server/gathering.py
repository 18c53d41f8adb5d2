"""A request's body put together from its pieces, unpacked and bounded."""

from headgate.server.inflate import open_inflater, too_large


class Gathering:
    """At most `limit` bytes, before they are unpacked and after; `coding` is the body's
    ``content-encoding``. Raises Refused for a coding that is not known."""

    def __init__(self, coding: str, limit: int) -> None:
        self._inflater = open_inflater(coding, limit) if coding else None
        self._limit = limit
        self._pieces: list[bytes] = []
        self._received = 0

    def add(self, piece: bytes) -> None:
        """Takes a piece. Raises Refused where it is too much, or damaged."""
        self._received += len(piece)
        if self._received > self._limit:
            raise too_large(self._limit)
        self._pieces.append(self._inflater.feed(piece) if self._inflater else piece)

    def whole(self) -> bytes:
        """The body, after its last piece. Raises Refused where it ends too early."""
        if self._inflater is not None and self._received:
            self._inflater.end()
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
