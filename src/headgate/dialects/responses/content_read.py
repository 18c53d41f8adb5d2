"""Content parts of messages and tool outputs, read: text, refusal, image, file, sound."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.dialects.responses.notes import NAME, extras_of, without
from headgate.model import media
from headgate.model.fault import bad_request
from headgate.model.parts import (
    Audio,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    Inline,
    Refusal,
    Source,
    Text,
    Url,
    Vendor,
)
from headgate.wire.json_fields import count, fields, objects, text

ContentPart = Text | Refusal | Image | Document | Audio | Vendor

_BREAKPOINT = "prompt_cache_breakpoint"


def read_content(content: Any, param: str) -> tuple[ContentPart, ...]:
    """The parts of a ``content`` or ``output`` field: a string or a list.

    Raises Refused naming `param` where it is neither.
    """
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, list):
        raise bad_request(f"'{param}' must be a string or a list of content parts.", param)
    return tuple(_read_part(part, f"{param}[{number}]") for number, part in enumerate(content))


def read_output_text(part: Mapping[str, Any], note: Mapping[str, Any]) -> Text:
    """One ``output_text`` part with its annotations and logprobs; `note` is its item's."""
    logprobs = tuple(objects(part, "logprobs"))
    known = ("type", "text", "annotations", "logprobs", _BREAKPOINT)
    return Text(
        text(part, "text"),
        tuple(read_annotation(e) for e in objects(part, "annotations") if text(e, "type")),
        logprobs or None,
        _cache(part),
        extras_of(note, without(part, *known)),
    )


def read_annotation(annotation: Mapping[str, Any]) -> Citation:
    """One annotation of an answer's text."""
    return Citation(
        url=text(annotation, "url") or None,
        title=text(annotation, "title") or text(annotation, "filename") or None,
        start=count(annotation, "start_index"),
        end=count(annotation, "end_index"),
        native=annotation,
        dialect=NAME,
    )


def _read_part(part: Any, param: str) -> ContentPart:
    if isinstance(part, str):
        return Text(part)
    if not isinstance(part, dict):
        raise bad_request(f"'{param}' must be an object with a 'type'.", param)
    read = _READERS.get(text(part, "type"))
    return read(part) if read else Vendor(NAME, part)


def _text(part: Mapping[str, Any]) -> ContentPart:
    return read_output_text(part, {})


def _refusal(part: Mapping[str, Any]) -> ContentPart:
    return Refusal(text(part, "refusal"))


def _image(part: Mapping[str, Any]) -> ContentPart:
    source = _source(part, "image_url")
    if source is None:
        return Vendor(NAME, part)
    return Image(
        source,
        text(part, "detail") or None,
        _cache(part),
        extras_of({}, without(part, "type", "image_url", "file_id", "detail", _BREAKPOINT)),
    )


def _file(part: Mapping[str, Any]) -> ContentPart:
    source = _source(part, "file_url")
    data = text(part, "file_data")
    if data:
        read = media.read_url(data)
        source = read if isinstance(read, Inline) else media.inline("application/pdf", data)
    if source is None:
        return Vendor(NAME, part)
    known = ("type", "file_data", "file_url", "file_id", "filename", _BREAKPOINT)
    return Document(
        source,
        text(part, "filename") or None,
        cache=_cache(part),
        extras=extras_of({}, without(part, *known)),
    )


def _audio(part: Mapping[str, Any]) -> ContentPart:
    sound = fields(part, "input_audio")
    return Audio(text(sound, "data"), text(sound, "format") or None)


def _source(part: Mapping[str, Any], url_key: str) -> Source | None:
    url = part.get(url_key)
    if isinstance(url, dict):  # the chat dialect's form, which many clients send here too
        url = url.get("url")
    if isinstance(url, str) and url:
        return media.read_url(url) if url_key == "image_url" else Url(url)
    file_id = text(part, "file_id")
    return FileId(file_id, NAME) if file_id else None


def _cache(part: Mapping[str, Any]) -> CacheMark | None:
    mark = part.get(_BREAKPOINT)
    if not isinstance(mark, dict):
        return None
    return CacheMark(text(mark, "ttl") or None, mark)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], ContentPart]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "summary_text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}
