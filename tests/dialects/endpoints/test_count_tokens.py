import json
from typing import Any

import msgspec
import pytest

from headgate.dialects.destination import Destination, Quirks, Source
from headgate.dialects.dialect import BackendHalf, CallerHalf, Dialect, Endpoint, ReplyContext
from headgate.dialects.endpoints.count_tokens import COUNT_TOKENS, PATH
from headgate.model.fault import Refused, StreamBroken

THERE = Destination(model="claude-there", vendor="anthropic")
ASKED: dict[str, Any] = {
    "model": "m",
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hello"}],
    "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
}
BODY = json.dumps(ASKED).encode()
BACKEND = COUNT_TOKENS.backend


def _halves() -> tuple[CallerHalf, Endpoint]:
    assert COUNT_TOKENS.caller is not None
    assert COUNT_TOKENS.endpoint is not None
    return COUNT_TOKENS.caller, COUNT_TOKENS.endpoint


CALLER, ENDPOINT = _halves()


def _elsewhere(*speaks: str, counts: bool = False) -> Dialect | None:
    assert ENDPOINT.elsewhere is not None
    return ENDPOINT.elsewhere(speaks, Quirks(counts_input_tokens=counts))


def _backend(*speaks: str) -> BackendHalf:
    found = _elsewhere(*speaks, counts=True)
    assert found is not None
    return found.backend


GEMINI, RESPONSES = _backend("gemini"), _backend("chat", "responses")


def test_nothing_is_reserved_for_a_count() -> None:
    envelope = CALLER.read_envelope(json.dumps({**ASKED, "stream": True}).encode())
    assert (envelope.stream, envelope.max_tokens, envelope.input_estimate) == (False, 0, 0)
    with pytest.raises(Refused, match="messages"):
        CALLER.read_envelope(b'{"model": "m"}')


def test_a_backend_of_the_dialect_gets_the_bytes_with_its_models_name() -> None:
    envelope = CALLER.read_envelope(BODY)
    assert BACKEND.path("m", False) == PATH
    assert BACKEND.readdress(BODY, envelope, THERE) == BODY.replace(b'"m"', b'"claude-there"', 1)


def test_a_host_whose_path_names_no_model_is_told_it_in_the_body() -> None:
    quirks = Quirks(model_in_body=False, body_version="v-1", refuses_betas=True)
    vertex = msgspec.structs.replace(THERE, quirks=quirks)
    said = json.loads(BACKEND.readdress(BODY, CALLER.read_envelope(BODY), vertex))
    assert (said["model"], said["anthropic_version"]) == ("claude-there", "v-1")


def test_what_policies_changed_is_written_without_what_a_count_may_not_have() -> None:
    written = BACKEND.write_request(CALLER.read_request(BODY), THERE)
    said = json.loads(written.body)
    assert said["model"] == "claude-there"
    assert set(said) == {"model", "messages", "system", "tools"}


def test_gemini_counts_the_whole_request() -> None:
    written = GEMINI.write_request(CALLER.read_request(BODY), THERE)
    asked = json.loads(written.body)["generateContentRequest"]
    assert asked["model"] == "models/claude-there"
    assert set(asked) == {"model", "contents", "systemInstruction", "tools"}
    assert GEMINI.path("gem", False) == "/v1beta/models/gem:countTokens"
    assert GEMINI.path("tunedModels/a", True) == "/v1beta/tunedModels/a:countTokens"


def test_vertex_counts_it_without_anything_around() -> None:
    quirks = Quirks(counts_bare_requests=True)
    written = GEMINI.write_request(
        CALLER.read_request(BODY), msgspec.structs.replace(THERE, quirks=quirks)
    )
    assert set(json.loads(written.body)) == {"contents", "systemInstruction", "tools"}


def test_openai_counts_the_request_as_responses_would_have_it() -> None:
    written = RESPONSES.write_request(CALLER.read_request(BODY), THERE)
    assert set(json.loads(written.body)) == {"model", "input", "tools"}
    assert RESPONSES.path("m", False) == "/v1/responses/input_tokens"


def test_only_who_is_known_to_count_is_asked() -> None:
    assert _elsewhere("chat", "responses") is None
    assert _elsewhere("chat", counts=True) is None
    assert _elsewhere("converse", counts=True) is None
    assert _elsewhere("gemini") is not None


def test_every_count_is_told_alike_and_uses_nothing() -> None:
    context = ReplyContext(
        id_seed="x" * 24, created=1, model="m", request=CALLER.read_request(BODY)
    )
    counts = (
        BACKEND.read_reply(b'{"input_tokens":14}', Source()),
        GEMINI.read_reply(b'{"totalTokens":14,"promptTokensDetails":[]}', Source()),
        RESPONSES.read_reply(b'{"object":"response.input_tokens","input_tokens":14}', Source()),
    )
    for reply in counts:
        assert json.loads(CALLER.write_reply(reply, context).body) == {"input_tokens": 14}
        assert reply.usage is not None
        assert reply.usage.total_tokens == 0
    facts = BACKEND.read_facts(b'{"input_tokens":14}')
    assert facts.usage is not None
    assert facts.usage.total_tokens == 0


@pytest.mark.parametrize("body", [b"{}", b'{"input_tokens":"4"}', b'{"input_tokens":-1}', b"x"])
def test_what_holds_no_count_is_no_reply(body: bytes) -> None:
    with pytest.raises(StreamBroken):
        BACKEND.read_facts(body)
    with pytest.raises(StreamBroken):
        GEMINI.read_reply(body, Source())


def test_an_estimate_stands_in() -> None:
    assert ENDPOINT.stand_in is not None
    assert json.loads(ENDPOINT.stand_in(BODY))["input_tokens"] > 300
