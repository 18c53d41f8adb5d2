"""Streams of Responses."""

from typing import Any

Json = dict[str, Any]


def response(status: str, *output: Json, **more: Any) -> Json:
    """A response."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 7,
        "model": "gpt",
        "status": status,
        "output": list(output),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "usage": None,
        **more,
    }


def completed(*output: Json, kind: str = "completed", **more: Any) -> Json:
    """The last event."""
    usage = {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 10},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 50,
    }
    whole = response(kind, *output, **{"usage": usage, **more})
    return {"type": f"response.{kind}", "response": whole}


_CREATED = {"type": "response.created", "response": response("in_progress")}


def item(index: int, whole: Json, *events: Json) -> tuple[Json, ...]:
    """An item with the events between its beginning and its end."""
    begun = {**whole, "status": "in_progress"}
    for key in ("content", "summary"):
        if key in begun:
            begun[key] = []
    for key in ("arguments", "input"):
        if key in begun:
            begun[key] = ""
    place = {"output_index": index, "item_id": whole["id"]}
    return (
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        *({**place, **event} for event in events),
        {"type": "response.output_item.done", "output_index": index, "item": whole},
    )


def said(index: int, words: str, **more: Any) -> tuple[Json, tuple[Json, ...]]:
    """A message and its events."""
    part = {"type": "output_text", "text": words, "annotations": [], "logprobs": [], **more}
    whole = {
        "id": f"msg_{index}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    empty = {**part, "text": "", "annotations": []}
    return whole, item(
        index,
        whole,
        {"type": "response.content_part.added", "content_index": 0, "part": empty},
        {
            "type": "response.output_text.delta",
            "content_index": 0,
            "delta": words,
            "logprobs": [],
        },
        *(
            {
                "type": "response.output_text.annotation.added",
                "content_index": 0,
                "annotation_index": number,
                "annotation": annotation,
            }
            for number, annotation in enumerate(part["annotations"])
        ),
        {"type": "response.output_text.done", "content_index": 0, "text": words, "logprobs": []},
        {"type": "response.content_part.done", "content_index": 0, "part": part},
    )


def called(index: int, kind: str = "function_call", **fields: Any) -> tuple[Json, tuple[Json, ...]]:
    """A call of a tool and its events."""
    key = "arguments" if kind == "function_call" else "input"
    whole = {
        "id": f"fc_{index}",
        "type": kind,
        "status": "completed",
        "call_id": f"call_{index}",
        "name": "look",
        key: '{"q":1}',
        **fields,
    }
    family = "function_call_arguments" if kind == "function_call" else "custom_tool_call_input"
    half = len(whole[key]) // 2
    return whole, item(
        index,
        whole,
        {"type": f"response.{family}.delta", "delta": whole[key][:half]},
        {"type": f"response.{family}.delta", "delta": whole[key][half:]},
        {"type": f"response.{family}.done", key: whole[key], "name": "look"},
    )


def hosted(index: int, kind: str, **fields: Any) -> tuple[Json, tuple[Json, ...]]:
    """A call that the vendor serves, and its events."""
    whole = {"id": f"h_{index}", "type": kind, "status": "completed", **fields}
    return whole, item(
        index,
        whole,
        {"type": f"response.{kind}.in_progress"},
        {"type": f"response.{kind}.completed"},
    )


def whole_of(*pairs: tuple[Json, tuple[Json, ...]], **more: Any) -> tuple[Json, ...]:
    """A stream of items."""
    events = [event for _, events in pairs for event in events]
    return (_CREATED, *events, completed(*(whole for whole, _ in pairs), **more))


def thought(index: int, *summary: str, encrypted: str | None = None) -> tuple[Json, Any]:
    """A reasoning item and its events."""
    parts = [{"type": "summary_text", "text": words} for words in summary]
    whole = {"id": f"rs_{index}", "type": "reasoning", "summary": parts}
    if encrypted:
        whole["encrypted_content"] = encrypted
    events: list[Json] = []
    for number, part in enumerate(parts):
        place = {"summary_index": number}
        empty = {**part, "text": ""}
        events += (
            {"type": "response.reasoning_summary_part.added", **place, "part": empty},
            {"type": "response.reasoning_summary_text.delta", **place, "delta": part["text"]},
            {"type": "response.reasoning_summary_text.done", **place, "text": part["text"]},
            {"type": "response.reasoning_summary_part.done", **place, "part": part},
        )
    return whole, item(index, whole, *events)


_FILE = {"type": "file_citation", "file_id": "file_1", "filename": "a.txt", "index": 3}
_LINK = {
    "type": "url_citation",
    "url": "https://a.example/",
    "title": "A",
    "start_index": 0,
    "end_index": 2,
}

STREAMS: dict[str, tuple[Json, ...]] = {
    "a picture": whole_of(
        hosted(0, "image_generation_call", result="iVBORw0KGgo="), said(1, "There.")
    ),
    "research with many searches": whole_of(
        thought(0, "one", "two", encrypted="ZW5j"),
        hosted(1, "web_search_call", action={"type": "search", "query": "x"}),
        thought(2),
        hosted(3, "web_search_call", action={"type": "open_page", "url": "https://a.example/"}),
        thought(4, "three"),
        said(5, "It is so.", annotations=[_LINK, _FILE]),
    ),
    "code that the vendor runs": whole_of(
        hosted(0, "code_interpreter_call", code="1+1", container_id="c", outputs=[]), said(1, "2")
    ),
    "files that the vendor searches": whole_of(
        hosted(0, "file_search_call", queries=["x"], results=None),
        said(1, "Found.", annotations=[_FILE]),
    ),
    "an approval that is asked for": whole_of(
        hosted(0, "mcp_approval_request", name="echo", arguments="{}", server_label="s")
    ),
    "a computer": whole_of(
        hosted(
            0,
            "computer_call",
            call_id="call_0",
            action={"type": "screenshot"},
            pending_safety_checks=[],
        )
    ),
    "a custom tool": whole_of(called(0, "custom_tool_call", input='say "hi"\n')),
    "text, two calls, text": whole_of(said(0, "a"), called(1), called(2), said(3, "b")),
    "a summary of the context": whole_of(
        hosted(0, "compaction", encrypted_content="ZW5j"), said(1, "On we go.")
    ),
    "phases": whole_of(said(0, "I look."), called(1), said(2, "So it is.")),
    "cut at the cap": (
        _CREATED,
        *said(0, "a")[1],
        completed(
            said(0, "a")[0], kind="incomplete", incomplete_details={"reason": "max_output_tokens"}
        ),
    ),
    "filtered": (
        _CREATED,
        *said(0, "a")[1],
        completed(
            said(0, "a")[0], kind="incomplete", incomplete_details={"reason": "content_filter"}
        ),
    ),
    "the answer in the last event alone": (_CREATED, completed(said(0, "a")[0], called(1)[0])),
    "no counts": whole_of(said(0, "a"), usage=None),
    "nothing at all": whole_of(),
    "items that nobody knows": whole_of(hosted(0, "hologram_call", shape="cube"), said(1, "a")),
    "a failure": (
        _CREATED,
        *said(0, "a")[1],
        {
            "type": "response.failed",
            "response": response("failed", error={"code": "server_error", "message": "It broke."}),
        },
    ),
    "an error with its words inside": (
        _CREATED,
        {"type": "error", "error": {"type": "server_error", "code": "x", "message": "It broke."}},
    ),
    "an error with its words outside": (
        _CREATED,
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down.", "param": None},
    ),
}
