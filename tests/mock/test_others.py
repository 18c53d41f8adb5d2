import base64

from headgate.mock.others import answer


def test_a_completion_says_each_prompt_again() -> None:
    got = answer("/v1/completions", {"prompt": ["a b", "c"]}, "m")
    assert [choice["text"] for choice in got["choices"]] == ["a b", "c"]
    assert got["usage"] == {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}


def test_nothing_is_flagged_and_every_input_has_its_verdict() -> None:
    got = answer("/v1/moderations", {"input": ["a", "b"]}, "m")
    assert [result["flagged"] for result in got["results"]] == [False, False]


def test_documents_are_ranked_by_the_words_of_the_query() -> None:
    body = {"query": "big red dog", "documents": ["a cat", {"text": "red dog"}, "dog"], "top_n": 2}
    got = answer("/v1/rerank", body, "m")
    assert [result["index"] for result in got["results"]] == [1, 2]


def test_pictures_are_pngs_as_many_as_asked() -> None:
    got = answer("/v1/images/generations", {"prompt": "a dog", "n": 2}, "m")
    assert len(got["data"]) == 2
    assert base64.b64decode(got["data"][0]["b64_json"]).startswith(b"\x89PNG")


def test_something_was_heard() -> None:
    assert answer("/audio/transcriptions", {}, "m")["text"]


def test_what_has_no_words_of_ours_is_an_echo() -> None:
    assert answer("/v1/audio/speech", {"input": "x"}, "m")["object"] == "echo"
