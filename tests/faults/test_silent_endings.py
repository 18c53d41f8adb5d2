"""``stream_errors: silent``: a stream that breaks just stops, for clients that know it so."""

from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, ask, question
from tests.faults.serving import add_hasty, over, serving
from tests.faults.streams import FRAMES, INBAND, OPENING, raw, text_of
from tests.faults.told import LAST_WORDS, check_error

every_dialect = pytest.mark.parametrize("caller", DIALECTS)
every_backend = pytest.mark.parametrize("to", ["chat", "messages", "responses", "gemini"])


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    add_hasty(config, upstream.url, idle="300ms")
    config["server"]["stream_errors"] = "silent"
    with serving(config) as gateway:
        yield gateway


@pytest.mark.parametrize("fault", ["closes", "resets", "stalls", "reports"])
@every_backend
@every_dialect
def test_what_arrived_is_all_that_is_said(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, to: str, fault: str
) -> None:
    sent = FRAMES[to][: OPENING[to]]
    if fault == "reports":
        upstream.script(**raw(*sent, INBAND[to]))
    elif fault == "stalls":
        upstream.script(**raw(b"".join(sent)), stall_after=1)
    else:
        more = {"disconnect_after": len(sent)} if fault == "resets" else {}
        upstream.script(**raw(*sent), **more)
    asked = f"hasty-{to}" if fault == "stalls" else to
    answer = ask(gateway.url, caller, question(caller, asked))
    assert (answer.status, answer.ended) == (200, "clean")
    assert LAST_WORDS[caller] not in answer.body
    # In its own dialect the backend's error event is an event like any other.
    if not (fault == "reports" and caller == to and caller != "responses"):
        assert text_of(caller, answer.body) == "Hel"
        assert b"error" not in answer.body.replace(b'"error":null', b"")
        if caller == to:
            assert answer.body == b"".join(sent)
    outcomes = {"stalls": "timeout", "reports": "upstream_error"}
    log.outcome(answer, outcomes.get(fault, "truncated"))


@every_dialect
def test_before_the_first_byte_an_error_is_an_error(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(disconnect_after=0)
    answer = ask(gateway.url, caller, question(caller, caller))
    check_error(answer, caller, 502, "upstream_error", "api_error")


@every_dialect
def test_a_whole_stream_is_whole(upstream: ScriptedUpstream, gateway: Gateway, caller: str) -> None:
    upstream.script(**raw(*FRAMES["messages"]))
    answer = ask(gateway.url, caller, question(caller, "messages"))
    assert text_of(caller, answer.body) == "Hello"
    assert answer.body.count(LAST_WORDS[caller]) == 1
