import json
from typing import Any

from headgate.pipeline.compact import Compact, written
from headgate.pipeline.compact_messages import note
from headgate.wire import sse


def compacted(*events: dict[str, Any] | bytes) -> dict[str, Any]:
    compact = Compact()
    for event in events:
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        note(compact, sse.Frame("", data))
    return written(compact, "f")


def block(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": fields}


def delta(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "usage": {"input_tokens": 5, "output_tokens": 1},
    },
}
STOP = {"type": "message_stop"}


def test_a_whole_stream_is_one_choice() -> None:
    told = compacted(
        START,
        block(0, type="thinking", thinking=""),
        delta(0, type="thinking_delta", thinking="Think "),
        delta(0, type="thinking_delta", thinking="first."),
        delta(0, type="signature_delta", signature="xyz"),
        {"type": "ping"},
        block(1, type="text", text=""),
        delta(1, type="text_delta", text="Hello"),
        delta(1, type="text_delta", text=" world"),
        block(2, type="tool_use", id="toolu_1", name="find", input={}),
        delta(2, type="input_json_delta", partial_json='{"query":'),
        delta(2, type="input_json_delta", partial_json='"apple"}'),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"},
            "usage": {"output_tokens": 9},
        },
        STOP,
    )
    assert told == {
        "format": "f",
        "id": "msg_1",
        "object": "message",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "role": "assistant",
                "reasoning": "Think first.",
                "content": "Hello world",
                "tool_calls": [
                    {
                        "index": 2,
                        "id": "toolu_1",
                        "type": "tool_use",
                        "function": {"name": "find", "arguments": '{"query":"apple"}'},
                    }
                ],
                "finish_reason": "stop_sequence",
                "matched_stop": "END",
            }
        ],
        "usage": {"input_tokens": 5, "output_tokens": 9},
        "stream": {"network_chunk_count": 0, "data_frame_count": 14, "done": True},
    }


def test_a_broken_stream_is_not_done() -> None:
    told = compacted(START, delta(0, type="text_delta", text="Hel"))
    assert told["stream"]["done"] is False
    assert told["choices"][0]["content"] == "Hel"


def test_what_is_no_event_is_counted_only() -> None:
    told = compacted(b"no json", b"[]", {"type": "content_block_delta"}, {"type": 7})
    assert told["stream"]["data_frame_count"] == 4
