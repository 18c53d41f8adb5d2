"""A recorded answer sent through the gateway once more: what would its caller get now?

The last attempt is played, at once and to nobody; no backend is asked, nothing is counted, limited
or logged, and no policy is in force.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from typing_extensions import override

from headgate.backends.backend import Backend, Timeouts
from headgate.dialects.endpoints import find as find_endpoint
from headgate.dialects.table import DIALECTS
from headgate.model.caller import ANYBODY
from headgate.model.recorded import ExchangeLine, Recorded, RecordedAttempt
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter, bind
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.guard import no_guard
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.playback_ends import Caller, Source
from headgate.pipeline.run import run
from headgate.pipeline.snapshot import Snapshot
from headgate.routing.target import Route, Target
from headgate.wire import json_text

DEADLINE_S = 20.0
"""How long one may take."""
_PATIENT = Timeouts(first_event_s=60.0, idle_s=60.0, total_s=60.0)
_HASTY = Timeouts(first_event_s=0.2, idle_s=0.2, total_s=60.0)
"""Where the recorded backend fell silent, there is no need to wait for long."""
_MOST_PADDING = 64 * 1024 * 1024


class CannotPlay(Exception):  # noqa: N818 - named for the fact
    """The recording does not hold what it would take; the message says what is missing."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller would get now. ``request_known``: the request was in the recording; else
    one stood in for it, with which an echo of it differs."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    outcome: str
    request_known: bool

    @property
    def sha256(self) -> str:
        """The digest of the body."""
        return hashlib.sha256(self.body).hexdigest()


async def play(recorded: Recorded, snapshot: Snapshot) -> Played:
    """Plays `recorded` as the gateway with `snapshot` would treat it. Raises CannotPlay."""
    if not recorded.attempts:
        raise CannotPlay("the recording holds no attempt")
    line, attempt = recorded.exchange, recorded.attempts[-1]
    if attempt.ended is None or attempt.ended.cut:
        raise CannotPlay("the recording does not hold the whole answer")
    body, known = _request(line)
    caller = Caller(body)
    gateway = _gateway(line, attempt, snapshot, caller)
    exchange = _exchange(line, gateway.snapshot)
    try:
        async with asyncio.timeout(DEADLINE_S):
            await run(gateway, exchange, caller)
    except TimeoutError as error:
        raise CannotPlay(f"the playback took longer than {DEADLINE_S:g} s") from error
    finally:
        await gateway.lists.aclose()
    return Played(
        status=caller.status,
        headers=caller.headers,
        body=bytes(caller.body),
        outcome=exchange.outcome,
        request_known=known,
    )


def differences(recorded: Recorded, played: Played) -> list[str]:
    """How `played` is not what was delivered, a sentence each; none where it is the same."""
    was = recorded.delivered
    if was is None:
        return ["the recording does not say what was delivered"]
    if was.sha256 == played.sha256 and was.status == played.status:
        return []
    if was.outcome == "client_closed" and _is_beginning(was.bytes, was.sha256, played.body):
        return []
    found = [_difference(was.bytes, was.sha256, played)]
    if was.status != played.status:
        found.insert(0, f"the caller got the status {was.status}, now it is {played.status}")
    return found + _reasons(recorded, played)


def _difference(size: int, digest: str, played: Played) -> str:
    return (
        f"the caller got {size} bytes with the SHA-256 {digest}, "
        f"now it is {len(played.body)} bytes with {played.sha256}"
    )


def _reasons(recorded: Recorded, played: Played) -> list[str]:
    line, last = recorded.exchange, recorded.attempts[-1]
    reasons = {
        "policies were in force, and are not in a playback": line.policies,
        "the exchange went on from what was said before": line.continues,
        "the request is not in the recording; another stood in for it": not played.request_known,
        "secrets in the answer are masked in the recording": bool(
            last.ended is not None and last.ended.masked_bytes
        ),
    }
    return [reason for reason, holds in reasons.items() if holds]


