"""How streams end, row by row, to every caller from every backend dialect."""

import itertools
import re
from collections.abc import Iterator

import pytest

from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.books import Expected
from tests.faults.caller import DIALECTS, Answer, ask, question
from tests.faults.serving import add_hasty, backend, model, over, serving
from tests.faults.streams import FINISH, FRAMES, INBAND, OPENING, raw, text_of
from tests.faults.told import LAST_WORDS, TOO_SLOW, TRUNCATED, check_broken, check_error

BACKENDS = tuple(FRAMES)
PAIRS = list(itertools.product(DIALECTS, BACKENDS))

SERVER_ERROR = {"chat": "server_error", "messages": "api_error", "responses": "server_error"}
TIMEOUT = {"chat": "timeout_error", "messages": "timeout_error", "responses": "server_error"}

every_pair = pytest.mark.parametrize(("caller", "backend"), PAIRS)


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    config = over(upstream.url)
    add_hasty(config, upstream.url, idle="300ms")
    config["backends"]["brief"] = backend(upstream.url, "chat", timeouts={"total": "2500ms"})
    config["models"]["brief"] = model("brief")
    with serving(config) as gateway:
        yield gateway


def stream(gateway: Gateway, caller: str, backend: str) -> Answer:
    answer = ask(gateway.url, caller, question(caller, backend))
    assert answer.ended == "clean"
    return answer


def begun(caller: str, backend: str, before: bytes) -> None:
    """What arrived before a stream broke passed, and nothing else."""
    if caller == backend:
        assert before == b"".join(FRAMES[backend][: OPENING[backend]])
    else:
        assert text_of(caller, before) == "Hel"
    assert LAST_WORDS[caller] not in before


def is_whole(caller: str, body: bytes) -> bool:
    """The terminator stands once, at the end, and the whole text before it."""
    (*_, last) = re.split(rb"(?<=\n\n)", body.removesuffix(b"\n\n"))
    return (
        body.count(LAST_WORDS[caller]) == 1
        and (last + b"\n\n").startswith(LAST_WORDS[caller])
        and text_of(caller, body) == "Hello"
    )


@every_pair
def test_a_whole_stream_passes_with_one_terminator(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(**raw(*FRAMES[backend]))
    answer = stream(gateway, caller, backend)
    assert answer.status == 200
    if caller == backend:
        hidden = FRAMES["chat"][4] if caller == "chat" else b""
        assert answer.body == b"".join(FRAMES[backend]).replace(hidden, b"")
    assert is_whole(caller, answer.body)
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "usage_source": "provider"}
    log.outcome(answer, "complete", **usage)


@pytest.mark.parametrize("close", ["clean", "reset"])
@every_pair
def test_a_missing_terminator_is_added_once(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    backend: str,
    close: str,
) -> None:
    sent = FRAMES[backend][: FINISH[backend]]
    fault = {"disconnect_after": len(sent)} if close == "reset" else {}
    upstream.script(**raw(*sent), **fault)
    answer = stream(gateway, caller, backend)
    if caller == backend:
        missing = b"".join(FRAMES[caller][-1:]) if caller != "responses" else b""
        assert answer.body == b"".join(sent) + missing
    assert is_whole(caller, answer.body)
    log.outcome(answer, "complete")


@pytest.mark.parametrize("sent", [(), (b": only a comment\n\n",)])
@every_pair
def test_a_stream_without_an_event_stays_empty(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    backend: str,
    sent: tuple[bytes],
) -> None:
    upstream.script(**raw(*sent))
    answer = stream(gateway, caller, backend)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.body.replace(b": only a comment\n\n", b"") == b""
    log.outcome(answer, "empty")


