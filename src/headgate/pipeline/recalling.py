"""What was said before a request is put in front of it, and its answer is to be kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headgate.dialects.dialect import Ties
from headgate.dialects.responses import history
from headgate.model.fault import Fault, Refused
from headgate.model.store_faults import StoreUnreachable, TooMuch
from headgate.model.stored import RUNNING, StoredResponse
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.keeping import Keeping, Origin
from headgate.pipeline.recalled import Recalled
from headgate.pipeline.sessions import session_of
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER
from headgate.ports import ResponseMemory
from headgate.wire import json_text
from headgate.wire.json_fields import text

NOT_FOUND = "previous_response_not_found"
MOST_BYTES = 128 * 1024 * 1024
"""Of a request with all that was said before."""


async def recall(turn: Turn) -> None:
    """Completes the request with what it is tied to. Raises Refused."""
    exchange, memory = turn.exchange, turn.gateway.memory
    ties = exchange.envelope.ties
    if ties is None or memory is None:
        return
    settings = exchange.snapshot.settings
    if not settings.store_responses:
        ties = msgspec.structs.replace(ties, store=False)
    exchange.ties = ties
    try:
        previous = await turn.watch.until(_recall(turn, memory, ties), NEVER)
    except StoreUnreachable as error:
        raise store_unreachable() from error
    except TooMuch as error:
        raise too_much() from error
    if ties.store:
        recalled = exchange.recalled
        origin = Origin(
            key=exchange.id,
            owner=exchange.user.id,
            at=exchange.created_at,
            ties=ties,
            seed=turn.gateway.mint(),
            body=recalled.short if recalled else exchange.body,
            previous=previous,
            session=session_of(exchange.headers, exchange.envelope, exchange.thread, hints=False),
            most_bytes=settings.most_stored,
        )
        exchange.origin = origin
        exchange.keeping = None if ties.background else Keeping(memory, origin)


def forgets(exchange: Exchange, fault: Fault) -> bool:
    """Whether a backend does not keep what it was believed to keep: it is told all of it then."""
    recalled = exchange.recalled
    if recalled is None or recalled.backend is None or fault.code != NOT_FOUND:
        return False
    exchange.recalled = msgspec.structs.replace(recalled, backend=None)
    return True


async def find_response(memory: ResponseMemory, owner: str, id_: str) -> StoredResponse:
    """The response of that id. Raises Refused where the owner has no such, and StoreUnreachable."""
    found = await memory.get(owner, id_)
    if found is None:
        raise no_such_response(id_)
    return found


def no_such_response(id_: str, why: str = "") -> Refused:
    """The refusal of an id that nothing is stored under, as far as this caller is concerned."""
    return Refused(
        Fault(
            kind="invalid_request",
            message=why or f"No stored response has the id '{id_[:80]}'.",
            param="previous_response_id",
            code=NOT_FOUND,
        )
    )


def store_unreachable() -> Refused:
    """The refusal while the database does not answer."""
    message = "Stored responses cannot be reached at the moment. Try again."
    return Refused(Fault(kind="overloaded", message=message, retry_after_s=1.0))


def too_much() -> Refused:
    """The refusal of what is longer than can be told."""
    message = "The request is too large with all that was said before it."
    return Refused(Fault(kind="request_too_large", message=message))


async def _recall(turn: Turn, memory: ResponseMemory, ties: Ties) -> StoredResponse | None:
    exchange = turn.exchange
    owner, short, streams = exchange.user.id, exchange.body, exchange.envelope.stream
    ids = history.references(short)
    if ids:
        found = await _items(memory, owner, ids)
        short = history.resolved(short, found.get)
    if ties.background:
        short = _watched(exchange, short)
    previous: StoredResponse | None = None
    said: Sequence[history.Item] = ()
    if ties.previous is not None:
        previous, said = await _chain(memory, owner, ties.previous)
    elif ties.conversation is not None:
        said = await _conversation(memory, owner, ties.conversation)
    if short is exchange.body and ties.previous is None and ties.conversation is None:
        return None
    exchange.recalled = Recalled(
        sent=exchange.body,
        short=short,
        backend=previous.backend if previous else None,
        stream=streams,
        session=(previous.session or previous.root) if previous else ties.conversation,
    )
    exchange.body = history.completed(short, said)
    if len(exchange.body) > MOST_BYTES:
        raise too_much()
    return previous


def _watched(exchange: Exchange, body: bytes) -> bytes:
    """The request as its backend gets it: it is the gateway that goes on by itself, and a stream
    tells others how far it is."""
    exchange.envelope = msgspec.structs.replace(exchange.envelope, stream=True)
    body = json_text.replace_field(body, "background", False)
    return json_text.replace_field(body, "stream", True)


async def _chain(
    memory: ResponseMemory, owner: str, id_: str
) -> tuple[StoredResponse, list[history.Item]]:
    last = await find_response(memory, owner, id_)
    if last.status in RUNNING:
        message = f"The response '{id_[:80]}' is still being made."
        raise Refused(
            Fault(
                kind="invalid_request",
                message=message,
                param="previous_response_id",
                code="response_in_progress",
            )
        )
    links = await memory.chain(last)
    if links[0].previous is not None:
        why = f"The response '{id_[:80]}' goes on from one that is not stored any more."
        raise no_such_response(id_, why)
    return last, [item for link in links for item in items_in(link)]


def items_in(link: StoredResponse) -> list[history.Item]:
    """What was said in one response and to it."""
    return [*own_items_in(link), *history.output_of(json_text.decode(link.response))]


def own_items_in(link: StoredResponse) -> list[history.Item]:
    """The items that the request of the response brought itself."""
    items: list[history.Item] = json_text.decode(link.input)
    return items


async def _conversation(memory: ResponseMemory, owner: str, id_: str) -> list[history.Item]:
    if await memory.get_conversation(owner, id_) is None:
        raise Refused(
            Fault(
                kind="invalid_request",
                message=f"There is no conversation with the id '{id_[:80]}'.",
                param="conversation",
                code="conversation_not_found",
            )
        )
    return [json_text.decode(item) for _, item in await memory.items(owner, id_)]


async def _items(
    memory: ResponseMemory, owner: str, ids: Sequence[str]
) -> Mapping[str, dict[str, Any]]:
    """The items that a request refers to, by their ids."""
    wanted = frozenset(ids)
    found = {
        text(item, "id"): item
        for link in await memory.of_items(owner, ids)
        for item in items_in(link)
        if text(item, "id") in wanted
    }
    missing = next((id_ for id_ in ids if id_ not in found), None)
    if missing is not None:
        message = f"No stored item has the id '{missing[:80]}'."
        fault = Fault(kind="invalid_request", message=message, param="input", code="item_not_found")
        raise Refused(fault)
    return found
