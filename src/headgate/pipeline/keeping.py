"""What a caller gets is kept, where it asked for that: taken as it is said, read at its end."""

from typing import Any

import msgspec

from headgate.dialects.dialect import Ties
from headgate.dialects.responses import history, stored
from headgate.model.store_faults import StoreUnreachable
from headgate.model.stored import Kept, StoredResponse
from headgate.ports import ResponseMemory
from headgate.wire import json_text
from headgate.wire.json_fields import text

_ANSWERS = frozenset(("completed", "incomplete"))


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a response comes from: the key of its record, whose it is, when it was asked for
    (Unix seconds), what it goes on from, the seed of ids and the request's own items."""

    key: str
    owner: str
    at: float
    ties: Ties
    seed: str
    body: bytes
    previous: StoredResponse | None = None
    session: str | None = None
    most_bytes: int = 16 * 1024 * 1024


class Keeping:
    """One answer on its way to a caller.

    ``backend`` is the one that keeps the response itself under the same id, once that is known.
    """

    def __init__(self, memory: ResponseMemory, origin: Origin) -> None:
        self._memory = memory
        self._origin = origin
        self._pieces: list[bytes] = []
        self._size = len(origin.body)
        self.backend: str | None = None

    def take(self, piece: bytes) -> bool:
        """The next piece of a stream, in whole frames, before it is said. True: it was the last,
        and all is to be `settled` before it is said."""
        if self._size > self._origin.most_bytes:
            return False
        self._pieces.append(piece)
        self._size += len(piece)
        response = stored.ending_in(piece)
        if response is None:
            return False
        stream = b"".join(self._pieces)
        return self._keep(stored.with_output(response, stream), stream)

    def take_whole(self, body: bytes) -> bool:
        """A whole answer, before it is said; see `take`."""
        self._size += len(body)
        return self._keep(json_text.object_or_none(body) or {}, b"")

    async def settled(self) -> None:
        """Waits until others find it; not where the database does not answer."""
        try:
            await self._memory.settled()
        except StoreUnreachable:
            pass  # it is kept in this process, and written later

    def _keep(self, response: dict[str, Any], stream: bytes) -> bool:
        origin = self._origin
        if not text(response, "id") or self._size > origin.most_bytes:
            return False
        self._memory.keep(kept_of(origin, response, stream, self.backend))
        return origin.ties.conversation is not None


def kept_of(
    origin: Origin, response: dict[str, Any], stream: bytes = b"", backend: str | None = None
) -> Kept:
    """A response that is over, with all that is kept of it; it says what the caller said of it."""
    own = history.own_items(origin.body, origin.seed)
    conversation = origin.ties.conversation
    said: tuple[tuple[str, str], ...] = ()
    if conversation is not None and stored.status_of(response) in _ANSWERS:
        both = [*own, *history.with_ids(history.output_of(response), f"{origin.seed}0")]
        said = tuple((text(item, "id"), json_text.encode_text(item)) for item in both)
    return Kept(
        stored=record_of(origin, response, own, backend),
        events=stream,
        item_ids=history.ids_of((*own, *history.output_of(response))),
        conversation=conversation,
        said=said,
    )


def record_of(
    origin: Origin,
    response: dict[str, Any],
    own: list[history.Item],
    backend: str | None = None,
) -> StoredResponse:
    """The record of a response as it stands."""
    previous = origin.previous
    return StoredResponse(
        key=origin.key,
        owner=origin.owner,
        id=text(response, "id"),
        created_at=origin.at,
        used_at=origin.at,
        status=stored.status_of(response),
        background=origin.ties.background,
        root=previous.root if previous else origin.key,
        previous=previous.key if previous else None,
        backend=None if response.get("store") is False else backend,
        session=origin.session,
        input=json_text.encode_text(own),
        response=json_text.encode_text({**response, **said_of(origin.ties)}),
    )


def said_of(ties: Ties) -> dict[str, Any]:
    """The fields of a response that repeat what its request was tied to."""
    said: dict[str, Any] = {"store": True, "background": ties.background}
    if ties.previous is not None:
        said["previous_response_id"] = ties.previous
    if ties.conversation is not None:
        said["conversation"] = {"id": ties.conversation}
    return said
