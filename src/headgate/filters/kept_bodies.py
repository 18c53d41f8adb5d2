"""What the request log keeps of what was said: never more than went on after the policies."""

import logging
from collections.abc import Mapping

from headgate.dialects.destination import Destination
from headgate.filters.secret_shapes import redact
from headgate.model.fault import Refused
from headgate.model.request import Request
from headgate.model.usage import Usage
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.guard import Guard
from headgate.pipeline.recording import Recording, bounded_text
from headgate.wire import json_text

_LOG = logging.getLogger(__name__)

_DEPTH = 4
"""How often text may stand in a string of JSON in a string of JSON: arguments of a tool call, in an
event, in the text of a stream, in the log's own object."""


def kept_bodies(exchange: Exchange) -> tuple[str | None, str | None]:
    """The request and the answer to keep. Raises nothing: the row is worth more than its bodies."""
    recording = exchange.recording
    if recording is None:
        return None, None
    usage = exchange.attempts[-1].facts.usage if exchange.attempts else None
    try:
        return kept_request(exchange), kept_response(exchange, recording, usage)
    except Exception:  # noqa: BLE001 - written from what callers and backends said
        _LOG.exception("the bodies of an exchange cannot be kept")
        return None, None


def kept_request(exchange: Exchange) -> str | None:
    """The request in the caller's dialect as it was sent on.

    Where policies changed it, it is what they made of it; where they are in force and it was never
    sent on, because they or something before them refused it, it is not kept at all.
    """
    body = exchange.sent
    guard = _guard_of(exchange)
    if guard is not None:
        if not guard.passed:
            return None
        if exchange.changed is not None:
            body = _written(exchange, exchange.changed)
    return redact(bounded_text(body, len(body))) if body else None


def kept_response(exchange: Exchange, recording: Recording, usage: Usage | None) -> str | None:
    """The answer as the caller got it, without what the caller alone got back."""
    text = recording.body(usage)
    if text is None:
        return None
    guard = exchange.guard
    return redact(text if guard is None else _concealed(text, guard.concealed))


def _guard_of(exchange: Exchange) -> Guard | None:
    """The policies that were in force, or would have been."""
    if exchange.guard is not None or exchange.attempts:
        return exchange.guard
    return exchange.snapshot.open_guard(exchange)


def _written(exchange: Exchange, request: Request) -> bytes:
    backends = exchange.snapshot.backends
    asked = exchange.attempts[-1].target.backend if exchange.attempts else None
    backend = backends.get(asked) if asked is not None else None
    vendor = backend.vendor if backend is not None else "unknown"
    destination = Destination(model=request.model, vendor=vendor)
    try:
        return exchange.dialect.backend.write_request(request, destination).body
    except Refused:
        return b""


def _concealed(text: str, stand_ins: Mapping[str, str]) -> str:
    for original in sorted(stand_ins, key=len, reverse=True):
        # Half a surrogate pair never reaches a log.
        said, stand_in = original.encode("utf-8", "replace").decode(), stand_ins[original]
        for _ in range(_DEPTH):
            text = text.replace(said, stand_in)
            said, before = json_text.encode_text(said)[1:-1], said
            if said == before:
                break
    return text
