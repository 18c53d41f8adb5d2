"""Backends that never come to the point: what they send before it is bounded."""

import contextlib
from collections.abc import Iterator

import pytest

from headgate.testing import Gateway
from tests.faults.caller import DIALECTS, ask, question
from tests.faults.raw_backend import RawBackend
from tests.faults.serving import backend, model, serving
from tests.faults.streams import FRAMES, text_of
from tests.faults.told import check_error

AHEAD = {"lines": b"\n", "comments": b": wait\n\n"}
MUCH = {"some": 1000, "endless": 3_000_000}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
WHOLE = b"".join(FRAMES["chat"])


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """The models ``some-comments``, ``endless-comments`` and so on."""
    config: dict[str, dict[str, object]] = {
        "server": {"heartbeat": 0},
        "backends": {},
        "models": {},
    }
    with contextlib.ExitStack() as kept:
        for what, line in AHEAD.items():
            for much, size in MUCH.items():
                name = f"{much}-{what}"
                ahead = line * (size // len(line))
                url = kept.enter_context(RawBackend(HEAD + ahead + WHOLE)).url
                config["backends"][name] = backend(url, "chat")
                config["models"][name] = model(name)
        yield kept.enter_context(serving(config))


@pytest.mark.parametrize("what", AHEAD)
@pytest.mark.parametrize("caller", DIALECTS)
def test_some_silence_is_broken_before_a_stream(gateway: Gateway, caller: str, what: str) -> None:
    answer = ask(gateway.url, caller, question(caller, f"some-{what}"))
    assert text_of(caller, answer.body) == "Hello"


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("caller", DIALECTS)
def test_endless_lines_are_no_answer(gateway: Gateway, caller: str, stream: bool) -> None:
    answer = ask(gateway.url, caller, question(caller, "endless-lines", stream))
    told = check_error(answer, caller, 502, "upstream_error", "api_error")
    assert "too many empty lines" in told


def test_endless_comments_are_not_kept(gateway: Gateway) -> None:
    answer = ask(gateway.url, "chat", question("chat", "endless-comments"))
    told = check_error(answer, "chat", 502, "upstream_error", "api_error")
    assert "before its first event" in told
