"""What a caller may ask for: the model list, in a form that the SDKs of both vendors read."""

from headgate.dialects.model_list import MODELS_PATH, model_entry, model_list
from headgate.model.fault import Fault, Refused
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.identify import Showing, identify
from headgate.routing.resolve import Offer, offered
from headgate.wire import json_text


async def list_models(gateway: Gateway, headers: dict[str, str], peer: str | None = None) -> bytes:
    """The body of ``GET /v1/models``. Raises Refused."""
    return json_text.encode(model_list(await _names(gateway, headers, peer)))


async def show_model(
    gateway: Gateway, headers: dict[str, str], name: str, peer: str | None = None
) -> bytes:
    """The body of ``GET /v1/models/{id}``. Raises Refused where the caller may not use it."""
    if name not in await _names(gateway, headers, peer):
        message = f"The model '{name[:200]}' does not exist or this key may not use it."
        raise Refused(Fault(kind="model_not_found", message=message, param="model"))
    return json_text.encode(model_entry(name))


async def _names(gateway: Gateway, headers: dict[str, str], peer: str | None) -> list[str]:
    now = gateway.wall()
    # For this path a key must be, also to see one model.
    user = identify(gateway.snapshot, Showing(headers, MODELS_PATH, peer, now))
    gateway.key_uses.note(user.key.id, now)
    reachable = [name for name in gateway.lists.known if user.may_use_backend(name)]
    await gateway.lists.ready(reachable)
    snapshot = gateway.snapshot
    return offered(Offer(snapshot.routes, snapshot.rewrites, gateway.lists.known), user)
