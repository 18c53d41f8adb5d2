from typing import Any

import msgspec
import pytest

from headgate.dialects.destination import Destination, Quirks
from headgate.dialects.messages.envelope import read_envelope
from headgate.dialects.messages.readdress import readdress
from headgate.model.state import OpaqueState, seal
from tests.dialects.messages import given

PLAIN = b'{ "model" : "fast",\n "messages":[{"role":"user","content":"fast"}], "novelty": 1.50 }'
OWN = seal(OpaqueState("anthropic", "sig"))
FOREIGN = seal(OpaqueState("openai", "enc", "encrypted"))


def _to(body: bytes, target: Destination | None = None) -> bytes:
    return readdress(body, read_envelope(body), target or given.destination())


def _history(*blocks: dict[str, Any], **fields: Any) -> bytes:
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": list(blocks)}]
    return msgspec.json.encode({"model": "fast", "messages": messages, **fields})


def test_only_the_models_name_changes() -> None:
    assert _to(PLAIN) == PLAIN.replace(b'"model" : "fast"', b'"model" : "claude"')


def test_the_same_model_is_the_same_bytes() -> None:
    body = PLAIN.replace(b'"model" : "fast"', b'"model" : "claude"')
    assert _to(body) is body


def test_the_targets_own_sealed_state_is_opened() -> None:
    body = _history({"type": "thinking", "thinking": "hm", "signature": OWN})
    assert msgspec.json.decode(_to(body))["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"}
    ]


def test_t85_foreign_state_is_taken_out() -> None:
    text = {"type": "text", "text": "yo"}
    body = _history(
        {"type": "thinking", "thinking": "hm", "signature": FOREIGN},
        {"type": "redacted_thinking", "data": seal(OpaqueState("openai", "x", "redacted"))},
        {"type": "thinking", "thinking": "", "signature": "hg1.damaged"},
        text,
    )
    assert msgspec.json.decode(_to(body))["messages"][1]["content"] == [text]


def test_bare_signatures_stay_beside_sealed_ones() -> None:
    bare = {"type": "thinking", "thinking": "a", "signature": "sig"}
    body = _history(bare, {"type": "thinking", "thinking": "b", "signature": FOREIGN})
    assert msgspec.json.decode(_to(body))["messages"][1]["content"] == [bare]


def test_a_seal_that_is_only_talked_about_changes_nothing() -> None:
    body = _history({"type": "text", "text": "hg1.is a prefix"})
    assert _to(body) == body.replace(b'"fast"', b'"claude"')


def test_manual_thinking_rests_where_the_thoughts_of_a_tool_loop_were_foreign() -> None:
    messages = [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": FOREIGN},
                {"type": "tool_use", "id": "a", "name": "look", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
    ]
    for thinking in ({"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive"}):
        body = msgspec.json.encode({"model": "fast", "messages": messages, "thinking": thinking})
        kept = "thinking" in msgspec.json.decode(_to(body))
        assert kept == (thinking["type"] == "adaptive")


def test_a_cloud_host_gets_its_version_and_no_model() -> None:
    quirks = Quirks(
        body_version="vertex-2023-10-16",
        model_in_body=False,
        refuses_fields=frozenset({"stream"}),
        refuses_betas=True,
    )
    body = msgspec.json.encode(
        {
            "model": "fast",
            "stream": True,
            "messages": [],
            "context_management": {"edits": []},
            "max_tokens": 5,
        }
    )
    assert msgspec.json.decode(_to(body, given.destination(quirks=quirks))) == {
        "anthropic_version": "vertex-2023-10-16",
        "messages": [],
        "max_tokens": 5,
    }


def test_a_backend_with_a_quirk_gets_its_model() -> None:
    quirks = Quirks(refuses_fields=frozenset({"metadata"}))
    body = b'{"model":"fast","messages":[],"metadata":{}}'
    back = msgspec.json.decode(_to(body, given.destination(quirks=quirks)))
    assert back == {"model": "claude", "messages": []}


@pytest.mark.parametrize(
    "messages", ["[5]", '[{"content":[5,{"type":"thinking","signature":"hg1.x"}]}]']
)
def test_hostile_histories_are_borne(messages: str) -> None:
    body = f'{{"model":"fast","x":"hg1.","messages":{messages}}}'.encode()
    assert msgspec.json.decode(_to(body))["model"] == "claude"
