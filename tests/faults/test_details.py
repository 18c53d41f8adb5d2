"""What a running gateway keeps of bodies, in each mode, for those whose details are logged."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Row, row_of, stored
from tests.faults.caller import DIALECTS, Answer, ask, get, question
from tests.faults.serving import over, serving
from tests.faults.streams import CHAT, CREATED, DONE, FRAMES, OPENING, raw

MODES = ("compact", "raw", "both", "off")
SECRET = "sk-live-0123456789abcdefghij"
NAMES = {
    "chat": "kyush.chat_stream",
    "messages": "headgate.messages_stream",
    "responses": "headgate.responses_stream",
}

every_dialect = pytest.mark.parametrize("caller", DIALECTS)


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, mode: str) -> Iterator[Gateway]:
    config = over(upstream.url)
    config["backends"]["gemini"]["detail_logging"] = True
    config["users"] = [
        {"name": "seen", "api_key": "a-long-key-of-seen", "backends": "*", "detail_logging": True},
        {"name": "unseen", "api_key": "a-long-key-of-unseen", "backends": "*"},
        {
            "name": "copied",
            "api_key": "a-long-key-of-copied",
            "backends": "*",
            "copy_reasoning_to_reasoning_content": True,
        },
    ]
    with serving(config, DETAIL_STREAM_LOG_MODE=mode) as gateway:
        yield gateway


def put(gateway: Gateway, user: str, caller: str, backend: str = "", **more: Any) -> Answer:
    body = question(caller, backend or caller, **more)
    return ask(gateway.url, caller, body, authorization=f"Bearer a-long-key-of-{user}")


def logged(gateway: Gateway, answer: Answer) -> tuple[Row, str | None, str | None]:
    """The row of an exchange, and its bodies."""
    row = row_of(gateway, answer.id)
    path = gateway.data / "headgate.db"
    query = "SELECT request_body, response_body FROM exchange_bodies WHERE exchange_id = ?"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        bodies = database.execute(query, (answer.id,)).fetchone()
    return row, *(bodies or (None, None))


def check_stream(mode: str, caller: str, answer: Answer, body: str | None) -> dict[str, Any]:
    """Asserts the form of a stream's body; returns its compact form, where there is one."""
    text = answer.body.decode()
    if mode in ("raw", "off"):
        assert body == (text if mode == "raw" else None)
        return {}
    told = json.loads(body or "")
    if mode == "both":
        assert told.keys() == {"format", "compact", "raw_sse"}
        assert told["format"] == f"{NAMES[caller]}.raw.v1"
        assert told["raw_sse"] == text
        told = told["compact"]
    else:
        assert "data: " not in (body or "")
    assert told["format"] == f"{NAMES[caller]}.compact.v1"
    assert isinstance(told, dict)
    return told


@every_dialect
def test_a_stream_is_kept_as_the_mode_says(
    upstream: ScriptedUpstream, gateway: Gateway, mode: str, caller: str
) -> None:
    upstream.script(**raw(*FRAMES[caller]))
    answer = put(gateway, "seen", caller)
    row, sent, body = logged(gateway, answer)
    assert row["detail_logged"] == 1
    assert json.loads(sent or "") == json.loads(question(caller, caller))
    compact = check_stream(mode, caller, answer, body)
    if compact:
        (choice,) = compact["choices"]
        assert (choice["role"], choice["content"]) == ("assistant", "Hello")
        assert compact["model"] == "mock-1"
        assert compact["stream"]["done"] is True


@every_dialect
def test_the_stream_is_shown_as_it_was_kept(
    upstream: ScriptedUpstream, gateway: Gateway, mode: str, caller: str
) -> None:
    upstream.script(**raw(*FRAMES[caller]))
    answer = put(gateway, "seen", caller)
    row_of(gateway, answer.id)
    asked = {"authorization": f"Bearer {gateway.admin_token}"}
    shown = get(gateway.url, f"/admin/requests/{answer.id}/stream", **asked)
    if mode == "off":
        assert (shown.status, "logging.record" in shown.json["error"]) == (404, True)
    elif mode == "compact":
        assert shown.json["format"] == f"{NAMES[caller]}.compact.v1"
    else:
        assert (shown.status, shown.body) == (200, answer.body)
        assert shown.headers["content-type"].startswith("text/event-stream")


