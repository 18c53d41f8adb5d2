"""``python -m bench.translate_chunk``: what one chunk of a stream costs to translate, each pair.

Processor time of the translated gear alone (reader, notes, writer), without any socket: the best
of some rounds over a long answer whose chunks arrive one by one. Results go to ``bench/results/``.
"""

import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from headgate import __version__
from headgate.dialects.destination import Source
from headgate.dialects.dialect import ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model.request import Request
from headgate.pipeline.gears import Translated
from headgate.wire import aws_eventstream, sse

CHUNKS = 2_000
ROUNDS = 7
BAR_US = 15.0
CALLERS = ("chat", "messages", "responses")
KINDS = ("text", "thought", "arguments")

_encode = msgspec.json.encode


class Costs(msgspec.Struct):
    """One run: microseconds a chunk by kind of chunk, then by ``caller <- backend``."""

    at: str
    version: str
    python: str
    machine: str
    bar_us: float
    chunk_us: dict[str, dict[str, float]]


def main() -> None:
    """Measures every pair, prints and keeps the costs; fails where one is over the bar."""
    costs = Costs(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        python=platform.python_version(),
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        bar_us=BAR_US,
        chunk_us={kind: _pairs(kind) for kind in KINDS},
    )
    text = msgspec.json.format(_encode(costs), indent=2).decode()
    sys.stdout.write(text + "\n")
    name = f"translate-{costs.at[:10]}-{costs.python}.json"
    (Path(__file__).parent / "results" / name).write_text(text + "\n")
    over = [pair for pairs in costs.chunk_us.values() for pair, us in pairs.items() if us > BAR_US]
    if over:
        sys.exit(f"over {BAR_US} µs: {', '.join(sorted(set(over)))}")


def _pairs(kind: str) -> dict[str, float]:
    found = {}
    for backend in DIALECTS:
        head, chunk = _stream(backend, kind)
        if not chunk:
            continue  # this dialect says it whole and not in pieces
        for caller in CALLERS:
            found[f"{caller} <- {backend}"] = round(_cost_us(backend, caller, head, chunk), 2)
    return found


def _cost_us(backend: str, caller: str, head: bytes, chunk: bytes) -> float:
    return min(_round_us(backend, caller, head, chunk) for _ in range(ROUNDS))


def _round_us(backend: str, caller: str, head: bytes, chunk: bytes) -> float:
    half = DIALECTS[caller].caller
    assert half is not None, caller
    request = Request(dialect=caller, model="m", messages=())
    told = ReplyContext(id_seed="a" * 26, created=1, model="m", request=request)
    gear = Translated(DIALECTS[backend].backend, Source(), half, told)
    gear.feed(head)
    started = time.process_time()
    for _ in range(CHUNKS):
        gear.feed(chunk)
    return (time.process_time() - started) / CHUNKS * 1e6


def _stream(backend: str, kind: str) -> tuple[bytes, bytes]:
    """What opens a stream, and one chunk of it; no chunk where the dialect has none."""
    return {
        "chat": _chat,
        "messages": _messages,
        "responses": _responses,
        "gemini": _gemini,
        "converse": _converse,
    }[backend](kind)


def _chat(kind: str) -> tuple[bytes, bytes]:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": " word"}}
    deltas = {
        "text": ({"content": ""}, {"content": " word"}),
        "thought": ({"reasoning_content": "a"}, {"reasoning_content": " word"}),
        "arguments": ({"tool_calls": [call]}, {"tool_calls": [more]}),
    }
    first, then = deltas[kind]
    return _chat_frame({"role": "assistant", **first}), _chat_frame(then)


def _chat_frame(delta: dict[str, object]) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return sse.write(_encode({**chunk, "choices": [choice], "usage": None}))


def _messages(kind: str) -> tuple[bytes, bytes]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    start = {"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": usage}}
    blocks = {
        "text": ({"type": "text", "text": ""}, {"type": "text_delta", "text": " word"}),
        "thought": (
            {"type": "thinking", "thinking": ""},
            {"type": "thinking_delta", "thinking": " word"},
        ),
        "arguments": (
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
            {"type": "input_json_delta", "partial_json": " word"},
        ),
    }
    block, delta = blocks[kind]
    opened = {"type": "content_block_start", "index": 0, "content_block": block}
    more = {"type": "content_block_delta", "index": 0, "delta": delta}
    head = sse.write(_encode(start), "message_start")
    head += sse.write(_encode(opened), "content_block_start")
    return head, sse.write(_encode(more), "content_block_delta")


def _responses(kind: str) -> tuple[bytes, bytes]:
    items = {
        "text": ({"type": "message", "role": "assistant", "content": []}, "output_text"),
        "thought": ({"type": "reasoning", "summary": []}, "reasoning_summary_text"),
        "arguments": (
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""},
            "function_call_arguments",
        ),
    }
    item, family = items[kind]
    created = {"type": "response.created", "response": {"id": "resp_1", "model": "m"}}
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"id": "i", **item}}
    name = f"response.{family}.delta"
    place = {"item_id": "i", "output_index": 0, "content_index": 0, "summary_index": 0}
    head = sse.write(_encode(created), "response.created")
    head += sse.write(_encode(added), "response.output_item.added")
    more = {"type": name, **place, "delta": " word", "sequence_number": 3, "obfuscation": "x" * 12}
    return head, sse.write(_encode(more), name)


def _gemini(kind: str) -> tuple[bytes, bytes]:
    if kind == "arguments":
        return b"", b""
    part = {"text": " word", **({"thought": True} if kind == "thought" else {})}
    content = {"role": "model", "parts": [part]}
    metadata = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
    chunk = {"candidates": [{"content": content, "index": 0}], "usageMetadata": metadata}
    frame = sse.write(_encode({**chunk, "modelVersion": "m", "responseId": "r"}))
    return frame, frame


def _converse(kind: str) -> tuple[bytes, bytes]:
    tool = {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}}
    deltas = {
        "text": {"text": " word"},
        "thought": {"reasoningContent": {"text": " word"}},
        "arguments": {"toolUse": {"input": " word"}},
    }
    head = _aws("messageStart", {"role": "assistant"})
    if kind == "arguments":
        head += _aws("contentBlockStart", tool)
    return head, _aws("contentBlockDelta", {"contentBlockIndex": 0, "delta": deltas[kind]})


def _aws(name: str, payload: dict[str, object]) -> bytes:
    headers = {":event-type": name, ":message-type": "event"}
    return aws_eventstream.encode(headers, _encode(payload))


if __name__ == "__main__":
    main()
