"""Recorded traffic of this dialect, through every function of it."""

from typing import Any

import msgspec
import pytest

from headgate.model import events as ev
from headgate.model.parts import Reasoning, Text, ToolCall
from headgate.model.reply import unfold
from tests import grammar, recordings
from tests.dialects.responses import given
from tests.streams import any_pieces_of, fold, named_frames, pieces_of

STREAMS = recordings.streams("responses")
EXCHANGES = recordings.exchanges("responses")
REPLIES = [p for p in EXCHANGES if p.values[0] is None or p.values[0]["status"] == 200]
WHOLE = [p for p in REPLIES if p.values[0] is None or p.values[0]["response"]["output"]]
REFUSALS = [p for p in EXCHANGES if p.values[0] is None or p.values[0]["status"] != 200]


@pytest.mark.parametrize("row", STREAMS)
def test_every_stream_is_a_whole_sentence(row: dict[str, Any]) -> None:
    reader = given.BACKEND.open_reader(given.OPENAI)
    events = [*reader.feed(row["sse"].encode()), *reader.end()]
    grammar.check(events, whole=True)
    assert reader.finished
    assert reader.terminated


@pytest.mark.parametrize("row", STREAMS)
def test_where_the_bytes_are_cut_does_not_matter(row: dict[str, Any]) -> None:
    raw = row["sse"].encode()
    whole = given.read(raw)
    sizes = (1, 2, 3, 7, 64) if len(raw) < 6000 else (64,)
    for pieces in (*(pieces_of(raw, size) for size in sizes), any_pieces_of(raw, 300)):
        reader = given.BACKEND.open_reader(given.OPENAI)
        events = [event for piece in pieces for event in reader.feed(piece)]
        assert [*events, *reader.end()] == whole


@pytest.mark.parametrize("row", STREAMS)
def test_other_line_ends_and_comments_do_not_matter(row: dict[str, Any]) -> None:
    raw = row["sse"].replace("\r\n", "\n")
    whole = given.read(raw.encode())
    assert given.read(raw.replace("\n", "\r\n").encode()) == whole
    assert given.read(raw.replace("\n", "\r").encode()) == whole
    assert given.read(raw.replace("\n\n", "\n\n: still here\n\n").encode()) == whole


@pytest.mark.parametrize("row", STREAMS)
def test_a_stream_that_is_cut_has_no_finish(row: dict[str, Any]) -> None:
    frames = row["sse"].encode().split(b"\n\n")
    last = next(i for i, frame in enumerate(frames) if b'"response.completed"' in frame)
    for count in range(0, last, 7):
        reader = given.BACKEND.open_reader(given.OPENAI)
        events = [*reader.feed(b"\n\n".join(frames[:count])), *reader.end()]
        grammar.check(events)
        assert not reader.finished
        assert not any(isinstance(event, ev.Finished | ev.Failed) for event in events)


@pytest.mark.parametrize("row", STREAMS)
def test_the_official_client_makes_the_same_of_what_we_read_and_wrote(
    row: dict[str, Any],
) -> None:
    raw = row["sse"].encode()
    ours = given.accumulate(given.spoken(*given.read(raw), body=row["request"]))
    assert _meaning(ours) == {**_meaning(given.accumulate(raw)), "model": "fast"}


@pytest.mark.parametrize("row", STREAMS)
def test_what_we_wrote_is_numbered_without_gaps_and_repeats_its_items(
    row: dict[str, Any],
) -> None:
    frames = named_frames(given.spoken(*given.read(row["sse"].encode())))
    assert [frame["sequence_number"] for frame in frames] == list(range(len(frames)))
    ended = {f["output_index"]: f["item"] for f in frames if f["type"].endswith("item.done")}
    assert frames[-1]["response"]["output"] == [ended[index] for index in range(len(ended))]


@pytest.mark.parametrize("row", STREAMS)
def test_what_we_wrote_reads_as_what_we_read(row: dict[str, Any]) -> None:
    first = fold(given.read(row["sse"].encode()))
    again = fold(given.read(given.spoken(*given.read(row["sse"].encode()))))
    assert again.choices[0].parts == first.choices[0].parts
    assert again.choices[0].reason == first.choices[0].reason
    assert again.usage == first.usage
    assert again.id == first.id


@pytest.mark.parametrize("row", STREAMS)
def test_a_stream_means_what_its_last_event_says_whole(row: dict[str, Any]) -> None:
    streamed = fold(given.read(row["sse"].encode()))
    whole = given.BACKEND.read_reply(msgspec.json.encode(_last(row["sse"])), given.OPENAI)
    assert _bare_parts(streamed.choices[0].parts) == _bare_parts(whole.choices[0].parts)
    assert streamed.choices[0].reason == whole.choices[0].reason
    assert streamed.usage == whole.usage


@pytest.mark.parametrize("row", STREAMS)
def test_the_meter_relays_every_byte_up_to_the_last_event(row: dict[str, Any]) -> None:
    raw = row["sse"].encode()
    folded = fold(given.read(raw))
    for size in (len(raw), 1000, 17):
        meter = given.BACKEND.open_meter(True)
        out = b"".join(meter.feed(raw[at : at + size]) for at in range(0, len(raw), size))
        out += meter.end()
        assert out == raw.removesuffix(b"data: [DONE]\n\n")
        assert meter.facts.terminated
        assert meter.facts.finished
        assert meter.facts.fault is None
        assert meter.facts.usage == folded.usage
        assert (meter.facts.id, meter.facts.model) == (folded.id, folded.model)
        assert meter.facts.sequence_number == _last_event(row["sse"]).get("sequence_number", -1)


