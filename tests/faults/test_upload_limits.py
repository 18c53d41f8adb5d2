"""Forms of callers who are over their limits: refused by their heads, with nothing read."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway
from tests.faults.books import row_of
from tests.faults.caller import Line
from tests.faults.counting_backend import CountingBackend
from tests.faults.forms import form, head, opening
from tests.faults.serving import backend, model, serving

PATH = "/v1/audio/transcriptions"
SIZE = 200 * 1024 * 1024
PATIENCE_S = 20.0
LIMITS: dict[str, dict[str, Any]] = {
    "once": {"requests_per_day": 1},
    "poor": {"budget_usd": 0, "budget_period": "total"},
    "alone": {"concurrent": 1},
}


@pytest.fixture(scope="module")
def sound() -> Iterator[CountingBackend]:
    with CountingBackend() as backend_:
        yield backend_


@pytest.fixture(scope="module")
def gateway(sound: CountingBackend) -> Iterator[Gateway]:
    config = {
        "server": {"heartbeat": 0, "max_upload": "220MiB"},
        "backends": {"sound": backend(sound.url, "chat")},
        "models": {"sound": model("sound", there="whisper-1")},
        "users": [
            {"name": name, "api_key": f"a-long-key-of-{name}", "backends": "*", "limits": limits}
            for name, limits in LIMITS.items()
        ],
    }
    with serving(config) as gateway:
        yield gateway


def large(user: str, **headers: str) -> bytes:
    """The head of a large form."""
    return head(PATH, SIZE, authorization=f"Bearer a-long-key-of-{user}", **headers)


@pytest.mark.parametrize(
    ("user", "code"), [("once", "rate_limit_exceeded"), ("poor", "insufficient_quota")]
)
def test_who_is_over_a_limit_is_refused_before_a_byte_of_the_form(
    gateway: Gateway, sound: CountingBackend, user: str, code: str
) -> None:
    if user == "once":
        body = form(b"RIFF")
        with Line(gateway.url) as line:
            key = f"Bearer a-long-key-of-{user}"
            line.send(head(PATH, len(body), authorization=key) + body)
            assert line.answer().status == 200
        sound.wait()
    sound.reset()
    with Line(gateway.url) as line:
        line.send(large(user))
        answer = line.answer()
    assert (answer.status, answer.json["error"]["code"]) == (429, code)
    assert "retry-after" in answer.headers
    row = row_of(gateway, answer.id)
    assert (row["outcome"], row["attempts"], row["endpoint"]) == ("refused", 0, PATH)
    with Line(gateway.url) as line:
        line.send(large(user, expect="100-continue"))
        assert line.head()[0] == 429
    assert not sound.visits


def test_a_form_takes_its_place_while_it_is_read_and_gives_it_back(gateway: Gateway) -> None:
    with Line(gateway.url) as first:
        first.send(large("alone", expect="100-continue"))
        assert first.head()[0] == 100
        first.send(opening() + b"RIFF" * 300_000)
        with Line(gateway.url) as second:
            second.send(large("alone"))
            assert second.answer().status == 429
    deadline = time.monotonic() + PATIENCE_S
    while _status(gateway) == 429:
        assert time.monotonic() < deadline, "the place was not given back"


def _status(gateway: Gateway) -> int:
    with Line(gateway.url) as line:
        line.send(large("alone", expect="100-continue"))
        return line.head()[0]
