"""Stored responses over HTTP: shown, told as a stream, deleted, cancelled, their items listed."""

from headgate.model.fault import bad_request
from headgate.model.store_faults import StoreUnreachable
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.recalling import (
    find_response,
    no_such_response,
    own_items_in,
    store_unreachable,
)
from headgate.ports import Downstream
from headgate.server.interface import Scope
from headgate.server.paging import number_in, page_of
from headgate.server.progress import as_it_stands, stop, watch_response
from headgate.server.visit import Visit, nothing_here, visit
from headgate.wire import json_text

FAMILY = "/v1/responses"


async def serve_stored(gateway: Gateway, scope: Scope, downstream: Downstream) -> None:
    """Serves a request to ``/v1/responses/{id}`` or below. Raises Refused."""
    visited = visit(gateway, FAMILY, scope, downstream)
    try:
        match visited.parts[1:]:
            case ():
                await _serve_one(visited)
            case ("cancel",):
                visited.expect("POST")
                await _cancel(visited)
            case ("input_items",):
                visited.expect("GET")
                found = await find_response(visited.memory, visited.owner, visited.id)
                await visited.tell(page_of(own_items_in(found), visited.query))
            case _:
                raise nothing_here()
    except StoreUnreachable as error:
        raise store_unreachable() from error


async def _serve_one(visited: Visit) -> None:
    visited.expect("GET", "DELETE")
    found = await find_response(visited.memory, visited.owner, visited.id)
    if visited.method == "DELETE":
        await stop(visited, found)
        if not await visited.memory.remove(visited.owner, visited.id):
            raise no_such_response(visited.id)
        gone = {"id": visited.id, "object": "response", "deleted": True}
        await visited.tell(json_text.encode(gone))
    elif visited.query.get("stream") in ("true", "1"):
        number = number_in(visited.query.get("starting_after"), "starting_after")
        await watch_response(visited, found, -1 if number is None else number)
    else:
        await visited.tell(await as_it_stands(visited, found))


async def _cancel(visited: Visit) -> None:
    found = await find_response(visited.memory, visited.owner, visited.id)
    if not found.background:
        raise bad_request("Cannot cancel a synchronous response.", "response_id")
    await stop(visited, found)
    found = await find_response(visited.memory, visited.owner, visited.id)
    await visited.tell(await as_it_stands(visited, found))
