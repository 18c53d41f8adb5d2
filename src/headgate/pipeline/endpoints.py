"""What the trunk must know of endpoints that are no conversations: who serves them, what stands in
for an answer, and what policies may do there."""

import msgspec

from headgate.backends.backend import Backend
from headgate.backends.choose import dialect_for
from headgate.dialects.dialect import Dialect, Endpoint
from headgate.dialects.facts import Facts
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused
from headgate.model.usage import Usage
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.whole import Whole
from headgate.routing.retry import Failure
from headgate.routing.target import Route, Target

ESTIMATED = (("x-headgate-estimated", "true"),)

_NOT_SERVED = (404, 405, 501)


def speaks_own(dialect: Dialect, backend: Backend) -> bool:
    """Whether `backend` takes requests of `dialect` as they are."""
    if dialect.endpoint is None:
        return dialect.name in backend.speaks
    spoken = any(name in backend.speaks for name in dialect.endpoint.served_by)
    return spoken and backend.agent is None  # agents converse, and nothing else


def spoken_to(dialect: Dialect, backend: Backend) -> Dialect:
    """The dialect in which requests of `dialect` are put to `backend`."""
    if dialect.endpoint is None:
        return DIALECTS[dialect_for(dialect.name, backend.speaks)]
    if speaks_own(dialect, backend):
        return dialect
    other = _elsewhere(dialect.endpoint, backend)
    assert other is not None, "only asked where a backend serves it"
    return other


def serving(exchange: Exchange, route: Route) -> Route:
    """`route` with the targets that serve the exchange's endpoint. Raises Refused where there is
    none."""
    endpoint = exchange.dialect.endpoint
    if endpoint is None or endpoint.stand_in is not None:
        return route
    backends = exchange.snapshot.backends
    able = tuple(t for t in route.targets if speaks_own(exchange.dialect, backends[t.backend]))
    if able:
        return msgspec.structs.replace(route, targets=able)
    spoken = " or ".join(endpoint.served_by)
    message = (
        f"No backend of the model '{exchange.envelope.model}' serves {exchange.endpoint}. "
        f"Ask for a model at a backend that speaks {spoken}; see GET /v1/models."
    )
    raise Refused(Fault(kind="invalid_request", message=message, param="model"))


def check_policies(exchange: Exchange) -> None:
    """Raises Refused where policies have a say in an answer that is not shown to them, which they
    know after they saw the request, or could not see all of that."""
    endpoint, guard = exchange.dialect.endpoint, exchange.guard
    if endpoint is None or guard is None:
        return
    field = endpoint.unread(exchange.body) if endpoint.unread is not None else None
    if field is not None:
        message = f"Policies in force here cannot read '{field}'. Send it as text of usual length."
        raise Refused(Fault(kind="policy_violation", message=message, param=field))
    if endpoint.generates_text and guard.changes_reply:
        message = (
            "Policies in force here have a say in answers, which they do not see at "
            f"{exchange.endpoint}. Ask /v1/chat/completions, /v1/messages or /v1/responses."
        )
        raise Refused(Fault(kind="policy_violation", message=message))


def answer_here(exchange: Exchange, target: Target) -> Whole | None:
    """The answer that needs no backend, where the target's has none of its own."""
    endpoint = exchange.dialect.endpoint
    if endpoint is None or endpoint.stand_in is None:
        return None
    backend = exchange.snapshot.backends[target.backend]
    if speaks_own(exchange.dialect, backend):
        return None
    return None if _elsewhere(endpoint, backend) is not None else _stand_in(exchange)


def after_all(exchange: Exchange, target: Target, result: Failure) -> Whole | Failure:
    """What becomes of a failed attempt: an estimate, where the backend does not count or cannot
    read what it would have to count. Raises Refused where the caller's upload was too slow."""
    upload, endpoint = exchange.upload, exchange.dialect.endpoint
    if upload is not None and upload.waiting and result.condition == "timeout":
        message = "The upload did not end in time."
        raise Refused(Fault(kind="request_stalled", message=message))
    if endpoint is None or endpoint.stand_in is None:
        return result
    own = speaks_own(exchange.dialect, exchange.snapshot.backends[target.backend])
    refused = result.condition is None and not own
    if refused or result.fault.http_status in _NOT_SERVED:
        return _stand_in(exchange)
    return result


def may_try_again(exchange: Exchange) -> bool:
    """Whether what the caller sent can be sent once more."""
    return exchange.upload is None or not exchange.upload.spent


def _elsewhere(endpoint: Endpoint, backend: Backend) -> Dialect | None:
    if endpoint.elsewhere is None or backend.agent is not None:
        return None
    return endpoint.elsewhere(backend.speaks, backend.quirks)


def _stand_in(exchange: Exchange) -> Whole:
    endpoint = exchange.dialect.endpoint
    assert endpoint is not None, "only called for endpoints"
    assert endpoint.stand_in is not None, "only called where something stands in"
    facts = Facts(events=1, finished=True, terminated=True, usage=Usage(0, 0))
    return Whole(endpoint.stand_in(exchange.body), facts, headers=ESTIMATED)
