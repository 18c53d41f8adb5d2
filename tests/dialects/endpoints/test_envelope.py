import json
from typing import Any

import pytest

from headgate.dialects.endpoints.envelope import read_envelope
from headgate.dialects.endpoints.row import Row
from headgate.model.fault import Refused

EMBEDDINGS = Row(name="embeddings", path="/v1/embeddings", texts=("input",), most_output=0)
COMPLETIONS = Row(
    name="completions", path="/v1/completions", texts=("prompt", "suffix"), asks_usage=True
)
MODERATIONS = Row(name="moderations", path="/v1/moderations", texts=("input",), model="usual")


def said(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_what_is_needed_is_read() -> None:
    envelope = read_envelope(EMBEDDINGS, said(model="m", input="x" * 40, user="u"))
    assert (envelope.model, envelope.stream, envelope.max_tokens) == ("m", False, 0)
    assert (envelope.user, envelope.session_hint, envelope.input_estimate) == ("u", "u", 10)


def test_token_ids_count_one_each_and_pictures_nothing() -> None:
    assert read_envelope(EMBEDDINGS, said(model="m", input=[1, 2, 3])).input_estimate == 3
    assert read_envelope(EMBEDDINGS, said(model="m", input=[[1, 2], [3]])).input_estimate == 3
    picture = {"type": "image_url", "image_url": {"url": "data:" + "x" * 4000}}
    parts = [{"type": "text", "text": "x" * 8}, picture]
    assert read_envelope(MODERATIONS, said(model="m", input=parts)).input_estimate == 2


def test_the_usual_model_stands_in_where_there_is_one() -> None:
    assert read_envelope(MODERATIONS, said(input="x")).model == "usual"
    with pytest.raises(Refused) as refused:
        read_envelope(EMBEDDINGS, said(input="x"))
    assert refused.value.fault.param == "model"


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({}, 16),
        ({"max_tokens": 100}, 100),
        ({"max_tokens": 100, "n": 2}, 200),
        ({"max_tokens": 100, "prompt": ["a", "b", "c"]}, 300),
        ({"max_tokens": 0}, 0),
        ({"max_tokens": "many", "n": -1}, 16),
    ],
)
def test_completions_may_be_as_long_as_is_said(fields: dict[str, Any], most: int) -> None:
    body = said(model="m", **{"prompt": "x", **fields})
    assert read_envelope(COMPLETIONS, body).max_tokens == most


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "JSON"),
        (b"[]", "object"),
        (b'{"model": "m", "input": NaN}', "JSON"),
        (b'{"model": "\xff"}', "UTF-8"),
        (b'{"model": "a", "model": "b"}', "twice"),
        (b'{"model": "a", "m\\u006fdel": "b"}', "twice"),
        (b'{"model": "m", "input": "a", "input": "b"}', "twice"),
        (b'{"model": 1}', "model"),
        (b'{"model": ""}', "model"),
        (b'{"model": "m", "stream": "yes"}', "stream"),
        (b'{"model": "m", "input": ' + b"[" * 70 + b"]" * 70 + b"}", "nest"),
    ],
)
def test_what_is_not_clear_is_refused_by_name(body: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        read_envelope(EMBEDDINGS, body)
    assert refused.value.fault.http_status == 400
