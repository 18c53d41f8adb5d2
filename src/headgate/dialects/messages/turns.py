"""The order that this dialect demands of a conversation: turns, results first, nothing empty.

Works on written messages. Tool results answer the calls of the turn before them, all of them, at
the head of one user message; empty text is refused; the first turn is the user's.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from headgate.model.ids import MESSAGES_TOOL_ID, fit

Block = dict[str, Any]
Turn = dict[str, Any]

_PAUSES = frozenset({"server_tool_use", "mcp_tool_use", "compaction"})
_GO_ON = "(continue)"
_NOTHING_SAID = "(empty message)"
_NO_RESULT = "No result: the call was not answered."


def merge(turns: Iterable[Turn]) -> list[Turn]:
    """Neighbours of one role as one turn, as the vendor itself would read them."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1]["role"] == turn["role"]:
            before = merged[-1]
            content = [*before["content"], *turn["content"]]
            merged[-1] = {**before, **turn, "content": content}
        else:
            merged.append(turn)
    return merged


def answer_calls(turns: list[Turn]) -> list[Turn]:
    """Every call answered by the next turn, every result to a call: what has no counterpart gets
    an error result, or is told as text. An id used twice is told apart."""
    answered: list[Turn] = []
    seen: set[str] = set()
    waiting: dict[str, deque[str]] = {}
    for turn in turns:
        if turn["role"] == "user":
            answered.append({**turn, "content": _results_first(turn["content"], waiting)})
            waiting = {}
            continue
        if waiting:
            answered.append({"role": "user", "content": _results_first([], waiting)})
            waiting = {}
        if turn["role"] == "assistant":
            turn, waiting = _tell_apart(turn, seen)
        answered.append(turn)
    if waiting:
        answered.append({"role": "user", "content": _results_first([], waiting)})
    return answered


def drop_empty(turns: Iterable[Turn]) -> list[Turn]:
    """The turns without empty text; a user's turn that says nothing says so in words."""
    kept: list[Turn] = []
    for turn in turns:
        content = _said(turn["content"], turn["role"])
        if not content and turn["role"] == "user":
            content = [{"type": "text", "text": _NOTHING_SAID}]
        if content:
            kept.append({**turn, "content": content})
    return kept


def begin_with_user(turns: list[Turn]) -> list[Turn]:
    """The turns with the user's first."""
    if turns and turns[0]["role"] == "user":
        return turns
    return [{"role": "user", "content": [{"type": "text", "text": _GO_ON}]}, *turns]


def ends_with_prefill(turns: list[Turn]) -> bool:
    """Whether the last turn is the beginning of an answer that shall be continued. A turn that
    paused amid the vendor's own tools is none: it is sent back to go on."""
    if not turns or turns[-1]["role"] != "assistant":
        return False
    return not any("tool_use_id" in b or b["type"] in _PAUSES for b in turns[-1]["content"])


def ask_to_go_on(turns: list[Turn]) -> list[Turn]:
    """The turns for a model that continues no answer: the user asks for it."""
    return [*turns, {"role": "user", "content": [{"type": "text", "text": _GO_ON}]}]


def trim_prefill(turns: list[Turn]) -> list[Turn]:
    """The turns whose last text does not end with white space, which the vendor refuses."""
    last = turns[-1]["content"][-1]
    if last["type"] == "text":
        last["text"] = last["text"].rstrip()
    return turns


def lacks_thinking(messages: list[Any]) -> bool:
    """Whether a tool loop is under way whose assistant turn does not begin with thinking, so that
    the vendor would refuse manual thinking for this request."""
    if len(messages) < 2 or not _holds(messages[-1], "user", "tool_result"):
        return False
    if not _holds(messages[-2], "assistant", "tool_use"):
        return False
    first = messages[-2]["content"][0]
    return first.get("type") not in ("thinking", "redacted_thinking")


def _holds(message: Any, role: str, kind: str) -> bool:
    if not isinstance(message, dict) or message.get("role") != role:
        return False
    content = message.get("content")
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        return False
    return any(block.get("type") == kind for block in content)


def _tell_apart(turn: Turn, seen: set[str]) -> tuple[Turn, dict[str, deque[str]]]:
    """The turn with unique call ids, and for each id the unique ones that wait for a result."""
    waiting: dict[str, deque[str]] = {}
    content: list[Block] = []
    for block in turn["content"]:
        if block["type"] == "tool_use":
            id_ = block["id"]
            unique = id_
            while unique in seen:
                unique = fit(f"{unique}/{len(seen)}", MESSAGES_TOOL_ID)
            seen.add(unique)
            waiting.setdefault(id_, deque()).append(unique)
            block = {**block, "id": unique}
        content.append(block)
    return {**turn, "content": content}, waiting


def _results_first(content: list[Block], waiting: dict[str, deque[str]]) -> list[Block]:
    results: list[Block] = []
    rest: list[Block] = []
    for block in content:
        if block["type"] != "tool_result":
            rest.append(block)
        elif waiting.get(block["tool_use_id"]):
            results.append({**block, "tool_use_id": waiting[block["tool_use_id"]].popleft()})
        else:
            rest.extend(_as_text(block))
    unanswered = [id_ for ids in waiting.values() for id_ in ids]
    results.extend(
        {"type": "tool_result", "tool_use_id": id_, "content": _NO_RESULT, "is_error": True}
        for id_ in unanswered
    )
    return [*results, *rest]


def _as_text(result: Block) -> list[Block]:
    """A result to no call, told as the user's words."""
    head = f"Result of the tool call {result['tool_use_id']}:"
    content = result.get("content") or []
    if isinstance(content, str):
        return [{"type": "text", "text": f"{head}\n{content}"}]
    shown = [block for block in content if block["type"] != "tool_reference"]
    return [{"type": "text", "text": head}, *shown]


def _said(content: list[Block], role: str) -> list[Block]:
    """Without empty text, and without white space where no real text stands beside it."""
    real = any(block["type"] == "text" and block["text"].strip() for block in content)
    calls = role == "assistant" and any(block["type"] == "tool_use" for block in content)
    return [
        block
        for block in content
        if block["type"] != "text" or block["text"].strip() or (block["text"] and (real or calls))
    ]