@pytest.mark.parametrize("caller", DIALECTS)
def test_a_terminator_alone_is_an_empty_stream(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(**raw(FRAMES["chat"][-1]))
    answer = stream(gateway, caller, "chat")
    assert (answer.status, answer.body) == (200, b"")
    log.outcome(answer, "empty")


@pytest.mark.parametrize("close", ["clean", "reset"])
@every_pair
def test_an_early_end_is_an_error_and_no_short_answer(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    backend: str,
    close: str,
) -> None:
    sent = FRAMES[backend][: OPENING[backend]]
    fault = {"disconnect_after": len(sent)} if close == "reset" else {}
    upstream.script(**raw(*sent), **fault)
    answer = stream(gateway, caller, backend)
    before = check_broken(caller, answer.body, TRUNCATED, "upstream_truncated", SERVER_ERROR)
    begun(caller, backend, before)
    log.outcome(answer, "truncated", usage_source="estimated")


@every_pair
def test_half_a_frame_never_passes(
    upstream: ScriptedUpstream, gateway: Gateway, caller: str, backend: str
) -> None:
    sent = FRAMES[backend][: OPENING[backend]]
    half = FRAMES[backend][OPENING[backend]][:-20]
    upstream.script(**raw(*sent, half))
    answer = stream(gateway, caller, backend)
    before = check_broken(caller, answer.body, TRUNCATED, "upstream_truncated", SERVER_ERROR)
    begun(caller, backend, before)


@every_pair
def test_an_error_as_the_first_event_is_a_status(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(**raw(INBAND[backend]))
    answer = stream(gateway, caller, backend)
    status = 529 if backend == "messages" else 502
    type_ = "overloaded_error" if backend == "messages" else "api_error"
    code = {"chat": "busy", "messages": "overloaded", "gemini": "INTERNAL"}
    message = check_error(answer, caller, status, code.get(backend, "server_error"), type_)
    assert message == "Too busy."
    log.outcome(answer, "upstream_error")


@pytest.mark.parametrize("paced", [True, False], ids=["paced", "at once"])
@every_pair
def test_a_later_error_is_told_in_the_callers_dialect(
    upstream: ScriptedUpstream,
    gateway: Gateway,
    log: Expected,
    caller: str,
    backend: str,
    paced: bool,
) -> None:
    sent = (*FRAMES[backend][: OPENING[backend]], INBAND[backend])
    if paced:
        upstream.script(**raw(*sent), delay_ms=20)
    else:
        upstream.script(**raw(b"".join(sent)))
    answer = stream(gateway, caller, backend)
    assert answer.status == 200
    if caller == backend and caller != "responses":
        assert answer.body == b"".join(sent)
    else:
        code = {"chat": "busy", "messages": "overloaded", "gemini": "INTERNAL"}
        types = dict(SERVER_ERROR)
        if backend == "messages":
            types = dict.fromkeys(DIALECTS, "overloaded_error")
        if backend == "gemini":
            types = {**dict.fromkeys(DIALECTS, "INTERNAL"), "messages": "api_error"}
        told = code.get(backend, "server_error")
        begun(caller, backend, check_broken(caller, answer.body, "Too busy.", told, types))
    log.outcome(answer, "upstream_error", error_message="Too busy.")


@every_pair
def test_silence_is_a_timeout(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    sent = b"".join(FRAMES[backend][: OPENING[backend]])
    upstream.script(**raw(sent), stall_after=1)
    answer = stream(gateway, caller, f"hasty-{backend}")
    begun(caller, backend, check_broken(caller, answer.body, TOO_SLOW, "request_timeout", TIMEOUT))
    log.outcome(answer, "timeout")


@pytest.mark.parametrize("caller", DIALECTS)
def test_a_stream_that_never_ends_is_a_timeout(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str
) -> None:
    upstream.script(text=["word "] * 1000, delay_ms=50)
    answer = stream(gateway, caller, "brief")
    before = check_broken(caller, answer.body, TOO_SLOW, "request_timeout", TIMEOUT)
    assert text_of(caller, before).startswith("word ")
    upstream.wait_for(lambda one: one["caller_left"])
    log.outcome(answer, "timeout")


@every_pair
def test_a_backend_that_is_silent_after_its_finish_has_answered(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    sent = b"".join(FRAMES[backend][: FINISH[backend]])
    upstream.script(**raw(sent), stall_after=1)
    answer = stream(gateway, caller, f"hasty-{backend}")
    assert is_whole(caller, answer.body)
    log.outcome(answer, "complete")


@every_pair
def test_nothing_passes_after_the_terminator(
    upstream: ScriptedUpstream, gateway: Gateway, log: Expected, caller: str, backend: str
) -> None:
    upstream.script(**raw(*FRAMES[backend], FRAMES[backend][OPENING[backend]], FRAMES[backend][-1]))
    answer = stream(gateway, caller, backend)
    assert is_whole(caller, answer.body) or backend == "gemini"
    assert answer.body.count(LAST_WORDS[caller]) == 1
    log.outcome(answer, "complete")
