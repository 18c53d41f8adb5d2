import pytest

from headgate.backends.make import from_config
from headgate.backends.zero import zero_config
from headgate.config import ConfigErrors


def test_each_key_of_the_environment_makes_a_backend() -> None:
    env = {"OPENAI_API_KEY": "sk-1", "GOOGLE_API_KEY": " k-2\n", "ANTHROPIC_API_KEY": "", "X": "y"}
    config = zero_config(env)
    assert list(config.backends) == ["openai", "gemini"]
    assert config.backends["gemini"].api_key == "k-2"
    backend = from_config("openai", config.backends["openai"])
    assert (backend.base_url, backend.api_key) == ("https://api.openai.com", "sk-1")


def test_without_any_key_there_is_no_backend() -> None:
    assert zero_config({}).backends == {}


def test_an_address_may_need_a_second_variable() -> None:
    assert zero_config({"AWS_BEARER_TOKEN_BEDROCK": "k"}).backends == {}
    config = zero_config({"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_REGION": "eu-west-1"})
    base_url = config.backends["bedrock"].base_url
    assert base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"


def test_the_environment_says_the_rest_too() -> None:
    assert zero_config({"HEADGATE_PORT": "9000"}).server.port == 9000


def test_what_is_unusable_is_named() -> None:
    with pytest.raises(ConfigErrors) as caught:
        zero_config({"OPENAI_API_KEY": "sk 1", "HEADGATE_PORT": "x"})
    assert [problem.where for problem in caught.value.problems] == [
        "OPENAI_API_KEY",
        "HEADGATE_PORT",
    ]
