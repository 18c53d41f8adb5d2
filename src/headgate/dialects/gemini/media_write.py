"""Pictures, files and sound as parts of a Gemini request."""

import re
from typing import Any

from headgate.dialects.destination import Destination
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    Document,
    FileId,
    Image,
    Inline,
    PlainText,
    Source,
)

_AT_GOOGLE = re.compile(
    r"gs://|https://generativelanguage\.googleapis\.com/|https://(www\.)?youtube\.com/watch"
    r"|https://youtu\.be/"
)
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "mp4": "video/mp4",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
}


def write_image(image: Image, destination: Destination, field: str) -> dict[str, Any]:
    """The part for a picture. Raises Untranslatable naming `field` where there is none."""
    if not destination.abilities.images:
        raise Untranslatable(field, f"The model {destination.model} takes no images.")
    return _write_source(image.source, field)


def write_document(document: Document, field: str) -> list[dict[str, Any]]:
    """The parts for a file: what is said about it, then itself."""
    about = "\n".join(words for words in (document.title, document.context) if words)
    head = [{"text": about}] if about else []
    return [*head, _write_source(document.source, field)]


def write_audio(audio: Audio, field: str) -> dict[str, Any]:
    """The part for sound; earlier output of another vendor is given as its transcript."""
    if audio.data:
        return _inline(f"audio/{audio.format or 'wav'}", audio.data)
    if audio.transcript:
        return {"text": audio.transcript}
    raise Untranslatable(field, "Sound that another vendor keeps cannot be sent to this model.")


def _write_source(source: Source, field: str) -> dict[str, Any]:
    match source:
        case Inline(media_type=media_type, data=data):
            return _inline(media_type, data)
        case PlainText(text=text):
            return {"text": text}
        case FileId(id=id_, dialect="gemini"):
            return _file(id_)
        case FileId():
            raise Untranslatable(field, "A file kept by another vendor cannot be sent here.")
        case _:
            if _AT_GOOGLE.match(source.url):
                return _file(source.url)
            raise Untranslatable(
                field, "This model fetches nothing from the web: send the bytes as a data URL."
            )


def _inline(media_type: str, data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _file(uri: str) -> dict[str, Any]:
    known = _TYPES.get(uri.rpartition(".")[2].lower())
    return {"fileData": {"fileUri": uri, **({"mimeType": known} if known else {})}}
