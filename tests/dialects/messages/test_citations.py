from headgate.dialects.messages.citations import (
    native_citations,
    read_citation,
    read_citations,
    write_citation,
)
from headgate.model.parts import Citation

WEB = {
    "type": "web_search_result_location",
    "url": "https://x",
    "title": "X",
    "cited_text": "words",
    "encrypted_index": "e",
}
PAGE = {"type": "page_location", "document_title": "D", "cited_text": "c", "start_page_number": 1}


def test_a_web_citation_means_a_url_everywhere() -> None:
    citation = read_citation(WEB)
    assert (citation.url, citation.title, citation.cited_text) == ("https://x", "X", "words")
    assert write_citation(citation) == WEB


def test_a_document_citation_keeps_its_own_form() -> None:
    citation = read_citation(PAGE)
    assert (citation.url, citation.title) == (None, "D")
    assert write_citation(citation) == PAGE


def test_a_foreign_url_citation_is_told_as_a_web_result() -> None:
    written = write_citation(Citation("https://y", "Y", start=0, end=3, dialect="chat", native={}))
    assert written == {
        "type": "web_search_result_location",
        "url": "https://y",
        "title": "Y",
        "cited_text": "",
        "encrypted_index": "",
    }


def test_a_citation_that_we_made_is_not_sent_to_the_vendor_as_its_own() -> None:
    ours = write_citation(Citation("https://y"))
    assert ours is not None
    assert native_citations((read_citation(ours), read_citation(WEB))) == [WEB]


def test_a_foreign_file_citation_has_no_words() -> None:
    assert write_citation(Citation(title="a file", dialect="responses", native={"x": 1})) is None


def test_what_is_no_citation_is_left_out() -> None:
    assert read_citations("no") == ()
    assert read_citations([5, WEB, None]) == (read_citation(WEB),)
    assert read_citation({"url": 5}) == Citation(native={"url": 5}, dialect="messages")
