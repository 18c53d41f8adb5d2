"""Content parts of messages and tool outputs, written."""

from typing import Any

from headgate.dialects.destination import Destination
from headgate.dialects.responses.notes import NAME, OPENAI_DIALECTS, unknown_of
from headgate.model import media
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    Citation,
    Document,
    Extras,
    FileId,
    Image,
    Inline,
    Part,
    PlainText,
    Refusal,
    Source,
    Text,
    Url,
    Vendor,
)


class ContentWriter:
    """Writes parts for one request: `native` where the request came in this dialect.

    `losses` collects the names of what had no words here; `destination` says whether the model
    can see, and fetch what it shall see.
    """

    def __init__(self, native: bool, destination: Destination, losses: dict[str, None]) -> None:
        self._native = native
        self._param = "input" if native else "messages"
        self._images = destination.abilities.images
        self._fetches = destination.quirks.takes_remote_images
        self._losses = losses

    def input_parts(self, parts: tuple[Part, ...]) -> list[dict[str, Any]]:
        """The parts of a user's, system's or tool's message."""
        written = (self._input(part) for part in parts)
        return [part for part in written if part is not None]

    def content(self, parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
        """A ``content`` or ``output`` field: a string where it is one plain text."""
        if len(parts) == 1 and (plain := self.plain(parts[0])) is not None:
            return plain
        return self.input_parts(parts)

    def plain(self, part: Part) -> str | None:
        """The text of a part that is nothing but text."""
        if not isinstance(part, Text) or part.logprobs or part.citations:
            return None
        return None if self._native and (part.cache or part.extras) else part.text

    def output_part(self, part: Text | Refusal) -> dict[str, Any]:
        """A part of an assistant's message in the history."""
        if isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text}
        return output_text(part, self.unknown(part.extras, "messages"), self._losses)

    def unknown(self, extras: Extras | None, where: str) -> dict[str, Any]:
        """The fields the hub does not know: given back to their own dialect, else lost."""
        found = unknown_of(extras)
        if self._native:
            return found
        self._losses.update(dict.fromkeys(f"{where}.{key}" for key in found if key != NAME))
        return {}

    def lose(self, name: str) -> None:
        """Notes that `name` could not be carried."""
        self._losses[name] = None

    def _input(self, part: Part) -> dict[str, Any] | None:
        match part:
            case Text(text=text):
                return {"type": "input_text", "text": text, **self._beside(part)}
            case Refusal(text=text):
                return {"type": "input_text", "text": text}
            case Image():
                return self._image(part)
            case Document():
                return self._document(part)
            case Audio():
                return self._audio(part)
            case Vendor(dialect=dialect, payload=payload):
                if dialect == NAME:
                    return dict(payload)
                self.lose(f"messages.{payload.get('type', dialect)}")
                return None
            case _:
                self.lose(f"messages.{type(part).__name__.lower()}")
                return None

    def _beside(self, part: Text | Image | Document) -> dict[str, Any]:
        beside = self.unknown(part.extras, "messages")
        if self._native and part.cache is not None and part.cache.native is not None:
            beside["prompt_cache_breakpoint"] = part.cache.native
        return beside

    def _image(self, image: Image) -> dict[str, Any]:
        if not self._images:
            raise Untranslatable(self._param, "The model cannot see images; send text only.")
        if isinstance(image.source, Url) and not self._fetches:
            raise Untranslatable(self._param, "The backend fetches no images; send their bytes.")
        detail = {"detail": image.detail} if image.detail else {}
        place = _image_place(image.source)
        return {"type": "input_image", **place, **detail, **self._beside(image)}

    def _document(self, document: Document) -> dict[str, Any]:
        if document.cite:
            self.lose("messages.citations")
        if document.context:
            self.lose("messages.context")
        if isinstance(document.source, PlainText):
            text = document.source.text
            titled = f"{document.title}\n\n{text}" if document.title else text
            return {"type": "input_text", "text": titled}
        name: dict[str, Any] = {}
        if document.title and (self._native or isinstance(document.source, Inline)):
            name = {"filename": document.title}
        place = _file_place(document.source)
        return {"type": "input_file", **place, **name, **self._beside(document)}

    def _audio(self, audio: Audio) -> dict[str, Any] | None:
        if not audio.data:
            self.lose("messages.audio")
            return {"type": "input_text", "text": audio.transcript} if audio.transcript else None
        return {
            "type": "input_audio",
            "input_audio": {"data": audio.data, "format": audio.format or "wav"},
        }


def output_text(
    part: Text, unknown: dict[str, Any], losses: dict[str, None] | None = None
) -> dict[str, Any]:
    """An ``output_text`` part; `losses` learns of citations without words here."""
    annotations = []
    for citation in part.citations:
        annotation = write_annotation(citation, len(part.text))
        if annotation is not None:
            annotations.append(annotation)
        elif losses is not None:
            losses["citations"] = None
    written = {"type": "output_text", "text": part.text, "annotations": annotations, **unknown}
    if part.logprobs:
        written["logprobs"] = list(part.logprobs)
    return written


def write_annotation(citation: Citation, text_length: int) -> dict[str, Any] | None:
    """An annotation; one that names no range covers the text so far; None where it is no web
    page's and not this dialect's own."""
    if citation.dialect == NAME and citation.native is not None:
        return dict(citation.native)
    if not citation.url:
        return None
    return {
        "type": "url_citation",
        "url": citation.url,
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": text_length if citation.end is None else citation.end,
    }


def _image_place(source: Source) -> dict[str, Any]:
    match source:
        case FileId(id=id_, dialect=dialect):
            return {"file_id": _own_file(id_, dialect)}
        case PlainText():
            raise Untranslatable("messages", "An image cannot be given as plain text.")
        case _:
            return {"image_url": media.write_url(source)}


def _file_place(source: Inline | Url | FileId) -> dict[str, Any]:
    match source:
        case FileId(id=id_, dialect=dialect):
            return {"file_id": _own_file(id_, dialect)}
        case Url(url=url):
            return {"file_url": url}
        case Inline(media_type=media_type):
            return {"filename": _file_name(media_type), "file_data": media.write_url(source)}


def _own_file(id_: str, dialect: str) -> str:
    if dialect not in OPENAI_DIALECTS:
        raise Untranslatable(
            "messages", "A file uploaded to another vendor cannot be read here; send its bytes."
        )
    return id_


def _file_name(media_type: str) -> str:
    kind = media_type.partition("/")[2].partition("+")[0].partition(";")[0]
    return f"document.{'txt' if kind == 'plain' else kind or 'bin'}"
