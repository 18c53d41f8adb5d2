from typing import Any

import pytest

from headgate.backends.backend import Backend, Timeouts, address, credentials, signature
from headgate.backends.make import from_config
from headgate.backends.provider import COMPATIBLE
from headgate.config import BackendSettings, read_section
from headgate.dialects.destination import Quirks


def made(**settings: Any) -> Backend:
    return from_config("mine", read_section(BackendSettings, settings))


def test_openai_is_known_in_full() -> None:
    backend = made(base_url="https://api.openai.com/v1/", api_key="sk-1")
    assert (backend.base_url, backend.vendor) == ("https://api.openai.com", "openai")
    assert (backend.speaks, backend.quirks) == (
        ("chat", "responses"),
        Quirks(counts_input_tokens=True),
    )
    assert credentials(backend) == (("authorization", "Bearer sk-1"),)
    assert backend.timeouts == Timeouts()


def test_an_unknown_server_is_asked_for_little() -> None:
    backend = made(base_url="http://gpu:8000/v1")
    assert (backend.base_url, backend.vendor, backend.speaks) == (
        "http://gpu:8000",
        "mine",
        ("chat",),
    )
    assert backend.quirks == COMPATIBLE


@pytest.mark.parametrize(
    ("speaks", "auth"),
    [(["messages"], "x-api-key"), (["gemini"], "x-goog-api-key"), (["chat", "messages"], "bearer")],
)
def test_an_unknown_server_of_one_dialect_takes_that_vendors_header(
    speaks: list[str], auth: str
) -> None:
    assert made(base_url="http://x", speaks=speaks).auth == auth
    assert made(base_url="http://x", speaks=speaks, auth="none").auth == "none"


def test_what_the_operator_says_outranks_the_catalog() -> None:
    backend = made(
        base_url="https://api.mistral.ai",
        speaks=["messages"],
        usage_in_stream=True,
        quirks={"nine_character_tool_ids": False, "refuses_fields": ["seed"]},
        headers={"X-Team": "a"},
        timeouts={"idle": "2m"},
        paths={"/v1/": "/v9/"},
        models=["m"],
        on_disconnect="drain",
        detail_logging=True,
        active=False,
    )
    assert backend.speaks == ("messages",)
    assert backend.quirks.usage_in_stream
    assert not backend.quirks.nine_character_tool_ids
    assert backend.quirks.refuses_fields == frozenset(("seed",))
    assert backend.quirks.max_tokens_field == "max_tokens"
    assert backend.headers == (("x-team", "a"),)
    assert backend.timeouts.idle_s == 120
    assert address(backend, "/v1/messages") == "https://api.mistral.ai/v9/messages"
    assert (backend.models, backend.on_disconnect) == (("m",), "drain")
    assert (backend.detail_logging, backend.active) == (True, False)


def test_usage_in_stream_may_stand_among_the_quirks() -> None:
    backend = made(base_url="http://x", quirks={"usage_in_stream": False})
    assert not backend.quirks.usage_in_stream


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


