"""The events of a stream in this dialect, as bytes. The one place that spells them."""

from typing import Any

from headgate.wire import json_text, sse

Block = dict[str, Any]

KEEP_ALIVE = b'event: ping\ndata: {"type":"ping"}\n\n'
MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_START = (
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
)
_DELTA = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":%%d,"delta":{"type":"%b","%b":%%b}}\n\n'
)
TEXT = _DELTA % (b"text_delta", b"text")
THINKING = _DELTA % (b"thinking_delta", b"thinking")
SIGNATURE = _DELTA % (b"signature_delta", b"signature")
ARGUMENTS = _DELTA % (b"input_json_delta", b"partial_json")
CITATION = _DELTA % (b"citations_delta", b"citation")

_WITH_INPUT = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
"""The types whose input clients put together from deltas."""

_encode = json_text.encode


def message_start(message: Block) -> bytes:
    """The opening event."""
    data = json_text.encode({"type": "message_start", "message": message})
    return sse.write(data, "message_start")


def message_delta(delta: Block, usage: Block, beside: Block) -> bytes:
    """The closing facts; `beside` are fields of the event itself."""
    value = {"type": "message_delta", "delta": delta, "usage": usage, **beside}
    return sse.write(json_text.encode(value), "message_delta")


def start(index: int, block: Block) -> bytes:
    """A block begins."""
    return _START % (index, _encode(block))


def delta(form: bytes, index: int, value: Any) -> bytes:
    """More of a block, in one of the forms above."""
    return form % (index, _encode(value))


def stop(index: int) -> bytes:
    """A block is whole."""
    return _STOP % index


def whole(index: int, block: Block) -> bytes:
    """A block that is known whole, in the events that its type takes."""
    kind = block.get("type")
    if kind == "text":
        opened = {**block, "text": ""}
        opened.pop("citations", None)
        deltas = [delta(CITATION, index, item) for item in block.get("citations") or ()]
        deltas.insert(0, delta(TEXT, index, block["text"]))
    elif kind == "thinking":
        opened = {**block, "thinking": "", "signature": ""}
        deltas = [delta(THINKING, index, block["thinking"])] if block["thinking"] else []
        deltas.append(delta(SIGNATURE, index, block["signature"]))
    elif kind == "compaction" and isinstance(block.get("content"), str):
        opened, deltas = _compaction(index, block)
    elif kind in _WITH_INPUT and "input" in block:
        opened = {**block, "input": {}}
        deltas = [delta(ARGUMENTS, index, input_text(block["input"]))] if block["input"] else []
    else:
        opened, deltas = block, []
    return b"".join((start(index, opened), *deltas, stop(index)))


def input_text(value: Any) -> str:
    """The JSON of an ``input``; a string is JSON that its model broke, passed on as it is."""
    return value if isinstance(value, str) else json_text.encode_text(value)


def _compaction(index: int, block: Block) -> tuple[Block, list[bytes]]:
    sealed = {k: v for k, v in block.items() if k in ("content", "encrypted_content")}
    value = {
        "type": "content_block_delta",
        "index": index,
        "delta": {"type": "compaction_delta", **sealed},
    }
    opened = {k: v for k, v in block.items() if k != "encrypted_content"} | {"content": None}
    return opened, [sse.write(json_text.encode(value), "content_block_delta")]
