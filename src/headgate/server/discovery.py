"""What a caller may ask for: the model list, in a form that the SDKs of both vendors read."""

from typing import Any

from headgate.model.fault import Fault, Refused
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.identify import Showing, identify
from headgate.routing.resolve import Offer, offered
from headgate.wire import json_text

PATH = "/v1/models"
"""What a key with ``paths`` must be for to see the list or one model."""


async def list_models(gateway: Gateway, headers: dict[str, str], peer: str | None = None) -> bytes:
    """The body of ``GET /v1/models``. Raises Refused."""
    names = await _names(gateway, headers, peer)
    entries = [_entry(name) for name in names]
    return json_text.encode(
        {
            "object": "list",
            "data": entries,
            "has_more": False,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    )


async def show_model(
    gateway: Gateway, headers: dict[str, str], name: str, peer: str | None = None
) -> bytes:
    """The body of ``GET /v1/models/{id}``. Raises Refused where the caller may not use it."""
    if name not in await _names(gateway, headers, peer):
        message = f"The model '{name[:200]}' does not exist or this key may not use it."
        raise Refused(Fault(kind="model_not_found", message=message, param="model"))
    return json_text.encode(_entry(name))


async def _names(gateway: Gateway, headers: dict[str, str], peer: str | None) -> list[str]:
    now = gateway.wall()
    user = identify(gateway.snapshot, Showing(headers, PATH, peer, now))
    gateway.key_uses.note(user.key.id, now)
    reachable = [name for name in gateway.lists.known if user.may_use_backend(name)]
    await gateway.lists.ready(reachable)
    snapshot = gateway.snapshot
    return offered(Offer(snapshot.routes, snapshot.rewrites, gateway.lists.known), user)


def _entry(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "headgate",
        "type": "model",
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
    }
