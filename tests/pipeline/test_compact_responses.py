import json
from typing import Any

from headgate.pipeline.compact import Compact, written
from headgate.pipeline.compact_responses import note
from headgate.wire import sse


def compacted(*events: dict[str, Any] | bytes) -> dict[str, Any]:
    compact = Compact()
    for event in events:
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        note(compact, sse.Frame("", data))
    return written(compact, "f")


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


RESPONSE = {"id": "resp_1", "object": "response", "created_at": 7, "model": "m"}


def test_a_whole_stream_is_one_choice() -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "find"}
    usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
    told = compacted(
        event("created", response={**RESPONSE, "status": "in_progress"}),
        event("output_item.added", output_index=0, item={"type": "reasoning"}),
        event("reasoning_summary_text.delta", output_index=0, delta="Think "),
        event("reasoning_summary_text.delta", output_index=0, delta="first."),
        event("output_item.added", output_index=1, item={"type": "message", "role": "assistant"}),
        event("output_text.delta", output_index=1, delta="Hello"),
        event("output_text.delta", output_index=1, delta=" world"),
        event("output_text.done", output_index=1, text="Hello world"),
        event("output_item.added", output_index=2, item=call),
        event("function_call_arguments.delta", output_index=2, delta='{"query":'),
        event("function_call_arguments.delta", output_index=2, delta='"apple"}'),
        event("completed", response={**RESPONSE, "status": "completed", "usage": usage}),
    )
    assert told == {
        "format": "f",
        "id": "resp_1",
        "object": "response",
        "created": 7,
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
                        "id": "call_1",
                        "type": "function_call",
                        "function": {"name": "find", "arguments": '{"query":"apple"}'},
                    }
                ],
                "finish_reason": "completed",
            }
        ],
        "usage": usage,
        "stream": {"network_chunk_count": 0, "data_frame_count": 12, "done": True},
    }


def test_why_a_reply_is_incomplete_is_told() -> None:
    response = {**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "max_tokens"}}
    (choice,) = compacted(event("incomplete", response=response))["choices"]
    assert choice == {"index": 0, "finish_reason": "incomplete", "stop_reason": "max_tokens"}


def test_a_broken_stream_is_not_done() -> None:
    told = compacted(event("created", response=RESPONSE), event("output_text.delta", delta="Hel"))
    assert told["id"] == "resp_1"
    assert told["choices"] == [{"index": 0, "content": "Hel"}]
    assert told["stream"]["done"] is False


def test_what_is_no_event_is_counted_only() -> None:
    told = compacted(b"no json", b"[]", {"type": 7}, event("completed"), event("output_item.added"))
    assert told["stream"]["data_frame_count"] == 5
