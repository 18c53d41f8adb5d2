"""Bedrock's citations."""

from typing import Any

from headgate.model.parts import Citation
from headgate.wire.json_fields import fields, objects, text


def read_citation(native: dict[str, Any]) -> Citation:
    """A citation of a document or a web page; its offsets count in the source, not in the answer,
    and stay in ``native``."""
    quoted = "".join(text(piece, "text") for piece in objects(native, "sourceContent"))
    web = fields(fields(native, "location"), "web")
    url = text(web, "url") or text(native, "source")
    return Citation(
        url=url if url.startswith(("http://", "https://")) else None,
        title=text(native, "title") or None,
        cited_text=quoted or None,
        native=native,
        dialect="converse",
    )
