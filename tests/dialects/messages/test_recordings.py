"""Recorded traffic of the vendor itself, through every function of the dialect."""

from typing import Any

import msgspec
import pytest

from headgate.model.reply import unfold
from tests import grammar, recordings
from tests.dialects.messages import given
from tests.streams import any_pieces_of, fold, pieces_of

STREAMS = recordings.streams("messages")
EXCHANGES = recordings.exchanges("messages")
REPLIES = [
    p for p in EXCHANGES if p.values[0] is None or p.values[0]["response"].get("type") == "message"
]


def _requests() -> list[Any]:
    rows = [*STREAMS, *EXCHANGES]
    return [p for p in rows if p.values[0] is None or "messages" in (p.values[0]["request"] or {})]


def _bare(value: Any) -> Any:
    """Without what says nothing: nulls, empty lists, defaults."""
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if v not in (None, [], False)}
    return [_bare(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("row", STREAMS)
def test_every_stream_is_a_whole_sentence(row: dict[str, Any]) -> None:
    grammar.check(given.read(row["sse"].encode()), whole=True)


@pytest.mark.parametrize("row", STREAMS)
def test_where_the_bytes_are_cut_does_not_matter(row: dict[str, Any]) -> None:
    raw = row["sse"].encode()
    whole = given.read(raw)
    for pieces in (pieces_of(raw, 3), pieces_of(raw, 64), any_pieces_of(raw, 200)):
        reader = given.BACKEND.open_reader(given.ANTHROPIC)
        events = [event for piece in pieces for event in reader.feed(piece)]
        assert [*events, *reader.end()] == whole


@pytest.mark.parametrize("row", STREAMS)
def test_other_line_ends_and_comments_do_not_matter(row: dict[str, Any]) -> None:
    raw = row["sse"].replace("\r\n", "\n")
    whole = given.read(raw.encode())
    assert given.read(raw.replace("\n", "\r\n").encode()) == whole
    assert given.read(raw.replace("\n\n", "\n\n: still here\n\n").encode()) == whole


@pytest.mark.parametrize("row", STREAMS)
def test_a_stream_that_is_cut_has_no_finish(row: dict[str, Any]) -> None:
    raw = row["sse"].encode().replace(b"\r\n", b"\n")
    frames = raw.split(b"\n\n")
    last = next(i for i, frame in enumerate(frames) if b"message_delta" in frame)
    for count in range(0, last, 7):
        reader = given.BACKEND.open_reader(given.ANTHROPIC)
        events = [*reader.feed(b"\n\n".join(frames[:count])), *reader.end()]
        grammar.check(events)
        assert not reader.finished
        assert not any(type(event).__name__ == "Finished" for event in events)


@pytest.mark.parametrize("row", STREAMS)
def test_the_official_client_makes_the_same_of_what_we_read_and_wrote(
    row: dict[str, Any],
) -> None:
    raw = row["sse"].encode()
    own = given.accumulate(raw)
    ours = given.accumulate(given.spoken(given.read(raw)))
    assert _bare({**ours, "model": own["model"]}) == _bare(own)


@pytest.mark.parametrize("row", STREAMS)
def test_the_meter_relays_every_byte(row: dict[str, Any]) -> None:
    raw = row["sse"].encode()
    events = fold(given.read(raw))
    for size in (len(raw), 1000, 17):
        meter = given.BACKEND.open_meter(True)
        out = b"".join(meter.feed(raw[at : at + size]) for at in range(0, len(raw), size))
        out += meter.end()
        assert out == raw
        assert meter.facts.terminated
        assert meter.facts.finished
        assert meter.facts.usage == events.usage
        assert (meter.facts.id, meter.facts.model) == (events.id, events.model)
        pings = raw.count(b"event: ping")
        assert meter.facts.events == raw.count(b"event: ") - pings - 1


@pytest.mark.parametrize("row", REPLIES)
def test_a_reply_comes_back_as_it_was(row: dict[str, Any]) -> None:
    reply = given.BACKEND.read_reply(msgspec.json.encode(row["response"]), given.ANTHROPIC)
    told = given.CALLER.write_reply(reply, given.context())
    assert told.losses == ()
    back = {**msgspec.json.decode(told.body), "model": row["response"]["model"]}
    counted = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    expected = {**row["response"], "usage": {**counted, **row["response"]["usage"]}}
    assert _bare(back) == _bare(expected)


@pytest.mark.parametrize("row", REPLIES)
def test_a_whole_reply_means_the_same_as_a_stream(row: dict[str, Any]) -> None:
    reply = given.BACKEND.read_reply(msgspec.json.encode(row["response"]), given.ANTHROPIC)
    stream = given.spoken(list(unfold(reply)))
    again = fold(given.read(stream))
    assert again.choices[0].parts == reply.choices[0].parts
    assert again.choices[0].reason == reply.choices[0].reason
    assert given.accumulate(stream)["stop_reason"] == row["response"]["stop_reason"]


@pytest.mark.parametrize("row", _requests())
def test_a_request_comes_back_with_the_same_meaning(row: dict[str, Any]) -> None:
    body = msgspec.json.encode(row["request"])
    assert given.CALLER.read_envelope(body).model == row["request"]["model"]
    request = given.CALLER.read_request(body)
    target = given.destination(mid_system=True, most_output=row["request"]["max_tokens"])
    result = given.write(request, target)
    assert result.losses == ()
    back = msgspec.json.decode(result.body)
    assert _normal(back) == _normal({**row["request"], "model": "claude"})


def _normal(request: dict[str, Any]) -> Any:
    """A request in the form that we write: blocks for strings, one message for neighbours of one
    role, the shape of the answer where it stands today, no temperature that is the default."""
    request = _bare(request)
    if isinstance(request.get("system"), str):
        request["system"] = [{"type": "text", "text": request["system"]}]
    if "output_format" in request:
        request["output_config"] = {"format": request.pop("output_format")}
    if request.get("thinking") and request.get("temperature") == 1:
        del request["temperature"]
    messages: list[dict[str, Any]] = []
    for message in request["messages"]:
        content = message["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        content = [_plain_result(block) for block in content]
        if messages and messages[-1]["role"] == message["role"]:
            messages[-1]["content"] += content
        else:
            messages.append({"role": message["role"], "content": content})
    return {**request, "messages": messages}


def _plain_result(block: dict[str, Any]) -> dict[str, Any]:
    content = block.get("content")
    if block["type"] == "tool_result" and isinstance(content, list) and len(content) == 1:
        return {**block, "content": content[0].get("text", content)}
    return block
