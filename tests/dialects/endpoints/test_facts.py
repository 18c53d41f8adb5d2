import json
from typing import Any

import pytest

from headgate.dialects.endpoints.facts import read_facts, usage_of
from headgate.dialects.endpoints.row import Row
from headgate.model.fault import StreamBroken

ROW = Row(name="embeddings", path="/v1/embeddings")


@pytest.mark.parametrize(
    ("reply", "tokens"),
    [
        ({"usage": {"prompt_tokens": 8, "total_tokens": 8}}, (8, 0)),
        ({"usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}}, (8, 2)),
        ({"usage": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}}, (5, 7)),
        ({"usage": {"total_tokens": 815}}, (815, 0)),
        ({"usage": {"type": "duration", "seconds": 9}}, (None, 0)),
        ({"meta": {"billed_units": {"search_units": 1}}}, (None, 0)),
        ({"meta": {"tokens": {"input_tokens": 9, "output_tokens": 0}}}, (9, 0)),
        ({"meta": {"billed_units": {"input_tokens": 4}}}, (4, 0)),
        ({"usage": {"prompt_tokens": 0, "total_tokens": 0}}, (0, 0)),
        ({"usage": {"prompt_tokens": "8", "total_tokens": -1}}, (None, 0)),
    ],
)
def test_usage_is_read_in_every_shape(reply: dict[str, Any], tokens: tuple[Any, Any]) -> None:
    usage = usage_of(reply)
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == tokens
    facts = read_facts(ROW, json.dumps({"model": "m", **reply}).encode())
    assert (facts.usage, facts.model, facts.terminated) == (usage, "m", True)


def test_cached_tokens_are_kept() -> None:
    counted = {"input_tokens": 5, "output_tokens": 7, "input_tokens_details": {"cached_tokens": 3}}
    usage = usage_of({"usage": counted})
    assert usage is not None
    assert usage.cached_tokens == 3


@pytest.mark.parametrize("reply", [{}, {"usage": None}, {"usage": []}, {"meta": "x"}])
def test_no_usage_is_none(reply: dict[str, Any]) -> None:
    assert usage_of(reply) is None


def test_an_error_under_status_200_is_one() -> None:
    facts = read_facts(ROW, b'{"error":{"message":"No.","code":"rate_limit_exceeded"}}')
    assert facts.fault is not None
    assert facts.fault.http_status == 429
    assert read_facts(ROW, b'{"data":[],"error":{"message":"a detail"}}').fault is None


def test_lists_are_replies_and_pages_are_none() -> None:
    assert read_facts(ROW, b"[1]").terminated
    with pytest.raises(StreamBroken):
        read_facts(ROW, b"<html>")
