"""What must hold whatever arrives: the same functions for chosen, random and fuzzed bytes.

Each raises where its claim is broken, and returns where the bytes were refused by a named error.
"""

import json
import re
from collections.abc import Iterable

from headgate.dialects.destination import Source
from headgate.dialects.table import DIALECTS
from headgate.model import events as ev
from headgate.model.fault import Fault, Refused, StreamBroken
from headgate.model.reply import Reply, unfold
from headgate.model.request import Request
from tests import grammar
from tests.conformance import carry, validators
from tests.conformance.carry import BACKENDS, CALLERS
from tests.conformance.targets import target
from tests.streams import pieces_of

SOURCE = Source(vendor="somebody")
TOLD = {
    caller: carry.context(
        Request(dialect=caller, model="alias", messages=(), include_usage=caller != "messages")
    )
    for caller in CALLERS
}


def any_stream_is_read(backend: str, data: bytes, size: int) -> list[ev.Event]:
    """Events in the hub's grammar, wherever the bytes are cut; or StreamBroken."""
    whole, broken = _read(backend, [data])
    pieces, broken_too = _read(backend, pieces_of(data, size))
    assert broken == broken_too
    assert pieces[: len(whole)] == whole
    assert broken or len(pieces) == len(whole)
    return whole


def _read(backend: str, pieces: Iterable[bytes]) -> tuple[list[ev.Event], bool]:
    reader = DIALECTS[backend].backend.open_reader(SOURCE)
    events: list[ev.Event] = []
    try:
        for piece in pieces:
            events += reader.feed(piece)
        events += reader.end()
    except StreamBroken:
        grammar.check(events)
        return events, True
    grammar.check(events)
    if reader.finished and not any(isinstance(event, ev.Failed) for event in events):
        grammar.check(events, whole=True)
    return events, False


def any_stream_is_told_legally(backend: str, data: bytes) -> None:
    """To every caller, by the rules of the caller's dialect."""
    for caller in CALLERS:
        got = carry.stream([data], backend, caller, TOLD[caller], SOURCE)
        validators.check(caller, got.body, own_words=caller == backend)


def any_events_are_told_legally(events: list[ev.Event], backend: str = "") -> None:
    """The same for events that no stream brought."""
    for caller in CALLERS:
        writer = carry.caller_half(caller).open_writer(TOLD[caller])
        body = b"".join(writer.write(event) for event in events)
        validators.check(caller, body + writer.end(), own_words=caller == backend)


def any_stream_is_metered(backend: str, data: bytes, size: int) -> None:
    """A meter relays whole frames as they came, in order, and never more than arrived."""
    meter = DIALECTS[backend].backend.open_meter(False)
    try:
        out = b"".join(meter.feed(piece) for piece in pieces_of(data, size))
        out += meter.end()
    except StreamBroken:
        return
    if backend not in CALLERS:
        return  # nobody is relayed what only backends speak
    arrived = iter(_frames(data))
    assert all(frame in arrived for frame in _frames(out)), "a frame that did not arrive"


def _frames(data: bytes) -> list[bytes]:
    return [frame.strip() for frame in re.split(rb"(?:\r\n|\n|\r){2,}", data) if frame.strip()]


def any_reply_is_read(backend: str, data: bytes) -> None:
    """A reply that every caller can be told, whole and as a stream; or a named error."""
    for caller in CALLERS:
        try:
            got = carry.whole(data, backend, caller, TOLD[caller], SOURCE)
        except Refused:
            continue
        if isinstance(got, Fault):
            assert got.message
            continue
        assert isinstance(json.loads(got.body), dict)
    reply = _reply(backend, data)
    if reply is not None:
        events = list(unfold(reply))
        grammar.check(events)
        any_events_are_told_legally(events, backend)


def _reply(backend: str, data: bytes) -> Reply | None:
    try:
        return DIALECTS[backend].backend.read_reply(data, SOURCE)
    except (Refused, StreamBroken):
        return None


def any_request_is_read(caller: str, data: bytes) -> None:
    """A request that every backend's dialect can say, or a refusal that the caller is told."""
    half = carry.caller_half(caller)
    try:
        half.read_envelope(data)
        request = half.read_request(data)
    except Refused as refusal:
        _check_refusal(caller, refusal)
        return
    for backend in BACKENDS:
        try:
            written = DIALECTS[backend].backend.write_request(request, target(backend))
        except Refused as refusal:
            _check_refusal(caller, refusal)
            continue
        assert isinstance(json.loads(written.body), dict)


def _check_refusal(caller: str, refusal: Refused) -> None:
    fault = refusal.fault
    assert 400 <= fault.http_status < 500, fault
    assert fault.message
    json.loads(carry.caller_half(caller).write_error(fault, "req"))


def any_error_is_read(backend: str, status: int, data: bytes) -> None:
    """A fault that every caller can be told, with a status of an error."""
    fault = DIALECTS[backend].backend.read_error(status, data)
    assert 400 <= fault.http_status <= 599, fault
    assert fault.message
    for caller in CALLERS:
        json.loads(carry.caller_half(caller).write_error(fault, "req"))
