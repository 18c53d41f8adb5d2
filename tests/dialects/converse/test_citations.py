"""Bedrock's citations."""

from headgate.dialects.converse.citations import read_citation
from headgate.model.parts import Citation


def test_documents_and_web_pages_are_sources() -> None:
    document = {
        "title": "document",
        "sourceContent": [{"text": "a"}, {"text": "b"}],
        "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}},
    }
    page = {"location": {"web": {"url": "https://x.example", "domain": "x.example"}}}

    assert read_citation(document) == Citation(
        title="document", cited_text="ab", native=document, dialect="converse"
    )
    assert read_citation(page).url == "https://x.example"
    assert read_citation({}).url is None
