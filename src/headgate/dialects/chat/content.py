"""Content parts in both directions: text, pictures, files, sound."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.dialects.chat.lenient import Json, object_in, objects_in, rest_of, text_in
from headgate.model.media import inline, read_url, write_url
from headgate.model.parts import (
    Audio,
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    Url,
    Vendor,
)

_MARKS = ("cache_control",)


def read_content(content: Any) -> tuple[Part, ...]:
    """The parts in ``content``; an empty string, a null and an empty list hold none."""
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if not isinstance(content, list):
        return ()
    parts = (Text(p) if isinstance(p, str) else read_part(p) for p in content if p)
    return tuple(part for part in parts if part is not None)


def read_part(entry: Any) -> Part | None:
    """One content part; what has no word in the hub rides whole. None where it is no part."""
    if not isinstance(entry, dict):
        return None
    read = _READERS.get(text_in(entry.get("type")))
    part = read(entry) if read is not None else None
    return part if part is not None else Vendor("chat", entry)


def _read_text(entry: Json) -> Part | None:
    text = entry.get("text")
    if text is None:
        return Text("")
    extras = rest_of(entry, ("type", "text", "annotations", "logprobs", *_MARKS))
    return Text(text, cache=read_mark(entry), extras=extras) if isinstance(text, str) else None


def _read_refusal(entry: Json) -> Part:
    return Refusal(text_in(entry.get("refusal")))


def _read_thinking(entry: Json) -> Part:
    inner = entry.get("thinking")
    text = text_in(inner) or "".join(text_in(item.get("text")) for item in objects_in(inner))
    return Reasoning(text)


def _read_image(entry: Json) -> Part | None:
    field = entry.get("image_url")
    body = field if isinstance(field, dict) else {"url": field}
    url = body.get("url")
    if not isinstance(url, str):
        return None
    detail = text_in(body.get("detail")) or text_in(entry.get("detail")) or None
    extras = rest_of(entry, ("type", "image_url", "detail", "index", *_MARKS))
    return Image(read_url(url), detail, read_mark(entry), extras)


def _read_audio(entry: Json) -> Part:
    body = object_in(entry.get("input_audio"))
    return Audio(text_in(body.get("data")), text_in(body.get("format")) or None)


def _read_file(entry: Json) -> Part | None:
    body = object_in(entry.get("file")) or entry
    title = text_in(body.get("filename")) or None
    data = text_in(body.get("file_data"))
    id_ = text_in(body.get("file_id"))
    extras = rest_of(entry, ("type", "file", "file_data", "file_id", "filename", *_MARKS))
    if id_:
        return Document(FileId(id_, "chat"), title, cache=read_mark(entry), extras=extras)
    if not data:
        return None
    source = read_url(data)
    if isinstance(source, Url) and "://" not in data[:16]:
        source = inline("application/octet-stream", data)
    return Document(source, title, cache=read_mark(entry), extras=extras)


_READERS: Mapping[str, Callable[[Json], Part | None]] = {
    "text": _read_text,
    "input_text": _read_text,
    "output_text": _read_text,
    "refusal": _read_refusal,
    "thinking": _read_thinking,
    "image_url": _read_image,
    "input_image": _read_image,
    "input_audio": _read_audio,
    "file": _read_file,
    "input_file": _read_file,
}


def read_mark(entry: Mapping[str, Any]) -> CacheMark | None:
    """The prompt-cache mark on a part or tool."""
    native = entry.get("cache_control")
    if not isinstance(native, dict):
        return None
    return CacheMark(text_in(native.get("ttl")) or None, native)


def write_image(image: Image) -> Json | None:
    """The part of a picture; None where it is a file of some vendor's."""
    source = image.source
    if not isinstance(source, Inline | Url):
        return None
    detail = {"detail": image.detail} if image.detail else {}
    return {"type": "image_url", "image_url": {"url": write_url(source), **detail}}


def write_document(document: Document) -> Json | None:
    """The part of a file, plain text as text; None where no part can carry it."""
    source = document.source
    title = document.title
    match source:
        case PlainText(text=text):
            heads = [head for head in (title, document.context) if head]
            return {"type": "text", "text": "\n\n".join([*heads, text])}
        case FileId(id=id_, dialect="chat"):
            body = {"file_id": id_}
        case Inline():
            body = {"file_data": write_url(source)}
            title = title or f"document.{source.media_type.rpartition('/')[2]}"
        case _:
            return None
    return {"type": "file", "file": {**body, **({"filename": title} if title else {})}}


def write_audio(audio: Audio) -> Json:
    """The part of sound that a user sends."""
    body = {"data": audio.data, **({"format": audio.format} if audio.format else {})}
    return {"type": "input_audio", "input_audio": body}
