"""Content blocks of a caller's request to parts."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.dialects.messages import checks, signatures
from headgate.dialects.messages.citations import read_citations
from headgate.dialects.messages.own import NAME, without
from headgate.model import media
from headgate.model.fault import bad_request
from headgate.model.parts import (
    CacheMark,
    Document,
    FileId,
    Image,
    Part,
    PlainText,
    Reasoning,
    ResultPart,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Vendor,
)
from headgate.wire import json_text

Block = dict[str, Any]


def read_content(value: Any, where: str) -> tuple[Part, ...]:
    """The parts of a ``content`` or ``system`` field: a string or a list of blocks."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (Text(value),) if value else ()
    if not isinstance(value, list):
        raise bad_request(f"`{where}` must be a string or a list of content blocks.", where)
    return tuple(_read_block(block, f"{where}.{number}") for number, block in enumerate(value))


def read_mark(block: Block, where: str) -> CacheMark | None:
    """The block's ``cache_control``."""
    native = checks.object_or_none(block, "cache_control", where)
    if native is None:
        return None
    ttl = native.get("ttl")
    return CacheMark(ttl if isinstance(ttl, str) else None, native)


def _read_block(block: Any, where: str) -> Part:
    if not isinstance(block, dict):
        raise bad_request(f"`{where}` must be a content block (an object).", where)
    kind = checks.text_at(block, "type", where)
    read = _READERS.get(kind)
    return read(block, where) if read else Vendor(NAME, block)


def _read_text(block: Block, where: str) -> Part:
    return Text(
        checks.text_at(block, "text", where),
        read_citations(block.get("citations")),
        cache=read_mark(block, where),
        extras=_extras(block, "text", "citations"),
    )


def _read_image(block: Block, where: str) -> Part:
    source = _read_source(checks.object_at(block, "source", where), f"{where}.source")
    if source is None:
        return Vendor(NAME, block)
    mark = read_mark(block, where)
    return Image(source, cache=mark, extras=_extras(block, "source"))


def _read_document(block: Block, where: str) -> Part:
    source = _read_source(checks.object_at(block, "source", where), f"{where}.source")
    if source is None:
        return Vendor(NAME, block)
    cite = checks.object_or_none(block, "citations", where)
    return Document(
        source,
        checks.text_or_none(block, "title", where),
        checks.text_or_none(block, "context", where),
        cite is not None and cite.get("enabled") is True,
        read_mark(block, where),
        _extras(block, "source", "title", "context", "citations"),
    )


def _read_source(source: Block, where: str) -> Source | None:
    kind = checks.text_at(source, "type", where)
    if kind == "base64":
        label = checks.text_at(source, "media_type", where)
        return media.inline(label, checks.text_at(source, "data", where))
    if kind == "text":
        return PlainText(checks.text_at(source, "data", where))
    if kind == "url":
        return Url(checks.text_at(source, "url", where))
    if kind == "file":
        return FileId(checks.text_at(source, "file_id", where), NAME)
    return None


def _read_thinking(block: Block, where: str) -> Part:
    words = checks.text_at(block, "thinking", where)
    state = signatures.from_caller(block.get("signature"), "signature")
    return Reasoning(words, state=state, extras=_extras(block, "thinking", "signature"))


def _read_redacted(block: Block, where: str) -> Part:
    data = checks.text_at(block, "data", where)
    state = signatures.from_caller(data, "redacted")
    return Reasoning(state=state, extras=_extras(block, "data"))


def _read_call(block: Block, where: str) -> Part:
    value = block.get("input")
    return ToolCall(
        checks.text_at(block, "id", where),
        checks.text_at(block, "name", where),
        json_text.encode_text({} if value is None else value),
        cache=read_mark(block, where),
        extras=_extras(block, "id", "name", "input"),
    )


def _read_result(block: Block, where: str) -> Part:
    return ToolResult(
        checks.text_at(block, "tool_use_id", where),
        tuple(_result_part(p) for p in read_content(block.get("content"), f"{where}.content")),
        checks.bool_or_none(block, "is_error", where) or False,
        cache=read_mark(block, where),
        extras=_extras(block, "tool_use_id", "content", "is_error"),
    )


def _result_part(part: Part) -> ResultPart:
    if isinstance(part, Text | Image | Document | Vendor):
        return part
    raise bad_request("A tool result cannot hold thinking, calls or other results.", "messages")


def _extras(block: Block, *known: str) -> dict[str, object] | None:
    return without(block, frozenset({"type", "cache_control", *known})) or None


_READERS: Mapping[str, Callable[[Block, str], Part]] = {
    "text": _read_text,
    "image": _read_image,
    "document": _read_document,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
    "tool_use": _read_call,
    "tool_result": _read_result,
}