@pytest.mark.parametrize(
    ("settings", "path", "url"),
    [
        ({"kind": "zai"}, CHAT, "https://api.z.ai/api/paas/v4/chat/completions"),
        ({"kind": "zai"}, MESSAGES, "https://api.z.ai/api/anthropic/v1/messages"),
        (
            {"base_url": "https://api.z.ai/api/paas/v4"}, CHAT,
            "https://api.z.ai/api/paas/v4/chat/completions",
        ),
        (
            {"base_url": "https://api.z.ai/api/anthropic"}, MESSAGES,
            "https://api.z.ai/api/anthropic/v1/messages",
        ),
        ({"kind": "deepseek"}, MESSAGES, "https://api.deepseek.com/anthropic/v1/messages"),
        (
            {"kind": "deepseek"}, MESSAGES + "/count_tokens",
            "https://api.deepseek.com/anthropic/v1/messages/count_tokens",
        ),
        ({"kind": "perplexity"}, CHAT, "https://api.perplexity.ai/chat/completions"),
        ({"kind": "cohere"}, CHAT, "https://api.cohere.ai/compatibility/v1/chat/completions"),
        ({"kind": "openrouter"}, CHAT, "https://openrouter.ai/api/v1/chat/completions"),
        (
            {"base_url": "https://r.openai.azure.com"}, CHAT,
            "https://r.openai.azure.com/openai/v1/chat/completions",
        ),
        (
            {"base_url": "https://r.openai.azure.com/openai/v1/"}, CHAT,
            "https://r.openai.azure.com/openai/v1/chat/completions",
        ),
        (
            {"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1"}, CHAT,
            "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions",
        ),
        (
            {"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com/anthropic"}, MESSAGES,
            "https://bedrock-runtime.us-east-1.amazonaws.com/anthropic/v1/messages",
        ),
        (
            {"kind": "vertex_anthropic", "base_url": "https://aiplatform.googleapis.com/v1/projects/p"},
            MESSAGES,
            "https://aiplatform.googleapis.com/v1/projects/p/publishers/anthropic/models/m:streamRawPredict",
        ),
        (
            {"base_url": "https://aiplatform.googleapis.com/v1/projects/p"},
            "/v1beta/models/m:generateContent",
            "https://aiplatform.googleapis.com/v1/projects/p/publishers/google/models/m:generateContent",
        ),
        (
            {"base_url": "https://ark.example.com/api/v3"}, CHAT,
            "https://ark.example.com/api/v3/chat/completions",
        ),
    ],
)  # fmt: skip
def test_every_provider_is_reached_where_it_listens(
    settings: dict[str, str], path: str, url: str
) -> None:
    assert address(made(**settings), path, "m", stream=True) == url


def test_the_messages_side_of_a_provider_speaks_messages_alone() -> None:
    deepseek = made(base_url="https://api.deepseek.com/anthropic")
    assert (deepseek.speaks, deepseek.vendor, deepseek.auth) == (
        ("messages",),
        "deepseek",
        "bearer",
    )
    azure = made(base_url="https://r.services.ai.azure.com/anthropic/")
    assert (azure.speaks, azure.vendor, azure.auth) == (("messages",), "anthropic", "x-api-key")
    assert azure.quirks.refuses_betas


def test_bedrock_speaks_by_its_address() -> None:
    root = "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert (made(base_url=root).speaks, made(base_url=root).vendor) == (("converse",), "bedrock")
    assert made(base_url=root + "/openai/v1").speaks == ("chat", "responses")
    claude = made(base_url=root + "/anthropic")
    assert (claude.speaks, claude.vendor) == (("messages",), "anthropic")


def test_aws_credentials_sign_every_request() -> None:
    aws = {"access_key_id": "AK", "secret_access_key": "s", "region": "us-east-1"}
    backend = made(base_url="https://bedrock-runtime.us-east-1.amazonaws.com", aws=aws)
    assert (backend.auth, credentials(backend)) == ("sigv4", ())
    headers = dict(signature(backend, "POST", "https://h/model/m/converse", b"{}", 0.0))
    assert headers["x-amz-date"] == "19700101T000000Z"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AK/19700101/us-east-1/")
    assert signature(made(base_url="http://x"), "GET", "http://x", b"", 0.0) == ()


def test_away_from_its_usual_path_a_provider_speaks_no_messages() -> None:
    assert made(base_url="https://api.z.ai/api/paas/v4").speaks == ("chat",)
    assert made(base_url="https://api.deepseek.com/beta").speaks == ("chat",)


def test_an_agent_has_no_address() -> None:
    backend = made(agent="package.module:factory")
    assert (backend.base_url, backend.agent) == ("", "package.module:factory")
    assert backend.speaks == ("chat", "messages", "responses")
