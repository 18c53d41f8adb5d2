"""A memory of responses that forgets everything with its test."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headgate.model.store_faults import StoreUnreachable, TooMuch
from headgate.model.stored import CANCELLING, RUNNING, Conversation, Kept, StoredResponse


class FakeMemory:
    """Keeps everything at once; nothing can be reached while it is ``down``, and
    nothing be read whole while it is ``too_much``."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.talks: dict[tuple[str, str], Conversation] = {}
        self.said: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.down = self.too_much = False
        self.settlings = 0
        self.alive_at = 0.0

    def keep(self, kept: Kept) -> None:
        stored = kept.stored
        self.kept[stored.key] = kept
        if kept.conversation is not None:
            self.said[stored.owner, kept.conversation].extend(kept.said)

    async def settled(self) -> None:
        self.settlings += 1
        self._reach()

    async def get(self, owner: str, id_: str) -> StoredResponse | None:
        if self.down:
            raise StoreUnreachable("down")
        mine = [k.stored for k in self.kept.values() if k.stored.owner == owner]
        return next((one for one in reversed(mine) if one.id == id_), None)

    async def chain(self, last: StoredResponse) -> tuple[StoredResponse, ...]:
        self._reach()
        links = [last]
        while (key := links[0].previous) is not None and key in self.kept:
            links.insert(0, self.kept[key].stored)
        return tuple(links)

    async def of_items(self, owner: str, ids: Sequence[str]) -> tuple[StoredResponse, ...]:
        mine = [kept for kept in self.kept.values() if kept.stored.owner == owner]
        return tuple(kept.stored for kept in mine if set(ids) & set(kept.item_ids))

    async def events(self, stored: StoredResponse) -> bytes:
        return self.kept[stored.key].events

    async def remove(self, owner: str, id_: str) -> bool:
        found = await self.get(owner, id_)
        if found is not None:
            del self.kept[found.key]
        return found is not None

    async def move(self, key: str, status: Any, response: str | None = None) -> bool:
        self._reach()
        kept = self.kept.get(key)
        if kept is None or kept.stored.status not in RUNNING:
            return False
        said = response or kept.stored.response
        moved = msgspec.structs.replace(kept.stored, status=status, response=said)
        self.kept[key] = msgspec.structs.replace(kept, stored=moved)
        return True

    async def add_events(self, key: str, part: int, events: bytes) -> None:
        kept = self.kept[key]
        assert (part == 0) == (kept.events == b"")
        self.kept[key] = msgspec.structs.replace(kept, events=kept.events + events)

    async def alive(self, worker: str, at: float) -> tuple[str, ...]:
        self._reach()
        self.alive_at = at
        made = [kept.stored for kept in self.kept.values() if kept.stored.worker == worker]
        return tuple(one.key for one in made if one.status == CANCELLING)

    async def running(self) -> tuple[StoredResponse, ...]:
        return tuple(k.stored for k in self.kept.values() if k.stored.status in RUNNING)

    async def add_conversation(
        self, conversation: Conversation, items: Sequence[tuple[str, str]]
    ) -> None:
        self._reach()
        self.talks[conversation.owner, conversation.id] = conversation
        self.said[conversation.owner, conversation.id] = list(items)

    async def get_conversation(self, owner: str, id_: str) -> Conversation | None:
        if self.down:
            raise StoreUnreachable("down")
        return self.talks.get((owner, id_))

    async def change_conversation(self, owner: str, id_: str, metadata: Mapping[str, Any]) -> bool:
        found = self.talks.get((owner, id_))
        if found is not None:
            self.talks[owner, id_] = msgspec.structs.replace(found, metadata=metadata)
        return found is not None

    async def remove_conversation(self, owner: str, id_: str) -> bool:
        self.said.pop((owner, id_), None)
        return self.talks.pop((owner, id_), None) is not None

    async def append_items(
        self, owner: str, id_: str, at: float, items: Sequence[tuple[str, str]]
    ) -> None:
        self.said[owner, id_].extend(items)

    async def items(self, owner: str, id_: str) -> tuple[tuple[str, str], ...]:
        self._reach()
        return tuple(self.said[owner, id_])

    async def remove_item(self, owner: str, id_: str, item_id: str) -> bool:
        said = self.said[owner, id_]
        kept = [pair for pair in said if pair[0] != item_id]
        self.said[owner, id_] = kept
        return len(kept) < len(said)

    def _reach(self) -> None:
        if self.too_much:
            raise TooMuch
        if self.down:
            raise StoreUnreachable("down")
