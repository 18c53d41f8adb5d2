"""Citations in both directions: ``annotations``, and the bare source lists of search backends."""

from typing import Any

from headgate.dialects.chat.lenient import (
    Json,
    count_in,
    object_in,
    objects_in,
    strings_in,
    text_in,
)
from headgate.model.parts import Citation

_BARE = "citation"


def read_annotations(value: Any) -> tuple[Citation, ...]:
    """The citations in ``annotations``, each with the object that it came as."""
    return tuple(_read_annotation(entry) for entry in objects_in(value))


def _read_annotation(entry: Json) -> Citation:
    body = object_in(entry.get(text_in(entry.get("type")))) or entry
    return Citation(
        text_in(body.get("url")) or None,
        text_in(body.get("title")) or None,
        text_in(body.get("content")) or None,
        count_in(body.get("start_index")),
        count_in(body.get("end_index")),
        entry,
        "chat",
    )


def read_sources(body: Json) -> tuple[Citation, ...]:
    """The sources that search backends list once for a whole reply (``citations``)."""
    titles = {
        text_in(result.get("url")): text_in(result.get("title"))
        for result in objects_in(body.get("search_results"))
    }
    return tuple(
        Citation(url, titles.get(url) or None, native={"type": _BARE, "url": url}, dialect="chat")
        for url in strings_in(body.get("citations"))
    )


def write_annotation(citation: Citation) -> Json | None:
    """The annotation of a citation; None where it has no words here (no URL), or stands in the
    reply's own source list."""
    native = citation.native if citation.dialect == "chat" else None
    if native is not None:
        return None if native.get("type") == _BARE else {**native}
    if citation.url is None:
        return None
    return {
        "type": "url_citation",
        "url_citation": {
            "url": citation.url,
            "title": citation.title or "",
            "start_index": citation.start or 0,
            "end_index": citation.end or 0,
        },
    }
