import json
from typing import Any

import msgspec
import pytest

from headgate.dialects.destination import Destination
from headgate.dialects.endpoints.row import Row
from headgate.dialects.endpoints.texts import read_request, texts_in, tokens_in, write_request
from headgate.model.fault import Refused
from headgate.model.parts import Text
from headgate.model.request import Message, Request

RERANK = Row(name="rerank", path="/v1/rerank", texts=("query", "documents"))
THERE = Destination(model="there", vendor="v")
BODY: dict[str, Any] = {
    "model": "m",
    "query": "secret one",
    "documents": ["two", {"text": "secret three", "id": 3}, [4, 5], 6],
    "top_n": 2,
}


def request() -> Request:
    return read_request(RERANK, json.dumps(BODY).encode())


def with_texts(*texts: str) -> Request:
    messages = tuple(Message("user", (Text(text),)) for text in texts)
    return msgspec.structs.replace(request(), messages=messages)


def test_policies_see_the_texts_and_nothing_else() -> None:
    texts = [part.text for m in request().messages for part in m.parts if isinstance(part, Text)]
    assert texts == ["secret one", "two", "secret three"]
    assert (request().dialect, request().model) == ("rerank", "m")


def test_changed_texts_stand_where_they_stood() -> None:
    written = write_request(RERANK, with_texts("one", "two", "three"), THERE)
    assert json.loads(written.body) == {
        **BODY,
        "model": "there",
        "query": "one",
        "documents": ["two", {"text": "three", "id": 3}, [4, 5], 6],
    }


@pytest.mark.parametrize("texts", [("one", "two"), ("one", "two", "three", "four"), ()])
def test_more_or_fewer_texts_cannot_be_carried(texts: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match="/v1/rerank") as refused:
        write_request(RERANK, with_texts(*texts), THERE)
    assert refused.value.fault.kind == "policy_violation"


def test_token_ids_are_counted_and_no_texts() -> None:
    assert (texts_in([[1, 2], [3]]), tokens_in([[1, 2], [3]])) == ([], 3)
    assert (texts_in("a"), tokens_in("a")) == (["a"], 0)
    assert (texts_in(None), tokens_in({"a": 1})) == ([], 0)
