from headgate.dialects.chat.citations import read_annotations, read_sources, write_annotation
from headgate.model.parts import Citation

NOTE = {
    "type": "url_citation",
    "url_citation": {"url": "u", "title": "t", "content": "c", "start_index": 1, "end_index": 2},
}


def test_an_annotation_comes_back_as_it_was() -> None:
    (citation,) = read_annotations([NOTE, 5])
    assert (citation.url, citation.title, citation.cited_text) == ("u", "t", "c")
    assert (citation.start, citation.end) == (1, 2)
    assert write_annotation(citation) == NOTE


def test_a_foreign_citation_is_told_by_its_url_or_not_at_all() -> None:
    foreign = Citation("u", native={"type": "x"}, dialect="messages")
    assert write_annotation(foreign) == {
        "type": "url_citation",
        "url_citation": {"url": "u", "title": "", "start_index": 0, "end_index": 0},
    }
    assert write_annotation(Citation(cited_text="x")) is None


def test_sources_of_a_reply_are_not_told_twice() -> None:
    (source,) = read_sources(
        {"citations": ["u", 5], "search_results": [{"url": "u", "title": "T"}]}
    )
    assert (source.url, source.title) == ("u", "T")
    assert write_annotation(source) is None
