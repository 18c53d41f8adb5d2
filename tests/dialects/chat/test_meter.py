from typing import Any

import pytest

from headgate.dialects.chat.meter import open_meter, read_facts
from headgate.model.fault import StreamBroken
from headgate.model.usage import Usage
from tests.dialects.chat.sample import DONE, chunk, encode, read
from tests.recordings import exchanges, streams
from tests.streams import fold


def frame(body: Any) -> bytes:
    return b"data: " + encode(body) + b"\n\n"


USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
USAGE_FRAME = frame({"id": "r1", "choices": [], "usage": USAGE})


@pytest.mark.parametrize("row", streams("chat"))
def test_every_recording_passes_byte_for_byte_and_is_noted(row: dict[str, Any]) -> None:
    data = row["sse"].encode()
    for step in (len(data), 61):
        meter = open_meter(False)
        out = [meter.feed(data[at : at + step]) for at in range(0, len(data), step)]
        relayed = b"".join(out) + meter.end()
        assert relayed == data[: len(relayed)]
        assert not data[len(relayed) :].strip()
        if meter.facts.fault is None:
            assert meter.facts.terminated
            assert meter.facts.usage == fold(read(data)).usage


@pytest.mark.parametrize("row", streams("chat"))
def test_hiding_takes_out_the_usage_event_and_nothing_else(row: dict[str, Any]) -> None:
    data = row["sse"].encode()
    meter = open_meter(True)
    relayed = meter.feed(data) + meter.end()
    frames = relayed.split(b"\n\n")
    missing = [one for one in data.split(b"\n\n") if one.strip() and one not in frames]
    assert all(b'"choices":[]' in one.replace(b" ", b"") for one in missing)
    assert len(missing) <= 1
    if missing:
        assert meter.facts.usage is not None


def test_usage_is_hidden_from_those_who_did_not_ask_and_noted() -> None:
    meter = open_meter(True)
    data = chunk({"content": "a"}, "stop") + USAGE_FRAME + DONE
    assert meter.feed(data) == chunk({"content": "a"}, "stop") + DONE
    assert meter.facts.usage == Usage(3, 2, dialect="chat")
    assert (meter.facts.finished, meter.facts.terminated) == (True, True)
    assert (meter.facts.id, meter.facts.model, meter.facts.native_finish) == ("r1", "m1", "stop")


def test_usage_beside_words_is_never_hidden() -> None:
    data = chunk({"content": "a"}, usage=USAGE)
    assert open_meter(True).feed(data) == data


def test_a_first_chunk_without_choices_is_not_hidden() -> None:
    data = frame({"choices": [], "prompt_filter_results": [1], "usage": None})
    assert open_meter(True).feed(data) == data


def test_ordinary_chunks_are_only_counted() -> None:
    meter = open_meter(True)
    for _ in range(3):
        meter.feed(chunk({"content": "a"}))
    assert meter.facts.events == 3
    assert meter.facts.output_bytes > 0


def test_an_error_that_clients_know_passes_and_ends_the_stream() -> None:
    meter = open_meter(True)
    error = frame({"error": {"message": "boom", "code": 500}})
    assert meter.feed(chunk({"content": "a"}) + error + DONE) == chunk({"content": "a"}) + error
    assert meter.facts.fault is not None
    assert meter.facts.fault_relayed
    assert meter.feed(DONE) == b""


@pytest.mark.parametrize(
    "broken",
    [
        frame({"object": "error", "message": "boom", "code": 1}),
        frame({"error": {"message": "boom"}, "choices": [{"finish_reason": "error"}]}),
        frame({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}),
        frame({"error": "boom"}),
        b"event: error\ndata: boom\n\n",
    ],
)
def test_other_errors_are_taken_out_to_be_told_in_the_dialects_words(broken: bytes) -> None:
    meter = open_meter(True)
    assert meter.feed(chunk({"content": "a"}) + broken + DONE) == chunk({"content": "a"})
    assert meter.facts.fault is not None
    assert not meter.facts.fault_relayed


@pytest.mark.parametrize("row", exchanges("chat"))
def test_facts_of_whole_replies_are_read(row: dict[str, Any]) -> None:
    body = row["response"]
    if "choices" not in body:
        return
    facts = read_facts(encode(body))
    assert facts.finished
    assert facts.usage is not None
    assert facts.model == body["model"]


def test_an_error_under_status_200_is_a_fault() -> None:
    facts = read_facts(encode({"error": {"message": "boom", "code": 429}}))
    assert facts.fault is not None
    assert facts.fault.http_status == 429


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"object":"list"}'])
def test_what_is_no_reply_breaks(body: bytes) -> None:
    with pytest.raises(StreamBroken):
        read_facts(body)