def test_the_compact_form_of_a_chat_stream(
    upstream: ScriptedUpstream, gateway: Gateway, mode: str
) -> None:
    upstream.script(**raw(*CHAT))
    answer = put(gateway, "seen", "chat")
    compact = check_stream(mode, "chat", answer, logged(gateway, answer)[2])
    if compact:
        stream = compact.pop("stream")
        assert stream.pop("network_chunk_count") >= 1
        assert stream == {"data_frame_count": 4, "done": True}
        assert compact == {
            "format": "kyush.chat_stream.compact.v1",
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": "mock-1",
            "choices": [
                {"index": 0, "role": "assistant", "content": "Hello", "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
        }


@every_dialect
def test_a_translated_stream_of_a_watched_backend_is_kept_as_the_caller_got_it(
    upstream: ScriptedUpstream, gateway: Gateway, mode: str, caller: str
) -> None:
    upstream.script(**raw(*FRAMES["gemini"]))
    answer = put(gateway, "unseen", caller, "gemini")
    row, _, body = logged(gateway, answer)
    assert row["detail_logged"] == 1
    compact = check_stream(mode, caller, answer, body)
    if compact:
        assert compact["choices"][0]["content"] == "Hello"


@every_dialect
def test_a_broken_stream_is_kept_with_its_error(
    upstream: ScriptedUpstream, gateway: Gateway, mode: str, caller: str
) -> None:
    upstream.script(**raw(*FRAMES[caller][: OPENING[caller]]))
    answer = put(gateway, "seen", caller)
    compact = check_stream(mode, caller, answer, logged(gateway, answer)[2])
    if compact:
        assert compact["choices"][0]["content"] == "Hel"
        assert compact["stream"]["done"] is (caller == "responses")  # response.failed is an end


@every_dialect
def test_a_whole_answer_is_kept_as_it_is(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(text="Hello")
    answer = put(gateway, "seen", caller, stream=False)
    assert logged(gateway, answer)[2] == answer.body.decode()


def test_an_error_is_kept_too(upstream: ScriptedUpstream, gateway: Gateway) -> None:
    answer = put(gateway, "seen", "chat", "nobody's")
    assert answer.status == 404
    assert logged(gateway, answer)[2] == answer.body.decode()


@every_dialect
def test_where_nobody_asked_nothing_is_kept(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str
) -> None:
    upstream.script(**raw(*FRAMES[caller]))
    row, sent, body = logged(gateway, put(gateway, "unseen", caller))
    assert (row["detail_logged"], sent, body) == (0, None, None)


def test_secrets_reach_no_file(upstream: ScriptedUpstream, gateway: Gateway) -> None:
    upstream.script(text=f"Your key is {SECRET}.")
    messages = [{"role": "user", "content": f"Mine is\n{SECRET}, and yours?"}]
    answer = put(gateway, "seen", "chat", stream=False, messages=messages)
    assert SECRET in answer.json["choices"][0]["message"]["content"]
    _, sent, body = logged(gateway, answer)
    assert "Mine is\\n[redacted], and yours?" in (sent or "")
    assert "Your key is [redacted]." in (body or "")
    assert SECRET.encode() not in stored(gateway.data)


def test_reasoning_is_copied_for_those_who_want_it(
    upstream: ScriptedUpstream, gateway: Gateway
) -> None:
    thought = (
        b'data: {"id":"c1", "choices":[{"index":0,"delta":{"reasoning":"Think"},"n":1.50}]}\n\n'
    )
    upstream.script(**raw(thought, *CHAT[1:4], DONE))
    assert put(gateway, "unseen", "chat").body == thought + b"".join(CHAT[1:4]) + DONE
    told = put(gateway, "copied", "chat").body
    copied, rest = told[: -len(b"".join(CHAT[1:4]) + DONE)], b"".join(CHAT[1:4]) + DONE
    assert told == copied + rest
    choice = json.loads(copied.removeprefix(b"data: "))["choices"][0]
    assert choice["delta"] == {"reasoning": "Think", "reasoning_content": "Think"}
    assert b"1.50" in copied
