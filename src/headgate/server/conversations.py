"""Conversations over HTTP: made, shown, renamed, deleted, and the items that were said in them."""

from typing import Any

from headgate.dialects.responses import history
from headgate.model.fault import Fault, Refused, bad_request
from headgate.model.store_faults import StoreUnreachable, TooMuch
from headgate.model.stored import Conversation
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.recalling import store_unreachable, too_much
from headgate.ports import Downstream
from headgate.server.interface import Scope
from headgate.server.paging import page_of
from headgate.server.visit import Visit, nothing_here, visit
from headgate.wire import json_text
from headgate.wire.json_fields import text

FAMILY = "/v1/conversations"

MOST_ITEMS = 20
"""Of one request, as at OpenAI."""
MOST_METADATA = 16

Item = dict[str, Any]


async def serve_conversations(gateway: Gateway, scope: Scope, downstream: Downstream) -> None:
    """Serves a request to ``/v1/conversations`` or below. Raises Refused."""
    visited = visit(gateway, FAMILY, scope, downstream)
    try:
        match visited.parts:
            case ():
                visited.expect("POST")
                await _make(visited)
            case (_,):
                await _serve_one(visited)
            case (_, "items"):
                await _serve_items(visited)
            case (_, "items", item_id):
                await _serve_item(visited, item_id)
            case _:
                raise nothing_here()
    except StoreUnreachable as error:
        raise store_unreachable() from error
    except TooMuch as error:
        raise too_much() from error


async def _make(visited: Visit) -> None:
    body = await visited.body()
    items = _items(visited, body) if body.get("items") is not None else []
    conversation = Conversation(
        owner=visited.owner,
        id=f"conv_{visited.gateway.mint()}",
        created_at=visited.at,
        used_at=visited.at,
        metadata=_metadata(body),
    )
    await visited.memory.add_conversation(conversation, _pairs(items))
    await visited.tell(_shown(conversation))


async def _serve_one(visited: Visit) -> None:
    visited.expect("GET", "POST", "DELETE")
    found = await _find(visited)
    if visited.method == "DELETE":
        await visited.memory.remove_conversation(visited.owner, visited.id)
        gone = {"id": visited.id, "object": "conversation.deleted", "deleted": True}
        await visited.tell(json_text.encode(gone))
        return
    if visited.method == "POST":
        metadata = _metadata(await visited.body())
        await visited.memory.change_conversation(visited.owner, visited.id, metadata)
        found = await _find(visited)
    await visited.tell(_shown(found))


async def _serve_items(visited: Visit) -> None:
    visited.expect("GET", "POST")
    await _find(visited)
    if visited.method == "GET":
        await visited.tell(page_of(await _said(visited), visited.query))
        return
    items = _items(visited, await visited.body())
    await visited.memory.append_items(visited.owner, visited.id, visited.at, _pairs(items))
    await visited.tell(page_of(items, {"order": "asc", "limit": str(MOST_ITEMS)}))


async def _serve_item(visited: Visit, item_id: str) -> None:
    visited.expect("GET", "DELETE")
    found = await _find(visited)
    item = next((item for item in await _said(visited) if text(item, "id") == item_id), None)
    if item is None:
        raise _nothing(f"There is no item '{item_id[:80]}' in this conversation.")
    if visited.method == "DELETE":
        await visited.memory.remove_item(visited.owner, visited.id, item_id)
        await visited.tell(_shown(found))
        return
    await visited.tell(json_text.encode(item))


async def _find(visited: Visit) -> Conversation:
    found = await visited.memory.get_conversation(visited.owner, visited.id)
    if found is None:
        raise _nothing(f"There is no conversation with the id '{visited.id[:80]}'.")
    return found


async def _said(visited: Visit) -> list[Item]:
    said = await visited.memory.items(visited.owner, visited.id)
    return [json_text.decode(item) for _, item in said]


def _items(visited: Visit, body: dict[str, Any]) -> list[Item]:
    said = body.get("items")
    if not isinstance(said, list) or not all(isinstance(item, dict) for item in said):
        raise bad_request("'items' must be a list of items.", "items")
    if len(said) > MOST_ITEMS:
        raise bad_request(f"'items' may hold {MOST_ITEMS} items at once.", "items")
    return history.with_ids(history.items_of(said), visited.gateway.mint())


def _pairs(items: list[Item]) -> list[tuple[str, str]]:
    return [(text(item, "id"), json_text.encode_text(item)) for item in items]


def _metadata(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise bad_request("'metadata' must be an object of strings.", "metadata")
    if len(metadata) > MOST_METADATA:
        raise bad_request(f"'metadata' may have {MOST_METADATA} keys.", "metadata")
    return metadata


def _shown(conversation: Conversation) -> bytes:
    return json_text.encode(
        {
            "id": conversation.id,
            "object": "conversation",
            "created_at": int(conversation.created_at),
            "metadata": conversation.metadata,
        }
    )


def _nothing(message: str) -> Refused:
    return Refused(Fault(kind="not_found", message=message))
