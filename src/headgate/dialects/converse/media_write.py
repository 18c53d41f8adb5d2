"""Pictures and files as Converse content blocks."""

import base64
import re
from typing import Any

from headgate.dialects.destination import Destination
from headgate.model.fault import Untranslatable
from headgate.model.parts import Document, Image, Inline, PlainText, Source, Url

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_UNNAMEABLE = re.compile(r"[^a-zA-Z0-9\-()\[\]]+")


def write_image(image: Image, destination: Destination, field: str) -> dict[str, Any]:
    """The block for a picture. Raises Untranslatable naming `field` where there is none."""
    if not destination.abilities.images:
        raise Untranslatable(field, f"The model {destination.model} takes no images.")
    return {"image": _with_format(image.source, _IMAGES, field)}


def write_document(document: Document, number: int, field: str) -> dict[str, Any]:
    """The block for the `number`-th file: names must be plain and differ."""
    source = document.source
    if isinstance(source, PlainText):
        encoded = base64.b64encode(source.text.encode("utf-8", "replace")).decode()
        source = Inline("text/plain", encoded)
    title = _UNNAMEABLE.sub(" ", document.title or "").strip()[:180]
    written = _with_format(source, _DOCUMENTS, field)
    written["name"] = f"{title} {number}" if title else f"document {number}"
    if document.context:
        written["context"] = document.context
    if document.cite:
        written["citations"] = {"enabled": True}
    return {"document": written}


def _with_format(source: Source, formats: dict[str, str], field: str) -> dict[str, Any]:
    match source:
        case Inline(media_type=media_type, data=data):
            known = formats.get(media_type.partition(";")[0].strip().lower())
            where: dict[str, Any] = {"bytes": data}
        case Url(url=url) if url.startswith("s3://"):
            ending = url.rpartition(".")[2].lower()
            known = {"jpg": "jpeg"}.get(ending, ending)
            known = known if known in formats.values() else None
            where = {"s3Location": {"uri": url}}
        case _:
            raise Untranslatable(
                field, "This model fetches nothing from the web: send the bytes as a data URL."
            )
    if known is None:
        raise Untranslatable(field, "This model does not take files of that type.")
    return {"format": known, "source": where}
