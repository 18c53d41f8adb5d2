"""Streams of Chat Completions."""

from typing import Any

Json = dict[str, Any]


def chunk(delta: Json | None, finish: str | None = None, index: int = 0, **more: Any) -> Json:
    """One chunk of one choice."""
    choice: Json = {"index": index, "finish_reason": finish}
    if delta is not None:
        choice["delta"] = delta
    return {"id": "c1", "object": "chat.completion.chunk", "choices": [choice], **more}


def call(index: int | None, id_: str | None, name: str | None, arguments: Any) -> Json:
    """One entry of ``tool_calls``."""
    entry = {"index": index, "id": id_, "type": "function" if id_ else None}
    function = {"name": name, "arguments": arguments}
    return {
        **{k: v for k, v in entry.items() if v is not None},
        "function": {k: v for k, v in function.items() if v is not None},
    }


COUNTED = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
_STOP = chunk({}, "stop")
_TOOLS = chunk({}, "tool_calls")
_USAGE = {"id": "c1", "choices": [], "usage": COUNTED}
_PNG = "data:image/png;base64,iVBORw0KGgo="

STREAMS: dict[str, tuple[Json, ...]] = {
    "two answers, interleaved": (
        chunk({"role": "assistant", "content": ""}),
        chunk({"role": "assistant", "content": ""}, index=1),
        chunk({"content": "a"}),
        chunk({"content": "b"}, index=1),
        chunk({"content": "c"}),
        chunk({}, "stop", 1),
        _STOP,
        _USAGE,
    ),
    "two calls, interleaved": (
        chunk({"tool_calls": [call(0, "a", "look", ""), call(1, "b", "look", "")]}),
        chunk({"tool_calls": [call(0, None, None, '{"q":')]}),
        chunk({"tool_calls": [call(1, None, None, '{"q":"2')]}),
        chunk({"tool_calls": [call(0, None, None, "1}")]}),
        chunk({"tool_calls": [call(1, None, None, '"}')]}),
        _TOOLS,
        _USAGE,
    ),
    "every call with the index 0": (
        chunk({"tool_calls": [call(0, "a", "look", '{"q":1}')]}),
        chunk({"tool_calls": [call(0, "b", "look", '{"q":2}')]}),
        chunk({}, "stop", usage=COUNTED),
    ),
    "calls without an index": (
        chunk({"tool_calls": [call(None, "a", "look", '{"q":1}')]}),
        chunk({"tool_calls": [call(None, "b", "look", '{"q":2}')]}),
        _STOP,
    ),
    "arguments as an object": (
        chunk({"content": "so", "tool_calls": [call(0, "a", "look", {"q": 1})]}, "stop"),
    ),
    "an empty id and name on later pieces": (
        chunk({"tool_calls": [call(0, "a", "look", "")]}),
        chunk({"tool_calls": [call(0, "", "", "{}")]}),
        _TOOLS,
    ),
    "a custom tool": (
        chunk(
            {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh"}}]}
        ),
        chunk({"tool_calls": [{"index": 0, "custom": {"input": "ls "}}]}),
        chunk({"tool_calls": [{"index": 0, "custom": {"input": '"x"'}}]}),
        _TOOLS,
    ),
    "a function call of the first generation": (
        chunk(
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}}
        ),
        chunk({"function_call": {"arguments": '{"a":'}}),
        chunk({"function_call": {"arguments": "1}"}}),
        chunk({}, "function_call"),
    ),
    "a refusal": (
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"refusal": "I can"}),
        chunk({"refusal": "not."}),
        _STOP,
    ),
    "sound": (
        chunk({"audio": {"id": "au_1", "transcript": "he"}}),
        chunk({"audio": {"data": "AAAA", "transcript": "llo"}}),
        chunk({"audio": {"expires_at": 9}}),
        _STOP,
    ),
    "a picture": (
        chunk({"content": "see"}),
        chunk({"images": [{"type": "image_url", "image_url": {"url": _PNG}, "index": 0}]}),
        _STOP,
    ),
    "token entries": (
        {
            **chunk({"content": "a"}),
            "choices": [
                {
                    "index": 0,
                    "delta": {"content": "a"},
                    "logprobs": {"content": [{"token": "a", "logprob": -1, "top_logprobs": []}]},
                    "finish_reason": None,
                }
            ],
        },
        _STOP,
    ),
    "sources of a search": (
        chunk({"content": "It is so [1]."}, citations=["https://a.example/"]),
        chunk(
            {
                "annotations": [
                    {
                        "type": "url_citation",
                        "url_citation": {
                            "url": "https://b.example/",
                            "title": "B",
                            "start_index": 0,
                            "end_index": 5,
                        },
                    }
                ]
            }
        ),
        _STOP,
    ),
    "the whole message beside each delta": (
        {
            "id": "c1",
            "choices": [
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": "a"},
                    "message": {"role": "assistant", "content": "a"},
                    "finish_reason": None,
                }
            ],
            "usage": COUNTED,
        },
        {
            "id": "c1",
            "object": "chat.completion.done",
            "choices": [
                {
                    "index": 0,
                    "delta": {"content": "b"},
                    "message": {"role": "assistant", "content": "ab"},
                    "finish_reason": "stop",
                }
            ],
            "usage": COUNTED,
        },
    ),
    "thought in parts of the content": (
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}),
        chunk({"content": [{"type": "text", "text": "yes"}]}),
        chunk({"content": ", sure"}),
        chunk({"content": ""}, "stop", usage=COUNTED),
    ),
    "thought, words and a call in one chunk": (
        chunk(
            {"reasoning": "hm", "content": "yes", "tool_calls": [call(0, "a", "f", "{}")]}, "stop"
        ),
    ),
    "thought as details alone": (
        chunk(
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "hm", "index": 0, "format": "x"}
                ]
            }
        ),
        chunk({"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]}),
        chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "d", "index": 1}]}),
        chunk({"content": "yes"}),
        _STOP,
    ),
    "thought behind the answer": (
        chunk({"content": "yes"}),
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "!"}),
        _STOP,
    ),
    "thought that the usage leaves out": (
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "yes"}),
        chunk(
            {},
            "stop",
            usage={
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 35,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
        ),
    ),
    "usage in a field of the vendor's": (
        chunk({"content": "a"}, x_groq={"id": "r"}),
        chunk({}, "stop", x_groq={"id": "r", "usage": COUNTED}),
    ),
    "usage on every chunk": (
        chunk({"content": "a"}, usage={**COUNTED, "completion_tokens": 1, "total_tokens": 6}),
        chunk({"content": "b"}, usage=COUNTED),
        chunk({}, "stop", usage=COUNTED),
    ),
    "filters before, between and behind": (
        {"id": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": [{"p": 0}]},
        chunk({"role": "assistant", "content": "a"}, content_filter_results={}),
        chunk(None),
        chunk({}, "content_filter"),
        _USAGE,
    ),
    "cut at the cap": (chunk({"content": "a"}), chunk({}, "length"), _USAGE),
    "a call that is cut at the cap": (
        chunk({"tool_calls": [call(0, "a", "look", '{"q":1}')]}),
        chunk({}, "length"),
    ),
    "an end that nobody knows": (chunk({"content": "a"}), chunk({}, "eos_token"), _USAGE),
    "the empty answer": (chunk({"role": "assistant", "content": ""}), _STOP, _USAGE),
    "an error behind the first words": (
        chunk({"content": "a"}),
        {"error": {"message": "The engine died.", "type": "server_error", "code": 500}},
    ),
    "an error in a choice": (
        chunk({"content": "a"}),
        {
            "id": "c1",
            "error": {"code": 502, "message": "Upstream error."},
            "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
        },
    ),
}
