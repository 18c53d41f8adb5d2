import typing

import pytest

from headgate.backends.base_url import normalise
from headgate.backends.catalog import CATALOG, UNKNOWN, provider_of
from headgate.config.backend_section import ADDRESSLESS, Kind

KINDS = [provider.kind for provider in CATALOG]


def test_every_kind_has_one_row() -> None:
    assert sorted([*KINDS, UNKNOWN.kind]) == sorted(typing.get_args(Kind))


@pytest.mark.parametrize("provider", CATALOG, ids=KINDS)
def test_a_row_is_whole(provider: typing.Any) -> None:
    assert (provider.base_url is None) == (provider.kind in ADDRESSLESS)
    assert provider.docs.startswith("https://")
    assert provider.speaks
    assert provider.vendor
    assert provider_of(provider.kind, "") is provider
    if provider.base_url is not None:
        assert normalise(provider.base_url) == provider.base_url
    if provider.hosts is not None and provider.base_url is not None:
        assert provider_of(None, provider.base_url) is provider


def test_a_variable_belongs_to_one_row() -> None:
    variables = [variable for provider in CATALOG for variable in provider.env]
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.openai.com", "openai"),
        ("https://eu.api.openai.com", "openai"),
        ("https://res.openai.azure.com", "azure"),
        ("https://res.services.ai.azure.com/anthropic", "azure"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "bedrock"),
        ("https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l", "vertex"),
        ("https://open.bigmodel.cn/api", "zai"),
        ("http://192.168.1.5:11434", "ollama"),
        ("https://evil-api.openai.com.example.org", "compatible"),
        ("https://xapi.openai.com", "compatible"),
        ("http://localhost:8000", "compatible"),
        ("", "compatible"),
    ],
)
def test_a_provider_is_known_by_its_host(url: str, kind: str) -> None:
    assert provider_of(None, url).kind == kind


def test_a_kind_outranks_the_host() -> None:
    assert provider_of("vllm", "https://api.openai.com").kind == "vllm"
