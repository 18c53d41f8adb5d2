"""The sending of a request's body that comes in pieces."""

import asyncio
from collections.abc import AsyncIterator

from headgate.upstream.answer import TargetUnreachable
from headgate.upstream.connection import Connection
from headgate.upstream.http_answer import HttpAnswer

_STOP_S = 1.0
"""How long a body that is not wanted any more may take to notice."""


class LengthMissed(ValueError):  # noqa: N818 - named for the fact
    """A body was not as long as was announced."""


class Upload:
    """Sends `body` while its answer is already waited for, until it ends or is not wanted.

    ``length`` is how many bytes were announced; None: they go out in chunks.
    """

    def __init__(
        self,
        connection: Connection,
        answer: HttpAnswer,
        body: AsyncIterator[bytes],
        length: int | None,
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._body = body
        self._left = length
        self._task = asyncio.get_running_loop().create_task(self._send())
        self._task.add_done_callback(self._end)
        answer.stop_sending = self._cancel

    async def answered(self) -> None:
        """Waits for the answer's head. Raises TargetUnreachable, and whatever the body raises.

        An answer that is no success ends the sending; beside another one it goes on.
        """
        try:
            await self._answer.begin()
        except asyncio.CancelledError:
            await self._stop()
            raise
        except TargetUnreachable:
            await self._stop()
            if self._failure is not None:
                raise self._failure from None
            raise
        if self._answer.status >= 300:
            await self._stop()

    @property
    def _failure(self) -> BaseException | None:
        task = self._task
        return task.exception() if task.done() and not task.cancelled() else None

    async def _send(self) -> None:
        async for piece in self._body:
            if not self._connection.usable:
                return
            if piece:
                await self._connection.write(self._framed(piece))
        if self._left is None:
            await self._connection.write(b"0\r\n\r\n")
        elif self._left:
            raise LengthMissed("the request's body is shorter than was announced")
        self._answer.stop_sending = None

    def _framed(self, piece: bytes) -> bytes:
        if self._left is None:
            return b"%x\r\n%b\r\n" % (len(piece), piece)
        if len(piece) > self._left:
            raise LengthMissed("the request's body is longer than was announced")
        self._left -= len(piece)
        return piece

    def _end(self, task: asyncio.Task[None]) -> None:
        """Where the body failed, the backend must not take its beginning for all of it."""
        if self._failure is not None:
            self._connection.abort()
            self._answer.lost(clean=False)

    def _cancel(self) -> None:
        self._task.cancel()

    async def _stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task], timeout=_STOP_S)
