"""How a request is put to a target: in which dialect, in which words, with which headers."""

import msgspec

from headgate.backends.abilities import abilities_of
from headgate.backends.backend import Backend, address, credentials, signature
from headgate.dialects.destination import Destination, Source
from headgate.dialects.dialect import Dialect, WrittenRequest
from headgate.model.fault import Fault, Refused
from headgate.model.request import Request
from headgate.pipeline import passing
from headgate.pipeline.agent_turn import in_session, newest, newest_turn
from headgate.pipeline.endpoints import speaks_own, spoken_to
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.guard import sendable
from headgate.pipeline.recalling import no_such_response
from headgate.pipeline.upload import Upload
from headgate.routing.target import Target
from headgate.upstream.answer import Call


class Question(msgspec.Struct, frozen=True):
    """One request on its way to one backend. ``source`` is what the reader of the reply must
    know; None where the reply may be relayed, because the backend speaks the caller's dialect."""

    backend: Backend
    dialect: Dialect
    call: Call
    source: Source | None = None


def put(exchange: Exchange, target: Target, at: float) -> Question:
    """The question for `target`, signed for Unix time `at` where its backend wants that.

    Raises Refused where its dialect cannot say the request.
    """
    backend = exchange.snapshot.backends[target.backend]
    destination = Destination(
        model=target.model,
        vendor=backend.vendor,
        quirks=backend.quirks,
        abilities=abilities_of(target.model),
    )
    if speaks_own(exchange.dialect, backend) and exchange.changed is None:
        question = _relay(exchange, backend, destination)
    else:
        question = _translate(exchange, backend, destination)
    return question if backend.aws is None else _signed(question, at)


def _relay(exchange: Exchange, backend: Backend, destination: Destination) -> Question:
    dialect, said, recalled = exchange.dialect, exchange.body, exchange.recalled
    if exchange.keeping is not None:
        exchange.keeping.backend = backend.name if _keeps_the_same(exchange, backend) else None
    if recalled is not None and exchange.asks_by_id(backend.name):
        said = recalled.short
    if backend.agent is not None:
        said = newest(exchange, said)
    headers = dialect.backend.relay_headers(passing.to_backend(exchange.headers), destination)
    exchange.losses = []
    if exchange.upload is not None:
        call = _call(exchange, backend, dialect, destination.model, headers, b"")
        return Question(backend, dialect, _with_upload(call, exchange.upload, destination.model))
    body = dialect.backend.readdress(said, exchange.envelope, destination)
    if backend.agent is not None:
        body = in_session(exchange, body)
    call = _call(exchange, backend, dialect, destination.model, headers, body)
    return Question(backend, dialect, call)


def _with_upload(call: Call, upload: Upload, model: str) -> Call:
    body, length = upload.body(model)
    kept = (header for header in call.headers if header[0] != "content-type")
    headers = (("content-type", upload.content_type), *kept)
    return msgspec.structs.replace(call, headers=headers, body=body, length=length)


def _keeps_the_same(exchange: Exchange, backend: Backend) -> bool:
    """Whether the backend keeps, under the same id, just what the caller gets."""
    in_background = exchange.ties is not None and exchange.ties.background
    return backend.quirks.keeps_responses and exchange.guard is None and not in_background


def _translate(exchange: Exchange, backend: Backend, destination: Destination) -> Question:
    dialect = spoken_to(exchange.dialect, backend)
    if exchange.keeping is not None:
        exchange.keeping.backend = None
    own = dialect.name == exchange.dialect.name
    if exchange.upload is not None:
        raise Refused(_cannot_change_form())
    request = exchange.changed or exchange.full_request()
    if request.previous_response_id is not None and not own:
        raise no_such_response(request.previous_response_id)
    written = _write(exchange, request, backend, dialect, destination)
    if written.losses and _refuses_losses(exchange):
        raise Refused(_would_lose(written.losses))
    exchange.losses = list(written.losses)
    headers = _own_headers(exchange, destination, written) if own else written.headers
    call = _call(exchange, backend, dialect, destination.model, headers, written.body)
    source = None if own and _speaks_plainly(written) else _source(backend, written)
    return Question(backend, dialect, call, source)


def _write(
    exchange: Exchange,
    request: Request,
    backend: Backend,
    dialect: Dialect,
    destination: Destination,
) -> WrittenRequest:
    if backend.agent is None:
        return dialect.backend.write_request(request, destination)
    written = dialect.backend.write_request(newest_turn(exchange, request), destination)
    return msgspec.structs.replace(written, body=in_session(exchange, written.body))


def _own_headers(
    exchange: Exchange, destination: Destination, written: WrittenRequest
) -> passing.Headers:
    """The caller's headers as its request came, and what the request needs now beside them."""
    kept = exchange.dialect.backend.relay_headers(passing.to_backend(exchange.headers), destination)
    there = dict(kept)
    for name, value in written.headers:
        if name not in there:
            there[name] = value
        elif name == "anthropic-beta":
            words = (word.strip() for word in f"{there[name]},{value}".split(","))
            there[name] = ",".join(dict.fromkeys(words))
    return tuple(there.items())


def _speaks_plainly(written: WrittenRequest) -> bool:
    """Whether the reply to a request in the caller's dialect is one to the caller's own words."""
    renamed = any(name != tool.name for name, tool in written.tools.items())
    return not renamed and written.schema_tool is None and not written.one_tool_call


def _source(backend: Backend, written: WrittenRequest) -> Source:
    return Source(
        vendor=backend.vendor,
        tools=written.tools,
        schema_tool=written.schema_tool,
        one_tool_call=written.one_tool_call,
    )


def _signed(question: Question, at: float) -> Question:
    call = question.call
    if not isinstance(call.body, bytes):  # a signature covers the body, which is not known yet
        return question
    signed = signature(question.backend, call.method, call.url, call.body, at)
    if not signed:
        return question
    call = msgspec.structs.replace(call, headers=(*call.headers, *signed))
    return msgspec.structs.replace(question, call=call)


def _call(
    exchange: Exchange,
    backend: Backend,
    dialect: Dialect,
    model: str,
    headers: passing.Headers,
    body: bytes,
) -> Call:
    path = dialect.backend.path(model, exchange.envelope.stream)
    wanted = sendable(exchange.guard.effects.to_backend) if exchange.guard else ()
    return Call(
        method="POST",
        url=address(backend, path, model, exchange.envelope.stream),
        headers=(*passing.OWN, *headers, *credentials(backend), *backend.headers, *wanted),
        body=body,
        connect_timeout_s=backend.timeouts.connect_s,
    )


def _refuses_losses(exchange: Exchange) -> bool:
    route = exchange.route
    return exchange.snapshot.settings.refuse_losses or (route is not None and route.refuse_losses)


def _would_lose(losses: tuple[str, ...]) -> Fault:
    names = ", ".join(losses)
    message = f"The backend's API cannot carry {names}, and this gateway refuses to lose fields."
    return Fault(kind="invalid_request", message=message, param=losses[0])


def _cannot_change_form() -> Fault:
    message = "A policy in force would change this request, and forms cannot be changed."
    return Fault(kind="policy_violation", message=message)
