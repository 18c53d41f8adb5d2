import copy
from typing import Any

from headgate.dialects.messages import cache_marks

MARK = {"type": "ephemeral"}


def _marked(name: str) -> dict[str, Any]:
    return {"type": "text", "text": name, "cache_control": MARK}


def _left(body: dict[str, Any]) -> list[str]:
    blocks = [*body.get("tools", []), *body.get("system", [])]
    for message in body["messages"]:
        for block in message["content"]:
            blocks += [block, *block.get("content", [])]
    return [block["text"] for block in blocks if "cache_control" in block]


def _body(*messages: dict[str, Any], **prefix: Any) -> dict[str, Any]:
    return {"messages": [{"content": list(messages)}], **prefix}


def test_four_marks_stay() -> None:
    body = _body(_marked("a"), _marked("b"), system=[_marked("s")], tools=[_marked("t")])
    cache_marks.limit(body)
    assert _left(body) == ["t", "s", "a", "b"]


def test_t94_the_oldest_in_the_messages_go_first() -> None:
    nested = {"type": "tool_result", "text": "r", "content": [_marked("n")]}
    body = _body(_marked("a"), nested, _marked("c"), system=[_marked("s")], tools=[_marked("t")])
    cache_marks.limit(body)
    assert _left(body) == ["t", "s", "n", "c"]


def test_the_mark_of_the_whole_request_counts() -> None:
    body = _body(
        _marked("a"), _marked("b"), system=[_marked("s"), _marked("r")], cache_control=MARK
    )
    cache_marks.limit(body)
    assert _left(body) == ["s", "r", "b"]


def test_marks_of_the_prefix_go_last() -> None:
    body = _body(_marked("a"), system=[_marked(str(number)) for number in range(6)])
    cache_marks.limit(body)
    assert _left(body) == ["0", "1", "2", "3"]


def test_what_is_no_block_has_no_mark() -> None:
    body = {"messages": [{"content": [{"type": "x", "content": [7, "a", [{"cache_control": 1}]]}]}]}
    before = copy.deepcopy(body)
    cache_marks.limit(body)
    assert body == before
