from typing import Any

import pytest

from headgate.dialects.dialect import Envelope
from headgate.pipeline.sessions import HEADERS, MOST_CHARACTERS, session_of


def session(headers: dict[str, str], thread: str | None = None, **said: Any) -> str | None:
    return session_of(headers, Envelope(model="m", **said), thread)


@pytest.mark.parametrize("name", HEADERS)
def test_agent_clients_name_their_session_in_a_header(name: str) -> None:
    assert session({name: "s"}, "thread", session_hint="hint") == "s"


def test_what_names_the_session_best_counts() -> None:
    headers = {"x-session-id": "a", "session_id": "c", "session-id": "d"}
    said: dict[str, Any] = {"session": "b", "session_hint": "e"}
    order = [session(headers, "f", **said)]
    for name in ("x-session-id", "session", "session_id", "session-id"):
        headers.pop(name, None)
        said.pop(name, None)
        order.append(session(headers, "f", **said))
    order += [session({}, "f"), session({})]
    assert order == ["a", "b", "c", "d", "e", "f", None]


def test_hints_may_be_left_aside() -> None:
    envelope = Envelope(model="m", session_hint="hint")
    assert session_of({}, envelope, "thread", hints=False) == "thread"
    assert session_of({}, envelope, hints=False) is None


def test_an_empty_name_is_none_and_a_long_one_is_cut() -> None:
    assert session({"x-session-id": ""}, session="b") == "b"
    assert session({"x-session-id": "x" * 9999}) == "x" * MOST_CHARACTERS
