"""What is legal in a stream of the Responses dialect: order, numbers, ids, keys, repetition."""

from typing import Any

Json = dict[str, Any]

RESOURCE_KEYS = frozenset(
    {
        "id",
        "object",
        "created_at",
        "completed_at",
        "status",
        "incomplete_details",
        "model",
        "previous_response_id",
        "instructions",
        "output",
        "error",
        "tools",
        "tool_choice",
        "truncation",
        "parallel_tool_calls",
        "text",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "top_logprobs",
        "temperature",
        "reasoning",
        "usage",
        "max_output_tokens",
        "max_tool_calls",
        "store",
        "background",
        "service_tier",
        "metadata",
        "safety_identifier",
        "prompt_cache_key",
    }
)
"""The keys that the Open Responses schema demands of every response."""

_TERMINAL = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
}
_MADE = frozenset({"message", "reasoning", "function_call", "custom_tool_call"})
"""Items that the gateway puts together; others come whole from their vendor."""

_FAMILIES = {
    "response.output_text": ("content_index", "text", "output_text"),
    "response.refusal": ("content_index", "refusal", "refusal"),
    "response.reasoning_summary_text": ("summary_index", "text", "summary_text"),
    "response.reasoning_text": ("content_index", "text", "reasoning_text"),
    "response.function_call_arguments": (None, "arguments", "function_call"),
    "response.custom_tool_call_input": (None, "input", "custom_tool_call"),
}


def check_responses(events: list[Json]) -> None:
    """Asserts that `events` are a whole stream, or one that an error broke off."""
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    rules = _Response()
    for event in events:
        assert not rules.over, "nothing follows the end"
        rules.take(event)
    assert rules.over


class _Response:
    """The rules of one response's stream."""

    def __init__(self) -> None:
        self.over = False
        self._error: Json | None = None
        self._id: str | None = None
        self._ids: set[str] = set()
        self._items: dict[int, Json] = {}
        self._done: dict[int, Json] = {}
        self._parts: dict[tuple[int, str, int | None], list[str]] = {}
        self._whole: dict[tuple[int, str, int | None], str] = {}

    def take(self, event: Json) -> None:
        kind = event["type"]
        family, _, verb = kind.rpartition(".")
        if kind in _TERMINAL:
            self._end(event)
        elif kind == "error":
            self._take_error(event)
        elif family in _FAMILIES and verb in ("delta", "done"):
            self._text(event, family, verb)
        else:
            _RULES[kind](self, event)

    def _annotation(self, event: Json) -> None:
        self._key(event, "response.output_text")
        assert isinstance(event["annotation"]["type"], str)

    def _begin(self, event: Json) -> None:
        response = event["response"]
        assert (event["type"] == "response.created") == (self._id is None), "created comes first"
        assert self._id in (None, response["id"])
        self._id = response["id"]
        assert self._id
        assert response["status"] == "in_progress"
        assert response["output"] == []
        assert response.keys() >= RESOURCE_KEYS, RESOURCE_KEYS - response.keys()

    def _item_added(self, event: Json) -> None:
        assert self._id is not None
        index, item = event["output_index"], event["item"]
        assert index == len(self._items), "items are numbered in the order of their beginning"
        if item["type"] in _MADE:
            assert item["id"]
            assert item["id"] not in self._ids, "ids are not used again"
            self._ids.add(item["id"])
        self._items[index] = item

    def _item_done(self, event: Json) -> None:
        index, item = event["output_index"], event["item"]
        assert index not in self._done
        begun = self._items[index]
        assert (item["type"], item.get("id")) == (begun["type"], begun.get("id"))
        self._done[index] = item
        for (place, family, _), whole in self._whole.items():
            if place == index and family == "response.function_call_arguments":
                assert item["arguments"] == whole
        open_parts = [key for key in self._parts if key[0] == index and key not in self._whole]
        assert not open_parts, "every part ended before its item"

    def _part_added(self, event: Json) -> None:
        index = event["output_index"]
        assert index in self._items
        assert index not in self._done
        assert event["item_id"] == self._items[index]["id"]

    def _part_done(self, event: Json) -> None:
        key = self._key(event, _family_of(event["part"]["type"]))
        said = event["part"].get("text", event["part"].get("refusal"))
        assert said == self._whole[key], "the part repeats what was said"

    def _text(self, event: Json, family: str, verb: str) -> None:
        key = self._key(event, family)
        assert key not in self._whole, "a part goes on behind its end"
        if verb == "delta":
            assert isinstance(event["delta"], str)
            self._parts.setdefault(key, []).append(event["delta"])
        else:
            self._whole[key] = event[_FAMILIES[family][1]]
            assert self._whole[key] == "".join(self._parts.get(key, [])), "the end repeats all"

    def _key(self, event: Json, family: str) -> tuple[int, str, int | None]:
        index = event["output_index"]
        assert index not in self._done, "an item goes on behind its end"
        assert event["item_id"] == self._items[index]["id"]
        place = _FAMILIES[family][0]
        return index, family, event[place] if place else None

    def _take_error(self, event: Json) -> None:
        assert self._error is None
        self._error = event["error"]
        for holder in (event, event["error"]):
            assert holder["message"]
            assert "code" in holder
            assert "param" in holder

    def _end(self, event: Json) -> None:
        response = event["response"]
        self.over = True
        assert response["status"] == _TERMINAL[event["type"]]
        assert self._id in (None, response["id"])
        assert response.keys() >= RESOURCE_KEYS, RESOURCE_KEYS - response.keys()
        failed = response["status"] == "failed"
        assert failed or self._error is None
        assert (response["error"] is not None) == failed
        if failed:
            assert response["error"]["code"]
            assert response["error"]["message"]
            return
        assert len(self._done) == len(self._items), "every item ended"
        assert response["output"] == [self._done[index] for index in sorted(self._done)]
        assert (response["incomplete_details"] is not None) == (response["status"] == "incomplete")
        _check_usage(response["usage"])


_RULES = {
    "response.created": _Response._begin,
    "response.in_progress": _Response._begin,
    "response.output_item.added": _Response._item_added,
    "response.output_item.done": _Response._item_done,
    "response.content_part.added": _Response._part_added,
    "response.content_part.done": _Response._part_done,
    "response.reasoning_summary_part.added": _Response._part_added,
    "response.reasoning_summary_part.done": _Response._part_done,
    "response.output_text.annotation.added": _Response._annotation,
}


def _family_of(kind: str) -> str:
    return next(family for family, (_, _, part) in _FAMILIES.items() if part == kind)


def _check_usage(usage: Json | None) -> None:
    """Codex stops at a null where an integer belongs."""
    if usage is None:
        return
    for field in ("input_tokens", "output_tokens", "total_tokens"):
        assert isinstance(usage[field], int), usage
    assert isinstance(usage["input_tokens_details"]["cached_tokens"], int)
    assert isinstance(usage["output_tokens_details"]["reasoning_tokens"], int)