def _is_beginning(size: int, digest: str, body: bytes) -> bool:
    """One who left got the beginning."""
    return size <= len(body) and hashlib.sha256(body[:size]).hexdigest() == digest


def _request(line: ExchangeLine) -> tuple[bytes, bool]:
    """The caller's body, or one of its size that asks for the same kind of answer."""
    if line.request is not None and json_text.object_or_none(line.request) is not None:
        return line.request.encode(), True
    stands_in = _STAND_INS.get(line.dialect)
    if stands_in is None:
        raise CannotPlay("the recording does not hold the request, which this endpoint would need")
    said: dict[str, Any] = {"model": line.model, "stream": line.stream}
    if line.include_usage and line.dialect == "chat":
        said["stream_options"] = {"include_usage": True}
    empty = len(json_text.encode({**said, **stands_in("")}))
    padding = "." * min(max(1, line.request_bytes - empty), _MOST_PADDING)
    return json_text.encode({**said, **stands_in(padding)}), False


def _turn(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


_STAND_INS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "chat": lambda text: {"messages": _turn(text)},
    "messages": lambda text: {"max_tokens": 1024, "messages": _turn(text)},
    "responses": lambda text: {"input": text},
}


def _exchange(line: ExchangeLine, snapshot: Snapshot) -> Exchange:
    dialect = DIALECTS.get(line.dialect) or find_endpoint(line.endpoint)
    if dialect is None or dialect.caller is None:
        raise CannotPlay(f"no caller speaks {line.dialect!r}")
    return Exchange(
        id=line.id,
        endpoint=line.endpoint,
        dialect=dialect,
        caller=dialect.caller,
        snapshot=snapshot,
        headers={},
        created_at=line.at,
        began=time.monotonic(),
    )


class _Admit(Filter):
    """Gives the exchange what its user had."""

    def __init__(self, line: ExchangeLine) -> None:
        self._line = line

    @override
    async def admit(self, exchange: Exchange) -> None:
        if self._line.copy_reasoning:
            exchange.user = msgspec.structs.replace(ANYBODY, copy_reasoning=True)


def _gateway(
    line: ExchangeLine, attempt: RecordedAttempt, snapshot: Snapshot, caller: Caller
) -> Gateway:
    backend = _backend(attempt, snapshot)
    target = Target(backend.name, attempt.asked.model)
    route = Route(name=line.model, targets=(target,), retries=0)
    source = Source(attempt, caller)
    seeds = iter(attempt.asked.seeds)
    gateway = Gateway(
        snapshot=msgspec.structs.replace(
            snapshot,
            settings=msgspec.structs.replace(
                snapshot.settings, heartbeat_s=0.0, record="off", store_responses=False
            ),
            backends={backend.name: backend},
            routes={line.model: route},
            rewrites={},
            open=True,
            open_guard=no_guard,
        ),
        upstream_for=lambda _: source,
        lists=ModelLists(lambda _: source),
        phases=bind([_Admit(line)]),
        wall=lambda: line.at,
        draw=lambda: 0.0,
        mint=lambda: next(seeds, "0" * 24),
    )
    source.cut = gateway.cut
    gateway.lists.use(gateway.snapshot.backends)
    return gateway


def _backend(attempt: RecordedAttempt, snapshot: Snapshot) -> Backend:
    """The backend as it is now, or, where there is none of that name, as it was."""
    asked, ended = attempt.asked, attempt.ended
    ends_itself = ended is not None and ended.ending in ("clean", "broken")
    was = Backend(name=asked.backend, base_url="http://recorded.invalid", vendor=asked.vendor)
    backend = snapshot.backends.get(asked.backend, was)
    return msgspec.structs.replace(
        backend,
        # An endpoint beside the dialects is served by whoever served it.
        speaks=(asked.dialect,) if asked.dialect in DIALECTS else backend.speaks,
        active=True,
        agent=None,
        models=(asked.model,),
        timeouts=_PATIENT if ends_itself else _HASTY,
        on_disconnect="cancel",
    )
