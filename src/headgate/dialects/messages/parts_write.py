"""Parts to content blocks of a request."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from headgate.dialects.messages import betas, signatures
from headgate.dialects.messages.citations import native_citations
from headgate.dialects.messages.own import NAME
from headgate.dialects.messages.writing import Writing
from headgate.model import media
from headgate.model.ids import MESSAGES_TOOL_ID, fit
from headgate.model.parts import (
    Audio,
    Document,
    FileId,
    Image,
    Inline,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Vendor,
)
from headgate.wire import json_text

Block = dict[str, Any]

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_UNREADABLE = frozenset({"compaction", "item_reference"})


def write_part(part: Part, role: str, writing: Writing) -> list[Block]:
    """The blocks of `part` in a message of `role`; none where it cannot be carried."""
    if role == "assistant" and isinstance(part, Image | Document):
        writing.losses.add("messages", type(part).__name__.lower())
        return []
    block = _WRITERS[type(part)](part, writing)
    return [] if block is None else [block]


def _text(part: Text, writing: Writing) -> Block:
    block: Block = {"type": "text", "text": part.text}
    cited = native_citations(part.citations)
    if cited:
        block["citations"] = cited
    elif part.citations:
        writing.losses.add("messages", "citations" if writing.native else "annotations")
    return writing.finish(block, part.cache, part.extras, "messages")


def _refusal(part: Refusal, writing: Writing) -> Block:
    return {"type": "text", "text": part.text}


def _reasoning(part: Reasoning, writing: Writing) -> Block | None:
    goal = writing.destination
    block = signatures.for_backend(
        part.text, part.state, goal.vendor, goal.quirks.wants_reasoning_back
    )
    return None if block is None else writing.finish(block, None, part.extras, "messages")


def _call(part: ToolCall, writing: Writing) -> Block:
    block = {
        "type": "tool_use",
        "id": fit(part.id, MESSAGES_TOOL_ID),
        "name": writing.names.wire(part.name, part.namespace),
        "input": {"input": part.arguments} if part.custom else _arguments(part.arguments),
    }
    return writing.finish(block, part.cache, part.extras, "messages")


def _arguments(text: str) -> Block:
    if not text.strip():
        return {}
    value = json_text.object_or_none(text)
    return {"_raw": text} if value is None else value


def _result(part: ToolResult, writing: Writing) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": fit(part.call_id, MESSAGES_TOOL_ID)}
    inner = [b for p in part.parts for b in write_part(p, "tool", writing) if not _is_empty(b)]
    if len(inner) == 1 and inner[0].keys() == {"type", "text"}:
        block["content"] = inner[0]["text"]
    elif inner:
        block["content"] = inner
    if part.is_error:
        block["is_error"] = True
    return writing.finish(block, part.cache, part.extras, "messages")


def _is_empty(block: Block) -> bool:
    return block["type"] == "text" and not block["text"]


def _image(part: Image, writing: Writing) -> Block:
    if not writing.destination.abilities.images:
        raise writing.refuse("messages", "image", message="The target model takes no images.")
    if part.detail not in (None, "auto"):
        writing.losses.add("messages", "detail")
    block = {"type": "image", "source": _image_source(part.source, writing)}
    return writing.finish(block, part.cache, part.extras, "messages")


def _image_source(source: Source, writing: Writing) -> Block:
    if isinstance(source, Inline):
        true = media.inline(source.media_type, source.data)
        if true.media_type not in _IMAGES:
            message = f"The target takes JPEG, PNG, GIF and WebP images, not {true.media_type}."
            raise writing.refuse("messages", "image", message=message)
        return {"type": "base64", "media_type": true.media_type, "data": true.data}
    return _remote(source, "image", writing)


def _document(part: Document, writing: Writing) -> Block:
    block: Block = {"type": "document", "source": _document_source(part.source, writing)}
    if part.title is not None:
        block["title"] = part.title
    if part.context is not None:
        block["context"] = part.context
    if part.cite:
        block["citations"] = {"enabled": True}
    return writing.finish(block, part.cache, part.extras, "messages")


def _document_source(source: Source, writing: Writing) -> Block:
    if isinstance(source, PlainText):
        return {"type": "text", "media_type": "text/plain", "data": source.text}
    if not isinstance(source, Inline):
        return _remote(source, "document", writing)
    if source.media_type == "application/pdf":
        return {"type": "base64", "media_type": "application/pdf", "data": source.data}
    text = _plain_text(source)
    if text is None:
        message = f"The target takes PDF and plain text files, not {source.media_type}."
        raise writing.refuse("messages", "file", message=message)
    return {"type": "text", "media_type": "text/plain", "data": text}


def _plain_text(source: Inline) -> str | None:
    if not source.media_type.startswith(("text/", "application/json")):
        return None
    try:
        return base64.b64decode(source.data).decode()
    except ValueError:
        return None


def _remote(source: Source, what: str, writing: Writing) -> Block:
    if isinstance(source, Url):
        if writing.destination.quirks.takes_remote_images:
            return {"type": "url", "url": source.url}
        message = f"The target fetches nothing itself: send the {what} as base64 data."
        raise writing.refuse("messages", what, message=message)
    if isinstance(source, FileId) and source.dialect == NAME:
        return {"type": "file", "file_id": source.id}
    message = f"The {what} lies with another vendor: send its data."
    raise writing.refuse("messages", what, message=message)


def _audio(part: Audio, writing: Writing) -> Block | None:
    if part.data:
        raise writing.refuse("messages", "audio", message="The target takes no audio.")
    writing.losses.add("messages", "audio")
    return {"type": "text", "text": part.transcript} if part.transcript else None


def _vendor(part: Vendor, writing: Writing) -> Block | None:
    kind = part.kind
    if part.dialect == NAME:
        refused = writing.destination.quirks.refuses_betas and betas.of_block(part.payload)
        if not refused:
            return dict(part.payload)
    elif kind in _UNREADABLE:
        message = f"Only its own vendor can read a `{kind}` item."
        raise writing.refuse("messages", kind, message=message)
    writing.losses.add("messages", kind)
    return None


_WRITERS: Mapping[type, Callable[[Any, Writing], Block | None]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    ToolCall: _call,
    ToolResult: _result,
    Image: _image,
    Document: _document,
    Audio: _audio,
    Vendor: _vendor,
}
