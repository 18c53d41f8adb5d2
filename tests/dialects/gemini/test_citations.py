"""Grounding and citation records."""

from typing import Any

import pytest

from headgate.dialects.gemini.citations import read_citations, shifted
from headgate.model.parts import Citation
from tests import recordings

GROUNDING = {
    "groundingChunks": [
        {"web": {"uri": "https://a.example", "title": "A"}},
        {"retrievedContext": {"text": "quoted", "title": "B"}},
        {"web": {"uri": "https://c.example"}},
    ],
    "groundingSupports": [
        {"segment": {"startIndex": 4, "endIndex": 9}, "groundingChunkIndices": [0, 1, 7, "x"]},
    ],
}


def test_offsets_in_bytes_become_offsets_in_characters() -> None:
    citations = list(read_citations({"groundingMetadata": GROUNDING}, "69°F, fine"))

    assert citations == [
        Citation("https://a.example", "A", None, 3, 8),
        Citation(None, "B", "quoted", 3, 8),
        Citation("https://c.example"),
    ]


@pytest.mark.parametrize("words", ["", "short", "°°"])
def test_offsets_beyond_the_text_are_left_out(words: str) -> None:
    first = next(read_citations({"groundingMetadata": GROUNDING}, words))

    assert (first.start, first.end) == (None, None)


def test_offsets_in_characters_are_known_by_the_words_they_cite() -> None:
    def span(segment: dict[str, Any]) -> tuple[int | None, int | None]:
        support = {"segment": segment, "groundingChunkIndices": [0]}
        grounding = {**GROUNDING, "groundingSupports": [support]}
        first = next(read_citations({"groundingMetadata": grounding}, "69°F, fine"))
        return first.start, first.end

    assert span({"startIndex": 6, "endIndex": 10, "text": "fine"}) == (6, 10)
    assert span({"startIndex": 7, "endIndex": 11, "text": "fine"}) == (6, 10)
    assert span({"startIndex": 5, "endIndex": 9, "text": "other"}) == (None, None)


def test_recited_sources_are_citations() -> None:
    source = {"startIndex": 0, "endIndex": 2, "uri": "https://s.example", "title": "S"}

    assert list(read_citations({"citationMetadata": {"citationSources": [source]}}, "abc")) == [
        Citation("https://s.example", "S", None, 0, 2)
    ]


@pytest.mark.parametrize(
    "candidate",
    [
        {},
        {"groundingMetadata": {}},
        {"groundingMetadata": {"groundingSupports": [{"groundingChunkIndices": None}]}},
        {"groundingMetadata": 1, "citationMetadata": []},
    ],
)
def test_nothing_makes_nothing(candidate: dict[str, Any]) -> None:
    assert list(read_citations(candidate, "words")) == []


def test_offsets_are_counted_from_the_block_that_cites() -> None:
    assert shifted(Citation(start=5, end=8), 3) == Citation(start=2, end=5)
    assert shifted(Citation(start=1, end=8), 3) == Citation()
    assert shifted(Citation("u"), 3) == Citation("u")


@pytest.mark.parametrize("row", recordings.exchanges("gemini"))
def test_recorded_segments_are_the_words_at_their_offsets(row: dict[str, Any]) -> None:
    if row["status"] != 200:
        return
    for candidate in row["response"].get("candidates", []):
        parts = candidate.get("content", {}).get("parts", [])
        words = "".join(part.get("text", "") for part in parts if not part.get("thought"))
        spans = {
            words[citation.start : citation.end]
            for citation in read_citations(candidate, words)
            if citation.start is not None
        }
        supports = candidate.get("groundingMetadata", {}).get("groundingSupports", [])
        assert spans <= {support["segment"]["text"] for support in supports}
