"""What a worker remembers of responses: written behind the answers, found at once."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from headgate.model.store_faults import RowRefused, StoreUnreachable
from headgate.model.stored import Conversation, Kept, StoredResponse
from headgate.storage.conversations import Conversations
from headgate.storage.engine import Database
from headgate.storage.stored_responses import StoredResponses

MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Responses that wait to be written; where a database is down for long the oldest are lost."""
BATCH = 50
LOOK_AGAIN_S = (0.01, 0.05, 0.2, 0.6)
"""An id that is not found may be that of a response which another worker is just writing: on a busy
machine that takes a while."""
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 10.0

_LOG = logging.getLogger(__name__)


class ResponseMemory:
    """See `headgate.ports.ResponseMemory`. `write` must go on beside the requests."""

    def __init__(self, database: Database, look_again_s: Sequence[float] = LOOK_AGAIN_S) -> None:
        self._database = database
        self._responses = StoredResponses(database)
        self._conversations = Conversations(database)
        self._waiting: dict[str, Kept] = {}
        self._waiting_bytes = 0
        self._taken = asyncio.Event()
        self._writing = asyncio.Lock()
        self._look_again_s = tuple(look_again_s)

    # What is written

    def keep(self, kept: Kept) -> None:
        """See `headgate.ports.ResponseMemory`."""
        self._forget(kept.stored.key)
        self._waiting[kept.stored.key] = kept
        self._waiting_bytes += _size(kept)
        while self._waiting_bytes > MOST_WAITING_BYTES and len(self._waiting) > 1:
            oldest = next(iter(self._waiting))
            self._forget(oldest)
            _LOG.error("a response was not stored: too many wait for the database")
        self._taken.set()

    async def settled(self) -> None:
        """See `headgate.ports.ResponseMemory`."""
        last = next(reversed(self._waiting), None)
        while last in self._waiting:  # what comes meanwhile is not waited for
            await self._write_some()

    async def write(self) -> None:
        """Writes for ever what is kept."""
        pause_s = FIRST_RETRY_S
        while True:
            await self._taken.wait()
            self._taken.clear()
            try:
                await self.settled()
                pause_s = FIRST_RETRY_S
            except StoreUnreachable as error:
                _LOG.warning("responses wait to be stored: %s", error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LAST_RETRY_S)
                self._taken.set()

    async def aclose(self) -> None:
        """Writes what is left."""
        try:
            await self.settled()
        except StoreUnreachable as error:
            _LOG.error("%d responses were not stored: %s", len(self._waiting), error)

    # Responses

    async def get(self, owner: str, id_: str) -> StoredResponse | None:
        """See `headgate.ports.ResponseMemory`."""
        for pause_s in (*self._look_again_s, None):
            found = self._in_memory(owner, id_) or await self._responses.get(owner, id_)
            if found is not None or pause_s is None:
                return found
            await asyncio.sleep(pause_s)
        return None

    async def chain(self, last: StoredResponse) -> tuple[StoredResponse, ...]:
        """See `headgate.ports.ResponseMemory`."""
        links = [last]
        while (key := links[0].previous) is not None:
            waiting = self._waiting.get(key)
            if waiting is None:
                return (*await self._responses.chain(key), *links)
            links.insert(0, waiting.stored)
        return tuple(links)

    async def of_items(self, owner: str, ids: Sequence[str]) -> tuple[StoredResponse, ...]:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        return await self._responses.of_items(owner, ids)

    async def events(self, stored: StoredResponse) -> bytes:
        """See `headgate.ports.ResponseMemory`."""
        waiting = self._waiting.get(stored.key)
        return waiting.events if waiting else await self._responses.events(stored.key)

    async def remove(self, owner: str, id_: str) -> bool:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        return await self._responses.remove(owner, id_)

    # Responses that are being made

    async def move(self, key: str, status: str, response: str | None = None) -> bool:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        fields = (
            {"status": status} if response is None else {"status": status, "response": response}
        )
        return await self._responses.move(key, fields)

    async def add_events(self, key: str, part: int, events: bytes) -> None:
        """See `headgate.ports.ResponseMemory`."""
        await self._responses.add_events(key, part, events)

    async def alive(self, worker: str, at: float) -> tuple[str, ...]:
        """See `headgate.ports.ResponseMemory`."""
        return await self._responses.alive(worker, at)

    async def running(self) -> tuple[StoredResponse, ...]:
        """See `headgate.ports.ResponseMemory`."""
        return await self._responses.running()

    # Conversations

    async def add_conversation(
        self, conversation: Conversation, items: Sequence[tuple[str, str]]
    ) -> None:
        """See `headgate.ports.ResponseMemory`."""
        await self._conversations.add(conversation, items)

    async def get_conversation(self, owner: str, id_: str) -> Conversation | None:
        """See `headgate.ports.ResponseMemory`."""
        return await self._conversations.get(owner, id_)

    async def change_conversation(self, owner: str, id_: str, metadata: Mapping[str, Any]) -> bool:
        """See `headgate.ports.ResponseMemory`."""
        return await self._conversations.change(owner, id_, metadata)

    async def remove_conversation(self, owner: str, id_: str) -> bool:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        return await self._conversations.remove(owner, id_)

    async def append_items(
        self, owner: str, id_: str, at: float, items: Sequence[tuple[str, str]]
    ) -> None:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        await self._conversations.append(owner, id_, at, items)

    async def items(self, owner: str, id_: str) -> tuple[tuple[str, str], ...]:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        return await self._conversations.items(owner, id_)

    async def remove_item(self, owner: str, id_: str, item_id: str) -> bool:
        """See `headgate.ports.ResponseMemory`."""
        await self.settled()
        return await self._conversations.remove_item(owner, id_, item_id)

    def _in_memory(self, owner: str, id_: str) -> StoredResponse | None:
        for kept in reversed(self._waiting.values()):
            if kept.stored.id == id_ and kept.stored.owner == owner:
                return kept.stored
        return None

    async def _write_some(self) -> None:
        async with self._writing:
            batch = list(self._waiting.values())[:BATCH]
            if not batch:
                return
            await self._store(batch)
            for kept in batch:
                if self._waiting.get(kept.stored.key) is kept:
                    self._forget(kept.stored.key)

    async def _store(self, batch: Sequence[Kept]) -> None:
        steps = await asyncio.to_thread(self._responses.steps, batch)
        try:
            await self._database.write([*steps, *self._conversations.steps(batch)])
        except RowRefused as refusal:
            if len(batch) == 1:
                _LOG.error("the database refused a response: %s", refusal)
                return
            for kept in batch:
                await self._store([kept])

    def _forget(self, key: str) -> None:
        kept = self._waiting.pop(key, None)
        if kept is not None:
            self._waiting_bytes -= _size(kept)


def _size(kept: Kept) -> int:
    return kept.stored.size + len(kept.events)
