import pytest

from headgate.filters.limit_headers import go_duration, limit_headers
from headgate.model.limits import Standing

REQUESTS = Standing("requests", 60, 59, 1.0)
TOKENS = Standing("tokens", 1000, 400, 36.0)
AT = 1_800_000_000.0


@pytest.mark.parametrize("dialect", ["chat", "responses"])
def test_openai_clients_read_their_own_names(dialect: str) -> None:
    assert dict(limit_headers(dialect, (REQUESTS, TOKENS), AT)) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "400",
        "x-ratelimit-reset-tokens": "36s",
    }


def test_anthropic_clients_read_theirs_with_a_time_of_day() -> None:
    assert dict(limit_headers("messages", (REQUESTS, TOKENS), AT)) == {
        "anthropic-ratelimit-requests-limit": "60",
        "anthropic-ratelimit-requests-remaining": "59",
        "anthropic-ratelimit-requests-reset": "2027-01-15T08:00:01Z",
        "anthropic-ratelimit-tokens-limit": "1000",
        "anthropic-ratelimit-tokens-remaining": "400",
        "anthropic-ratelimit-tokens-reset": "2027-01-15T08:00:36Z",
    }


def test_of_two_rates_the_tighter_one_is_told() -> None:
    a_day = Standing("requests", 1000, 3, 86_000.0)
    for standings in ((REQUESTS, a_day), (a_day, REQUESTS)):
        told = dict(limit_headers("chat", standings, AT))
        assert told["x-ratelimit-limit-requests"] == "1000"
        assert told["x-ratelimit-remaining-requests"] == "3"


def test_without_a_rate_nothing_is_told() -> None:
    assert limit_headers("chat", (), AT) == ()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0001, "1ms"),
        (0.02, "20ms"),
        (1, "1s"),
        (1.2, "2s"),
        (59.5, "1m0s"),
        (360, "6m0s"),
        (3600, "1h0m0s"),
        (86_399, "23h59m59s"),
    ],
)
def test_durations_are_gos(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
