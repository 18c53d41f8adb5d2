"""Items between requests: a request's own, those of earlier turns put before them, references."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from headgate.dialects.responses.items import minted_tail
from headgate.dialects.responses.notes import MINTED_REASONING, without
from headgate.wire import json_text
from headgate.wire.json_fields import objects, text

Item = dict[str, Any]

_PREFIXES: Mapping[str, str] = {
    "message": "msg_",
    "reasoning": MINTED_REASONING,
    "function_call": "fc_",
    "function_call_output": "fco_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "cto_",
}
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_ANONYMOUS = frozenset(_PREFIXES) - {"reasoning"}
"""What a vendor takes back without an id, and may look up by one."""
_ESCAPED_ASCII = re.compile(rb"\\u00[0-7]|\\/")
_CHAINING = ("previous_response_id", "conversation")


def own_items(body: bytes, seed: str) -> list[Item]:
    """The items that a request brings itself, whole and each with an id; `seed` makes those that
    it left out. What is no item is left out: it is refused where the request is read."""
    value = json_text.object_or_none(body) or {}
    return with_ids(items_of(value.get("input")), seed)


def items_of(said: Any) -> list[Item]:
    """The items in an ``input``, in their whole form."""
    if isinstance(said, str):
        return [_message("user", said)]
    if not isinstance(said, list):
        return []
    return [_whole(item) for item in said if isinstance(item, dict | str)]


def with_ids(items: Iterable[Item], seed: str) -> list[Item]:
    """The items, each with an id; those without get one made from `seed`."""
    made = []
    for number, item in enumerate(items):
        id_ = item.get("id")
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            prefix = _PREFIXES.get(text(item, "type"), "item_")
            item = {**item, "id": f"{prefix}{minted_tail(seed, 0x800 + number)}"}
        made.append(item)
    return made


def ids_of(items: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The ids by which the items may be referred to."""
    found = (text(item, "id") for item in items if item.get("type") != "item_reference")
    return tuple(dict.fromkeys(id_ for id_ in found if _ID.fullmatch(id_)))


def output_of(response: Mapping[str, Any]) -> list[Item]:
    """The items that a response says."""
    return objects(response, "output")


def completed(body: bytes, history: Sequence[Item]) -> bytes:
    """The request with what was said before in front of its own items, so that it stands alone.

    Ids of what was said before stay at home: the vendor that is asked now need not know them.
    """
    value = json_text.object_or_none(body) or {}
    said = value.get("input")
    own = said if isinstance(said, list) else items_of(said)
    past = [_bare(item) for item in history if item.get("type") != "item_reference"]
    rest = without(value, *_CHAINING, "input")
    return json_text.encode({**rest, "input": [*past, *own]})


def references(body: bytes) -> tuple[str, ...]:
    """The ids that a request refers to instead of saying the items, each once."""
    if not _may_refer(body):
        return ()
    value = json_text.object_or_none(body) or {}
    said = (text(item, "id") for item in objects(value, "input") if _refers(item))
    return tuple(dict.fromkeys(said))


def resolved(body: bytes, find: Callable[[str], Item | None]) -> bytes:
    """The request with the items that it refers to; those that `find` does not know stay."""
    value = json_text.object_or_none(body) or {}

    def settle(item: Any) -> Any:
        found = find(text(item, "id")) if _refers(item) else None
        return item if found is None else _bare(found)

    return json_text.encode({**value, "input": [settle(item) for item in value.get("input", [])]})


def alone(body: bytes) -> bytes:
    """The request without what ties it to others, for a backend that keeps the history itself."""
    value = json_text.object_or_none(body) or {}
    return json_text.encode(without(value, *_CHAINING, "store", "background", "include"))


def _may_refer(body: bytes) -> bool:
    """Whether it is worth a closer look; an escape may hide a word."""
    return b'"id"' in body or _ESCAPED_ASCII.search(body) is not None


def _refers(item: Any) -> bool:
    """Whether this stands for an item; its type may be left out, and a backend that keeps items
    would look up whatever is left to it."""
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    return kind == "item_reference" or (kind is None and "id" in item and "role" not in item)


def _whole(item: Any) -> Item:
    if isinstance(item, str):
        return _message("user", item)
    if text(item, "type") not in ("", "message") or not text(item, "role"):
        return dict(item)
    content = item.get("content")
    if not isinstance(content, str):
        return {"type": "message", **item}
    return {**item, **_message(text(item, "role"), content)}


def _message(role: str, said: str) -> Item:
    part: Item = {"type": "input_text", "text": said}
    if role == "assistant":
        part = {"type": "output_text", "text": said, "annotations": []}
    return {"type": "message", "role": role, "content": [part]}


def _bare(item: Item) -> Item:
    """An item of earlier turns as any vendor takes it. Reasoning without its encrypted content is
    only known to who keeps it, so it gets an id that says that it is nobody's."""
    kind = text(item, "type")
    if kind in _ANONYMOUS:
        return without(item, "id")
    if kind == "reasoning" and not item.get("encrypted_content"):
        return {**item, "id": f"{MINTED_REASONING}{text(item, 'id')[:64]}"}
    return item
