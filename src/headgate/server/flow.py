"""The flow of one connection: whether it is read, and whether its peer keeps up."""

import asyncio


class Flow:
    """``write_paused``: the peer does not keep up with what is written."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._room: asyncio.Event | None = None
        self.read_paused = False
        self.write_paused = False

    def pause_reading(self) -> None:
        """Takes no more bytes from the peer."""
        if not self.read_paused:
            self.read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Takes bytes again."""
        if self.read_paused:
            self.read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self.write_paused = True

    def resume_writing(self) -> None:
        """There is room again, or the connection is over."""
        self.write_paused = False
        if self._room is not None:
            self._room.set()
            self._room = None

    async def drain(self) -> None:
        """Waits until there is room."""
        if self.write_paused:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()
