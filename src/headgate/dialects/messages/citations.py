"""Citations: this dialect's source ranges and everybody's URL citations."""

from typing import Any

from headgate.dialects.messages.own import NAME
from headgate.model.parts import Citation


def read_citations(value: Any) -> tuple[Citation, ...]:
    """The citations of a text block; what is no citation is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(read_citation(item) for item in value if isinstance(item, dict))


def read_citation(native: dict[str, Any]) -> Citation:
    """One citation. Offsets of this dialect point into the source, so they stay native."""
    url = _text(native, "url")
    title = _text(native, "title") or _text(native, "document_title")
    cited = _text(native, "cited_text")
    if native.get("type") == "web_search_result_location" and not native.get("encrypted_index"):
        # Ours (see write_citation): no vendor of this dialect would take it back.
        return Citation(url, title, cited)
    return Citation(url, title, cited, native=native, dialect=NAME)


def write_citation(citation: Citation) -> dict[str, Any] | None:
    """The citation of a reply; None where this dialect has no words for it."""
    if citation.dialect == NAME and citation.native is not None:
        return dict(citation.native)
    if citation.url is None:
        return None
    return {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title,
        "cited_text": citation.cited_text or "",
        "encrypted_index": "",
    }


def native_citations(citations: tuple[Citation, ...]) -> list[dict[str, Any]]:
    """The citations that a backend of this dialect made and takes back."""
    return [
        dict(citation.native)
        for citation in citations
        if citation.dialect == NAME and citation.native is not None
    ]


def _text(value: dict[str, Any], key: str) -> str | None:
    field = value.get(key)
    return field if isinstance(field, str) else None
