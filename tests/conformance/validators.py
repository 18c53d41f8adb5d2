"""What is legal in a stream to a caller, dialect by dialect: each rule as an assertion.

None of the gateway's code is used here. A stream may be whole, or broken off by an error that its
dialect's clients see; it is never anything else.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.conformance.response_validator import check_responses

Json = dict[str, Any]


class Frame(msgspec.Struct, frozen=True):
    """One event: its name where it has one, and its data (None: ``[DONE]``)."""

    event: str | None
    data: Any


def check(dialect: str, stream: bytes, own_words: bool = False) -> None:
    """Asserts that `stream` is legal in `dialect`. `own_words`: it came from a backend of the same
    dialect, which may know words that are newer than these rules."""
    frames = frames_of(stream)
    _CHECKS[dialect](frames, own_words)


def frames_of(stream: bytes) -> list[Frame]:
    """The frames of a stream as we send it: LF only, one line of data, no ids, no comments."""
    assert b"\r" not in stream
    assert stream.endswith(b"\n\n") or not stream
    return [_frame(block) for block in stream.split(b"\n\n")[:-1]]


def _frame(block: bytes) -> Frame:
    lines = block.split(b"\n")
    event = None
    if lines[0].startswith(b"event: "):
        event = lines.pop(0)[7:].decode()
    assert len(lines) == 1, block
    assert lines[0].startswith(b"data: "), block
    data = lines[0][6:]
    return Frame(event, None if data == b"[DONE]" else json.loads(data))


# --- chat ---


def check_chat(frames: list[Frame], own_words: bool) -> None:
    """Chunks of one reply, then its usage where asked for, then ``[DONE]``; or an error, last."""
    assert all(frame.event is None for frame in frames)
    if not frames:
        return
    *chunks, last = [frame.data for frame in frames]
    if last is not None:
        _check_error(last["error"], ("message", "type", "code"))
    assert all(chunk is not None and "error" not in chunk for chunk in chunks)
    for field in ("id", "created", "model", "object"):
        assert len({chunk[field] for chunk in chunks}) <= 1, field
    choices: dict[int, _ChatChoice] = {}
    for number, chunk in enumerate(chunks):
        assert chunk["object"] == "chat.completion.chunk"
        if not chunk["choices"]:
            assert number == len(chunks) - 1
            _check_chat_usage(chunk["usage"])
        for entry in chunk["choices"]:
            choices.setdefault(entry["index"], _ChatChoice()).add(entry)
    if last is None:
        assert choices
        assert all(choice.finish for choice in choices.values())


class _ChatChoice:
    def __init__(self) -> None:
        self.finish: str | None = None
        self._begun = False
        self._calls: list[str] = []

    def add(self, entry: Json) -> None:
        assert self.finish is None, "a choice goes on behind its finish"
        assert {"index", "delta", "finish_reason"} <= entry.keys()
        delta = entry["delta"]
        assert ("role" in delta) == (not self._begun), "the role stands first and once"
        self._begun = True
        for call in delta.get("tool_calls") or ():
            self._call(call)
        for field in ("reasoning_details", "annotations", "images"):
            assert all("index" in item for item in delta.get(field) or ())
        for field in ("content", "reasoning_content", "refusal"):
            assert isinstance(delta.get(field, ""), str | list)
        self.finish = entry["finish_reason"]
        known = (None, "stop", "length", "tool_calls", "content_filter", "function_call")
        assert self.finish in known
        if self.finish == "stop":
            assert not self._calls, "a reply that calls tools ends with tool_calls"

    def _call(self, call: Json) -> None:
        index = call["index"]
        assert 0 <= index <= len(self._calls), "calls are numbered from 0 on"
        new = index == len(self._calls)
        body = call.get("function") or call.get("custom")
        assert body is not None
        assert ("id" in call) == ("type" in call) == ("name" in body) == new, "said once"
        assert isinstance(body.get("arguments", body.get("input")), str)
        if new:
            assert call["id"]
            assert call["id"] not in self._calls
            self._calls.append(call["id"])


def _check_chat_usage(usage: Json) -> None:
    for field in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert isinstance(usage[field], int)
    assert isinstance(usage["prompt_tokens_details"]["cached_tokens"], int)
    assert isinstance(usage["completion_tokens_details"]["reasoning_tokens"], int)


def _check_error(error: Json, fields: tuple[str, ...]) -> None:
    for field in fields:
        assert isinstance(error[field], str), (field, error)
        assert error[field]


# --- messages ---

_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_DELTAS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text_delta", "citations_delta"}),
    "thinking": frozenset({"thinking_delta", "signature_delta"}),
    "tool_use": frozenset({"input_json_delta"}),
    "server_tool_use": frozenset({"input_json_delta"}),
    "mcp_tool_use": frozenset({"input_json_delta"}),
    "compaction": frozenset({"compaction_delta"}),
}
_STOPS = frozenset(
    {
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
        "compaction",
    }
)


def check_messages(frames: list[Frame], own_words: bool) -> None:
    """One start, blocks that never overlap, one delta with the reason, one stop; or an error."""
    if not frames:
        return
    state = _Message(own_words)
    for number, frame in enumerate(frames):
        assert frame.event == frame.data["type"], "clients go by the event's name"
        assert not state.over, "nothing follows the end"
        state.take(frame.data, number)
    assert state.over


class _Message:
    """The rules of a message's stream."""

    def __init__(self, own_words: bool) -> None:
        self._own_words = own_words
        self.over = False
        self._started = False
        self._next = 0
        self._open: Json | None = None
        self._deltas: list[Json] = []
        self._ids: set[str] = set()
        self._stop: str | None = None

    def take(self, event: Json, number: int) -> None:
        kind = event["type"]
        if kind == "ping":
            return
        if kind == "error":
            _check_error(event["error"], ("type", "message"))
            self.over = True
            return
        assert self._started == (kind != "message_start"), "one start, and first"
        assert self._stop is None or kind == "message_stop", "only the stop follows the reason"
        getattr(self, f"_{kind}")(event)

    def _message_start(self, event: Json) -> None:
        message = event["message"]
        self._started = True
        assert message["id"].startswith("msg_")
        assert (message["type"], message["role"], message["content"]) == (
            "message",
            "assistant",
            [],
        )
        assert message["stop_reason"] is None
        for field in ("input_tokens", "output_tokens"):
            assert isinstance(message["usage"][field], int)

    def _content_block_start(self, event: Json) -> None:
        assert self._open is None, "blocks do not overlap"
        assert event["index"] == self._next, "blocks are numbered from 0 without gaps"
        self._open = block = event["content_block"]
        self._deltas = []
        if block["type"] in ("tool_use", "server_tool_use", "mcp_tool_use"):
            assert block.get("input", {}) == {}
        if block["type"] == "tool_use":
            assert _TOOL_ID.fullmatch(block["id"]), block["id"]
            assert block["id"] not in self._ids, "ids are not used again"
            self._ids.add(block["id"])
            assert isinstance(block["name"], str)

    def _content_block_delta(self, event: Json) -> None:
        assert self._open is not None, "a delta without its block"
        assert event["index"] == self._next
        delta = event["delta"]
        known = _DELTAS.get(self._open["type"])
        assert known is None or delta["type"] in known, (delta, self._open)
        assert known is not None or self._own_words
        kinds = [earlier["type"] for earlier in self._deltas]
        assert "signature_delta" not in kinds, "the signature is the last delta, and once"
        self._deltas.append(delta)

    def _content_block_stop(self, event: Json) -> None:
        assert self._open is not None
        assert event["index"] == self._next
        if self._open["type"] == "text":
            assert any(delta.get("text") for delta in self._deltas), "no empty text blocks"
        elif self._open["type"] == "thinking":
            assert self._deltas[-1]["type"] == "signature_delta"
        self._next += 1
        self._open = None

    def _message_delta(self, event: Json) -> None:
        assert self._open is None, "every block has ended"
        self._stop = event["delta"]["stop_reason"]
        assert isinstance(self._stop, str)
        assert self._own_words or self._stop in _STOPS, self._stop
        assert isinstance(event["usage"]["output_tokens"], int)
        if self._stop in ("end_turn", "stop_sequence"):
            assert not self._ids, "a reply that calls tools ends with tool_use"
        if self._stop == "refusal":
            assert event["delta"]["stop_details"]["type"] == "refusal"

    def _message_stop(self, event: Json) -> None:
        assert self._stop is not None, "the reason comes before the end"
        self.over = True


def check_responses_frames(frames: list[Frame], own_words: bool) -> None:
    """See `response_validator`."""
    if frames:
        assert all(frame.event == frame.data["type"] for frame in frames)
        check_responses([frame.data for frame in frames])


_CHECKS: Mapping[str, Callable[[list[Frame], bool], None]] = {
    "chat": check_chat,
    "messages": check_messages,
    "responses": check_responses_frames,
}
