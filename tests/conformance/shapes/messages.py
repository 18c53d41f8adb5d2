"""Streams of Messages."""

from typing import Any

Json = dict[str, Any]


def started(**usage: Any) -> Json:
    """A ``message_start``."""
    message: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 1, **usage},
    }
    return {"type": "message_start", "message": message}


def block(index: int, content: Json, *deltas: Json) -> tuple[Json, ...]:
    """One block with its deltas."""
    said = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return (
        {"type": "content_block_start", "index": index, "content_block": content},
        *said,
        {"type": "content_block_stop", "index": index},
    )


def text(index: int, *pieces: str) -> tuple[Json, ...]:
    """A text block."""
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return block(index, {"type": "text", "text": ""}, *deltas)


def use(index: int, name: str, *pieces: str, kind: str = "tool_use") -> tuple[Json, ...]:
    """A block that calls a tool."""
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    content = {"type": kind, "id": f"toolu_{index}", "name": name, "input": {}}
    return block(index, content, *deltas)


def thinking(index: int, *pieces: str, signature: str = "c2ln") -> tuple[Json, ...]:
    """A thinking block."""
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    content = {"type": "thinking", "thinking": "", "signature": ""}
    return block(index, content, *deltas, {"type": "signature_delta", "signature": signature})


def stopped(reason: str, usage: Json | None = None, **more: Any) -> tuple[Json, ...]:
    """The end of a message."""
    delta = {"stop_reason": reason, "stop_sequence": None, **more}
    counted = {"output_tokens": 20, **(usage or {})}
    return (
        {"type": "message_delta", "delta": delta, "usage": counted},
        {"type": "message_stop"},
    )


_RESULT = {"type": "web_search_result", "url": "https://a.example/", "title": "A"}
_CITATION = {
    "type": "web_search_result_location",
    "url": "https://a.example/",
    "title": "A",
    "encrypted_index": "e",
    "cited_text": "so",
}

STREAMS: dict[str, tuple[Json, ...]] = {
    "a search and its citations": (
        started(),
        *use(0, "web_search", "", '{"query":"x"}', kind="server_tool_use"),
        *block(
            1,
            {"type": "web_search_tool_result", "tool_use_id": "toolu_0", "content": [_RESULT]},
        ),
        *block(
            2,
            {"type": "text", "text": "", "citations": []},
            {"type": "text_delta", "text": "It is "},
            {"type": "citations_delta", "citation": _CITATION},
            {"type": "text_delta", "text": "so."},
        ),
        *stopped("end_turn", {"server_tool_use": {"web_search_requests": 1}}),
    ),
    "code that the vendor runs": (
        started(),
        *text(0, "I run it."),
        *use(1, "bash_code_execution", '{"command":"ls"}', kind="server_tool_use"),
        *block(
            2,
            {
                "type": "bash_code_execution_tool_result",
                "tool_use_id": "toolu_1",
                "content": {"type": "bash_code_execution_result", "stdout": "x", "content": []},
            },
        ),
        *text(3, "Done."),
        *stopped("end_turn", container={"id": "ct_1", "expires_at": "2026-01-01T00:00:00Z"}),
    ),
    "a server of tools": (
        started(),
        *use(0, "echo", '{"a":1}', kind="mcp_tool_use"),
        *block(
            1,
            {"type": "mcp_tool_result", "tool_use_id": "toolu_0", "is_error": False, "content": []},
        ),
        *text(2, "ok"),
        *stopped("end_turn"),
    ),
    "thought that is withheld": (
        started(),
        *thinking(0),
        *block(1, {"type": "redacted_thinking", "data": "ZGF0YQ"}),
        *thinking(2, "hm, ", "so"),
        *use(3, "look", ""),
        *use(4, "look", '{"q": "é", ', '"n": [1, 2]}'),
        *stopped("tool_use", {"output_tokens_details": {"thinking_tokens": 12}}),
    ),
    "a pause": (started(), *text(0, "Wait"), *stopped("pause_turn")),
    "a classifier's refusal": (
        started(),
        *text(0, "Well"),
        *stopped(
            "refusal",
            stop_details={"type": "refusal", "category": "bio", "explanation": "No such help."},
        ),
    ),
    "a full context": (started(), *text(0, "a"), *stopped("model_context_window_exceeded")),
    "a stop sequence": (started(), *text(0, "a"), *stopped("stop_sequence", stop_sequence="END")),
    "cut at the cap": (started(), *text(0, "a"), *stopped("max_tokens")),
    "nothing at all": (started(), *stopped("end_turn")),
    "tokens of the cache": (
        started(cache_read_input_tokens=100, cache_creation_input_tokens=50),
        *text(0, "a"),
        *stopped(
            "end_turn",
            {
                "input_tokens": 9,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 50,
            },
        ),
    ),
    "counts that change at the end": (
        started(),
        *text(0, "a"),
        *stopped("end_turn", {"input_tokens": 2000, "cache_read_input_tokens": 10}),
    ),
    "a fallback to another model": (
        started(),
        *thinking(0, "one"),
        *block(1, {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}),
        *thinking(2, "two"),
        *use(3, "look", '{"q":"x"}'),
        *stopped("tool_use"),
    ),
    "a summary of the context": (
        started(),
        *block(
            0,
            {"type": "compaction", "content": None},
            {"type": "compaction_delta", "content": "So far: x", "encrypted_content": None},
        ),
        *text(1, "On we go."),
        *stopped("end_turn"),
    ),
    "blocks that nobody knows": (
        started(),
        *block(0, {"type": "hologram", "shape": "cube"}),
        *text(1, "a"),
        {"type": "novelty", "x": 1},
        *stopped("end_turn"),
    ),
    "an error behind the first words": (
        started(),
        text(0, "a")[0],
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    ),
}