@pytest.mark.parametrize("row", REPLIES)
def test_a_reply_comes_back_as_it_was(row: dict[str, Any]) -> None:
    body = msgspec.json.encode(row["response"])
    reply = given.BACKEND.read_reply(body, given.OPENAI)
    told = given.CALLER.write_reply(reply, given.context(row["request"]))
    assert told.losses == ()
    back = msgspec.json.decode(told.body)
    expected = _with_lists(row["response"])
    if expected["status"] == "complete":
        expected["status"] = "completed"
    assert {key: back[key] for key in expected} == {**expected, "model": "fast"}


@pytest.mark.parametrize("row", WHOLE)
def test_a_whole_reply_means_the_same_as_a_stream(row: dict[str, Any]) -> None:
    reply = given.BACKEND.read_reply(msgspec.json.encode(row["response"]), given.OPENAI)
    stream = given.spoken(*unfold(reply), body=row["request"])
    again = fold(given.read(stream))
    assert _bare_parts(again.choices[0].parts) == _bare_parts(reply.choices[0].parts)
    assert again.choices[0].reason == reply.choices[0].reason
    assert again.usage == reply.usage
    assert given.accumulate(stream)["status"] == "completed"


@pytest.mark.parametrize("row", REPLIES)
def test_facts_of_a_reply_are_read_without_decoding_it(row: dict[str, Any]) -> None:
    body = msgspec.json.encode(row["response"])
    reply = given.BACKEND.read_reply(body, given.OPENAI)
    facts = given.BACKEND.read_facts(body)
    assert (facts.id, facts.model, facts.usage) == (reply.id, reply.model, reply.usage)
    assert facts.finished


@pytest.mark.parametrize("row", REFUSALS)
def test_an_error_keeps_the_words_of_its_backend(row: dict[str, Any]) -> None:
    error = row["response"]["error"]
    fault = given.BACKEND.read_error(row["status"], msgspec.json.encode(row["response"]))
    if row["status"] == 401:
        assert fault.kind == "upstream_auth"
        assert "key" not in fault.message.replace("operator", "")
    else:
        assert fault.http_status == row["status"]
        assert (fault.message, fault.code, fault.param, fault.type) == (
            error["message"],
            error["code"],
            error["param"],
            error["type"],
        )


@pytest.mark.parametrize("row", [*STREAMS, *EXCHANGES])
def test_a_request_comes_back_with_the_same_meaning(row: dict[str, Any]) -> None:
    body = msgspec.json.encode(row["request"])
    assert given.CALLER.read_envelope(body).model == row["request"]["model"]
    result = given.write(given.CALLER.read_request(body))
    assert result.losses == ()
    assert result.tools == {}
    back = msgspec.json.decode(result.body)
    assert _plain(back) == _plain({**row["request"], "model": "gpt"})


def _meaning(final: dict[str, Any]) -> dict[str, Any]:
    """What a client acts on: without ids that change from event to event, and without encrypted
    content, which the vendor encrypts anew for each event."""
    output = []
    for item in final["output"]:
        kept = {k: v for k, v in item.items() if k not in ("id", "encrypted_content")}
        if kept["type"] == "reasoning":
            kept = {k: v for k, v in kept.items() if k != "status" and v not in (None, [])}
        for part in kept.get("content", []):
            part.pop("logprobs", None)
        output.append(kept)
    return {
        "model": final["model"],
        "status": final["status"],
        "output": output,
        "usage": final["usage"],
    }


def _bare_parts(parts: Any) -> list[Any]:
    """Parts without bookkeeping, the encrypted form and the rounding of logprobs."""
    bare: list[Any] = []
    for part in parts:
        match part:
            case Text(text=text, citations=citations):
                bare.append((text, citations))
            case Reasoning(text=text, summary=summary, state=state):
                bare.append((text, summary, state is not None))
            case ToolCall():
                bare.append(msgspec.structs.replace(part, extras=None))
            case _:
                bare.append(part)
    return bare


def _last_event(sse: str) -> dict[str, Any]:
    lines = [line for line in sse.splitlines() if line.startswith("data:") and "{" in line]
    found: dict[str, Any] = msgspec.json.decode(lines[-1][5:])
    return found


def _last(sse: str) -> dict[str, Any]:
    found: dict[str, Any] = _last_event(sse)["response"]
    return found


def _with_lists(response: dict[str, Any]) -> dict[str, Any]:
    """The response with the lists that we always write."""
    for item in response["output"]:
        for part in item.get("content") or () if item["type"] == "message" else ():
            part["logprobs"] = part.get("logprobs") or []
    return response


def _plain(request: dict[str, Any]) -> dict[str, Any]:
    """A request in the form that we write: no nulls, every message typed, one plain text as a
    string."""
    plain = {key: value for key, value in request.items() if value not in (None, [], False)}
    if isinstance(plain["input"], str):
        plain["input"] = [{"role": "user", "content": plain["input"]}]
    plain["input"] = [_plain_item(item) for item in plain["input"]]
    if "tools" in plain:
        tools = plain["tools"]
        plain["tools"] = [{k: v for k, v in tool.items() if v is not None} for tool in tools]
    if request.get("store") is False:
        plain["store"] = False
    return plain


def _plain_item(item: dict[str, Any]) -> dict[str, Any]:
    plain = dict(item)
    if "role" in item:
        plain.setdefault("type", "message")
    for key in ("content", "output"):
        parts = plain.get(key)
        if not isinstance(parts, list) or plain["type"] == "reasoning":
            continue
        parts = [{k: v for k, v in p.items() if k != "logprobs" and v != []} for p in parts]
        lone = len(parts) == 1 and set(parts[0]) == {"type", "text"}
        plain[key] = parts[0]["text"] if lone else parts
    return plain
