"""Gemini's grounding and citation records as citations of the text they belong to."""

from collections.abc import Iterator
from typing import Any

import msgspec

from headgate.model.parts import Citation
from headgate.wire.json_fields import count, fields, objects, text

_KINDS = ("web", "retrievedContext", "maps", "image")


def read_citations(candidate: dict[str, Any], words: str) -> Iterator[Citation]:
    """The citations in `candidate`; `words` is all its text, for offsets.

    The vendor documents offsets in bytes of UTF-8; some of its models count characters.
    """
    grounding = candidate.get("groundingMetadata")
    if isinstance(grounding, dict) and grounding:
        yield from _grounding(grounding, words)
    recited = candidate.get("citationMetadata")
    if isinstance(recited, dict):
        for source in objects(recited, "citationSources") + objects(recited, "citations"):
            start, end = _span(source, words)
            title = text(source, "title") or None
            yield Citation(text(source, "uri") or None, title, None, start, end)


def shifted(citation: Citation, by: int) -> Citation:
    """`citation` with offsets counted from `by`; without any where they lie before it."""
    if not by or citation.start is None or citation.end is None:
        return citation
    before = citation.start < by
    start, end = (None, None) if before else (citation.start - by, citation.end - by)
    return msgspec.structs.replace(citation, start=start, end=end)


def _grounding(grounding: dict[str, Any], words: str) -> Iterator[Citation]:
    sources = [_source(chunk) for chunk in objects(grounding, "groundingChunks")]
    cited: set[int] = set()
    for support in objects(grounding, "groundingSupports"):
        start, end = _span(fields(support, "segment"), words)
        indices = support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else []:
            if isinstance(index, int) and 0 <= index < len(sources):
                cited.add(index)
                url, title, quoted = sources[index]
                yield Citation(url, title, quoted, start, end)
    for index, (url, title, quoted) in enumerate(sources):
        if index not in cited:
            yield Citation(url, title, quoted)


def _source(chunk: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    for kind in _KINDS:
        inner = fields(chunk, kind)
        if inner:
            url = text(inner, "uri") or text(inner, "sourceUri")
            return url or None, text(inner, "title") or None, text(inner, "text") or None
    return None, None, None


def _span(segment: dict[str, Any], words: str) -> tuple[int | None, int | None]:
    """Character offsets of `segment` in `words`, checked against its text where it has one."""
    end = count(segment, "endIndex")
    if end is None:
        return None, None
    start = count(segment, "startIndex") or 0
    quoted = text(segment, "text")
    if quoted and words[start:end] == quoted:
        return start, end
    encoded = words.encode("utf-8", "surrogatepass")
    if not start <= end <= len(encoded):
        return None, None
    first = len(encoded[:start].decode("utf-8", "ignore"))
    cited = encoded[start:end].decode("utf-8", "ignore")
    if quoted and cited != quoted:
        return None, None
    return first, first + len(cited)
