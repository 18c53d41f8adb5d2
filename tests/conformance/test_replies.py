"""Recorded replies that came whole, and recorded errors, through every caller's dialect."""

from typing import Any

import anthropic
import msgspec
import openai
import pytest

from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault
from headgate.model.reply import Fold, unfold
from tests.conformance import carry, chosen, clients, meaning, natives, validators
from tests.conformance.carry import CALLERS
from tests.conformance.meaning import Meaning
from tests.conformance.natives import Told

ROWS = chosen.replies()
ERRORS = chosen.errors()
GOES_ON = ("queued", "in_progress")


def carried(row: dict[str, Any], caller: str) -> carry.Carried | Fault:
    """The recorded reply as the caller of a dialect gets it."""
    body = msgspec.json.encode(row["response"])
    told = carry.row_context(row, caller)
    return carry.whole(body, row["dialect"], caller, told, carry.source_of(row))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_reply_means_to_its_caller_what_its_backend_said(
    row: dict[str, Any], caller: str
) -> None:
    got = carried(row, caller)
    if row["response"].get("status") in GOES_ON and caller != "responses":
        assert isinstance(got, Fault)
        return
    native = natives.body(row["dialect"], row["response"])
    if isinstance(native, Told):
        assert isinstance(got, Fault)
        assert native.words[:40] in got.message
        return
    assert isinstance(got, carry.Carried), got
    told = clients.OF[caller](clients.BODIES[caller](got.body, 200))
    assert meaning.differences(native, told, got.losses) == []


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_reply_that_is_told_as_a_stream_means_the_same(row: dict[str, Any], caller: str) -> None:
    got = carried(row, caller)
    if isinstance(got, Fault) or row["response"].get("status") in GOES_ON:
        return
    backend = DIALECTS[row["dialect"]].backend
    reply = backend.read_reply(msgspec.json.encode(row["response"]), carry.source_of(row))
    writer = carry.caller_half(caller).open_writer(carry.row_context(row, caller))
    stream = b"".join(writer.write(event) for event in unfold(reply)) + writer.end()
    validators.check(caller, stream, caller == row["dialect"])
    whole = clients.OF[caller](clients.BODIES[caller](got.body, 200))
    assert meaning.differences(whole, clients.STREAMS[caller](stream), ("media",)) == []


@pytest.mark.parametrize("row", chosen.streams())
def test_a_stream_that_nobody_asked_for_is_folded_into_the_same_reply(row: dict[str, Any]) -> None:
    reader = DIALECTS[row["dialect"]].backend.open_reader(carry.source_of(row))
    fold = Fold()
    for event in (*reader.feed(row["sse"].encode()), *reader.end()):
        fold.add(event)
    if fold.failed is not None:
        return
    told = carry.row_context(row, "chat")
    written = carry.caller_half("chat").write_reply(fold.reply(), told)
    native = natives.stream(row["dialect"], row["sse"])
    assert isinstance(native, Meaning)
    found = clients.OF["chat"](clients.chat_body(written.body))
    assert meaning.differences(native, found, written.losses) == []


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("row", ERRORS)
def test_an_error_keeps_its_status_and_its_words(row: dict[str, Any], caller: str) -> None:
    status = int(row["status"])
    body = msgspec.json.encode(row["response"])
    fault = DIALECTS[row["dialect"]].backend.read_error(status, body)
    told = carry.caller_half(caller).write_error(fault, "req_1")
    with pytest.raises(clients.ERRORS) as raised:
        clients.BODIES[caller](told, fault.http_status)
    if fault.kind == "upstream_auth":  # the gateway's own credential, of no use to the caller
        assert fault.http_status == 502
        return
    assert isinstance(raised.value, openai.APIStatusError | anthropic.APIStatusError)
    assert raised.value.status_code == status
    error = row["response"].get("error") or row["response"]
    words = error if isinstance(error, str) else error["message"]
    assert words[:200] in str(raised.value)
