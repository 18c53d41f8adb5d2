import msgspec
import pytest

from headgate.dialects.facts import Facts
from headgate.dialects.responses.meter import break_stream, close_stream
from headgate.model.fault import Fault
from tests.dialects.responses import given
from tests.streams import named_frames

DELTA = given.event("response.output_text.delta", delta="response.completed", sequence_number=41)


def test_what_matters_is_noted_while_the_bytes_pass() -> None:
    meter = given.BACKEND.open_meter(False)
    last = given.completed(usage={"input_tokens": 1, "output_tokens": 2})
    stream = given.CREATED + DELTA + last
    assert meter.feed(stream) + meter.end() == stream
    facts = meter.facts
    assert (facts.id, facts.model) == ("resp_1", "gpt")
    assert facts.usage is not None
    assert facts.usage.total_tokens == 3
    assert facts.finished
    assert facts.terminated
    assert facts.native_finish == "completed"
    assert facts.events == 2


RETOLD = (
    given.event("response.queued", response={"id": "resp_1", "tools": ["x" * 5000]}),
    given.event("response.in_progress", response={"id": "resp_1", "tools": ["x" * 5000]}),
    given.event("response.output_text.done", text="x" * 5000),
    given.event("response.function_call_arguments.done", arguments="x" * 5000),
    given.event("response.output_item.done", item={"content": ["x" * 5000]}),
)


@pytest.mark.parametrize("event", RETOLD)
def test_what_was_said_before_is_no_more_output(event: bytes) -> None:
    meter = given.BACKEND.open_meter(False)
    assert meter.feed(given.CREATED) == given.CREATED
    meter.feed(DELTA)
    size = meter.facts.output_bytes
    assert size == len(DELTA)
    assert meter.feed(event) == event
    assert (meter.facts.output_bytes, meter.facts.events) == (size, 3)


def test_what_follows_the_last_event_is_dropped() -> None:
    meter = given.BACKEND.open_meter(False)
    stream = given.CREATED + given.completed()
    assert meter.feed(stream + b"data: [DONE]\n\n" + DELTA) == stream
    assert meter.feed(DELTA) == b""


def test_a_stray_done_is_hidden() -> None:
    meter = given.BACKEND.open_meter(False)
    assert meter.feed(b"data: [DONE]\n\n") == b""
    assert not meter.facts.terminated


def test_an_incomplete_response_is_whole_too() -> None:
    meter = given.BACKEND.open_meter(False)
    response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    stream = given.CREATED + given.event("response.incomplete", response=response)
    assert meter.feed(stream) == stream
    assert meter.facts.finished
    assert meter.facts.native_finish == "max_output_tokens"


@pytest.mark.parametrize(
    "failure",
    [
        given.event("error", code="server_error", message="broke"),
        given.event("error", error={"code": "server_error", "message": "broke"}),
        b'event: error\ndata: {"message":"broke"}\n\n',
        b'data: {"error":{"message":"broke"}}\n\n',
        given.event("response.failed", response={"error": {"code": "x", "message": "broke"}}),
    ],
)
def test_a_failure_is_hidden_with_all_that_follows(failure: bytes) -> None:
    meter = given.BACKEND.open_meter(False)
    assert meter.feed(given.CREATED + DELTA + failure + failure + DELTA) == given.CREATED + DELTA
    fault = meter.facts.fault
    assert fault is not None
    assert fault.message == "broke"
    assert not meter.facts.finished
    first = given.BACKEND.open_meter(False)
    assert first.feed(failure) == b""
    assert first.facts.fault is not None


def test_a_broken_relay_goes_on_counting_where_the_backend_stopped() -> None:
    meter = given.BACKEND.open_meter(False)
    meter.feed(given.CREATED)
    meter.feed(DELTA)
    meter.feed(b": comment\n\n")
    meter.feed(given.event("response.output_text.delta", delta="half")[:-5])
    assert meter.facts.sequence_number == 41
    error, failed = named_frames(break_stream(Fault(kind="timeout", message="m"), meter.facts))
    assert (error["sequence_number"], failed["sequence_number"]) == (42, 43)
    assert error["code"] == error["error"]["code"] == "request_timeout"
    response = failed["response"]
    assert (response["id"], response["model"], response["created_at"]) == ("resp_1", "gpt", 7)
    assert response["status"] == "failed"
    assert response["error"]["message"] == "m"


def test_a_relay_that_broke_at_once_is_told_too() -> None:
    error, failed = named_frames(break_stream(Fault(kind="timeout", message="m"), Facts()))
    assert error["sequence_number"] == 0
    assert failed["response"]["id"]


def test_a_schema_that_mentions_the_number_does_not_confuse() -> None:
    meter = given.BACKEND.open_meter(False)
    meter.feed(given.event("x", sequence_number=3))
    meter.feed(b'data: {"tools":[{"sequence_number":{"type":"x"}}]}\n\n')
    assert meter.facts.sequence_number == 3


def test_a_finished_stream_lacks_nothing() -> None:
    assert close_stream(Facts()) == b""


def test_unreadable_frames_pass() -> None:
    meter = given.BACKEND.open_meter(False)
    bad = b"data: {oops response.failed\n\n"
    assert meter.feed(bad + bad) == bad + bad


def test_the_last_event_is_relayed_though_its_blank_line_is_missing() -> None:
    meter = given.BACKEND.open_meter(False)
    stream = given.CREATED + given.completed()
    out = meter.feed(stream[:-2]) + meter.end()
    assert out == stream
    assert meter.facts.terminated
    assert msgspec.json.decode(out.split(b"data: ")[-1])["type"] == "response.completed"
