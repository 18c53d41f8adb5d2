"""What policies ask of the world: calls to others, and clocks. `app` hands in who does it."""

from collections.abc import Awaitable, Callable

import msgspec

from headgate.policies.hook_flow import Misbehaved


class HttpCall(msgspec.Struct, frozen=True):
    """A POST to a service of the operator's. ``body`` is JSON."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class HttpAnswer(msgspec.Struct, frozen=True):
    """What the service said. The caller of the service bounds the body."""

    status: int
    body: bytes


class ModelQuestion(msgspec.Struct, frozen=True):
    """A question to a model of this gateway, outside of any policy chain."""

    model: str
    system: str
    text: str
    max_tokens: int


async def _no_post(call: HttpCall) -> HttpAnswer:
    raise Misbehaved("no way to call out is configured")


async def _no_model(question: ModelQuestion) -> str:
    raise Misbehaved("no way to ask a model is configured")


def _no_time() -> float:
    return 0.0


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The ports. Calls are cancelled at their deadline by whoever awaits them, and raise
    whatever they like: it counts as the policy's failure.

    ``clock``: seconds that only go forward; ``wall``: Unix time.
    """

    post: Callable[[HttpCall], Awaitable[HttpAnswer]] = _no_post
    ask_model: Callable[[ModelQuestion], Awaitable[str]] = _no_model
    clock: Callable[[], float] = _no_time
    wall: Callable[[], float] = _no_time
