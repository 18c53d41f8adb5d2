"""One attempt, up to where its answer can be judged."""

import gzip

import msgspec
import pytest

from headgate.backends.backend import Timeouts
from headgate.model.fault import Refused
from headgate.pipeline import attempt as attempt_module
from headgate.pipeline.attempt import Opened, ask
from headgate.pipeline.exchange import Attempt
from headgate.pipeline.watch import Interrupted
from headgate.pipeline.whole import Whole
from headgate.routing.retry import Failure
from headgate.routing.target import Target
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import FakeAnswer, Scene, backend, refusal, reply
from tests.pipeline.samples import CHAT, JSON, MESSAGES, REPLY, SSE, chunk

ERROR = b'data: {"error":{"message":"busy","code":"overloaded"}}\n\n'
CLAUDE = backend(speaks=("messages",), vendor="anthropic")


class Try:
    """One attempt in a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.attempt = Attempt(1, Target("one", "up-model"), 1000.0, 0.0)

    async def make(self) -> Opened | Whole | Failure:
        return await ask(self.scene.turn(), self.attempt)


async def opened(scene: Scene) -> Opened:
    result = await Try(scene).make()
    assert isinstance(result, Opened)
    return result


async def whole(scene: Scene) -> Whole:
    result = await Try(scene).make()
    assert isinstance(result, Whole)
    return result


async def failed(scene: Scene) -> Failure:
    result = await Try(scene).make()
    assert isinstance(result, Failure)
    return result


async def test_a_stream_is_open_at_its_first_event() -> None:
    answer = FakeAnswer(b": note\n\n", *CHAT, headers={**SSE, "x-request-id": "up_1"})
    made = Try(Scene(answer, stream=True))
    result = await made.make()
    assert isinstance(result, Opened)
    assert result.stream.held == b": note\n\n" + CHAT[0]
    assert dict(result.headers) == {"x-upstream-request-id": "up_1"}
    assert made.attempt.status == 200
    assert made.attempt.first_event_at is not None
    assert made.attempt.facts is result.gear.facts
    assert answer.closed == 0


@pytest.mark.parametrize("headers", [JSON, {}, {"content-type": "text/plain"}])
async def test_the_bytes_tell_a_stream_and_not_the_label(headers: dict[str, str]) -> None:
    result = await opened(Scene(FakeAnswer(*CHAT, headers=headers), stream=True))
    assert result.stream.facts.events == 1


async def test_a_beginning_that_comes_byte_by_byte_is_a_stream() -> None:
    pieces = [bytes([byte]) for byte in CHAT[0]]
    result = await opened(Scene(FakeAnswer(*pieces), stream=True))
    assert result.stream.held == CHAT[0]


async def test_a_translated_stream_is_open_at_its_first_event() -> None:
    answer = FakeAnswer(*MESSAGES, then="wait")
    result = await opened(Scene(answer, stream=True, backends=[CLAUDE]))
    assert b'"role":"assistant"' in result.stream.held
    assert result.question.source is not None


async def test_an_empty_stream_is_open() -> None:
    result = await opened(Scene(FakeAnswer(), stream=True))
    assert result.stream.ending == "clean"


async def test_an_empty_body_that_is_no_stream_is_a_failure() -> None:
    failure = await failed(Scene(FakeAnswer(headers=JSON), stream=True))
    assert (failure.condition, failure.fault.http_status) == ("5xx", 502)


async def test_an_error_in_the_place_of_the_first_event_is_a_failure() -> None:
    answer = FakeAnswer(ERROR, then="wait")
    failure = await failed(Scene(answer, stream=True))
    assert (failure.condition, failure.fault.message) == ("5xx", "busy")
    assert answer.closed == 1


async def test_an_error_behind_the_first_event_is_the_streams_own() -> None:
    result = await opened(Scene(FakeAnswer(CHAT[0] + ERROR), stream=True))
    assert result.gear.facts.fault is not None
    assert result.stream.held.startswith(CHAT[0])


async def test_a_body_that_breaks_before_any_event_is_a_failure() -> None:
    for pieces in ((), (b": note\n\n",), (CHAT[0][:20],)):
        answer = FakeAnswer(*pieces, then="break")
        failure = await failed(Scene(answer, stream=True))
        assert (failure.condition, failure.fault.http_status) == ("connect", 502)
        assert answer.closed == 1


async def test_a_target_that_cannot_be_reached_is_a_failure() -> None:
    made = Try(Scene(TargetUnreachable("the connection was refused")))
    result = await made.make()
    assert isinstance(result, Failure)
    assert (result.condition, result.sent) == ("connect", "nothing")
    assert (made.attempt.status, made.attempt.first_event_at) == (None, None)


async def test_an_encoding_that_nobody_asked_for_is_a_failure() -> None:
    answer = FakeAnswer(b"x", headers={"content-encoding": "br"})
    failure = await failed(Scene(answer))
    assert failure.condition == "connect"
    assert "'br'" in failure.fault.message
    assert answer.closed == 1


async def test_a_compressed_answer_is_unpacked() -> None:
    answer = FakeAnswer(gzip.compress(REPLY), headers={**JSON, "content-encoding": "gzip"})
    assert (await whole(Scene(answer))).body == REPLY


async def test_a_first_event_in_time_or_not_at_all() -> None:
    slow = backend(timeouts=Timeouts(first_event_s=0.01))
    answer = FakeAnswer(b": note\n\n", then="wait")
    failure = await failed(Scene(answer, stream=True, backends=[slow]))
    assert (failure.condition, failure.fault.kind) == ("timeout", "timeout")
    assert answer.closed == 1
    assert (await failed(Scene(None, stream=True, backends=[slow]))).condition == "timeout"


async def test_the_total_bounds_the_first_event() -> None:
    slow = backend(timeouts=Timeouts(total_s=0.01))
    answer = FakeAnswer(then="wait")
    assert (await failed(Scene(answer, stream=True, backends=[slow]))).condition == "timeout"


async def test_a_whole_reply_may_take_longer_than_a_first_event() -> None:
    patient = backend(timeouts=Timeouts(first_event_s=0.0))
    assert (await whole(Scene(reply(), backends=[patient]))).body == REPLY
    slow = backend(timeouts=Timeouts(total_s=0.01))
    answer = FakeAnswer(REPLY[:9], headers=JSON, then="wait")
    assert (await failed(Scene(answer, backends=[slow]))).condition == "timeout"
    assert answer.closed == 1


async def test_leaving_interrupts_and_lets_the_answer_go() -> None:
    answer = FakeAnswer(then="wait")
    scene = Scene(answer, stream=True)
    turn = scene.turn()
    made = Attempt(1, Target("one", "up-model"), 1000.0, 0.0)
    turn.watch.beat(0.01, lambda: _leave(turn.watch.interrupt))
    with pytest.raises(Interrupted) as interrupted:
        await ask(turn, made)
    assert interrupted.value.reason == "left"
    assert answer.closed == 1
    turn.watch.close()


async def _leave(interrupt: object) -> None:
    assert callable(interrupt)
    interrupt("left")


async def test_a_request_that_cannot_be_said_is_refused_before_anybody_is_asked() -> None:
    scene = Scene(dialect="responses", previous_response_id="resp_1")
    with pytest.raises(Refused):
        await Try(scene).make()
    assert scene.upstream.calls == []


async def test_a_whole_reply_keeps_its_status_and_headers() -> None:
    answer = reply(status=203, x_ratelimit_limit="9", set_cookie="c=1")
    made = Try(Scene(answer))
    result = await made.make()
    assert isinstance(result, Whole)
    assert (result.body, result.status) == (REPLY, 203)
    assert dict(result.headers) == {"x-ratelimit-limit": "9"}
    assert made.attempt.facts is result.facts
    assert answer.closed == 1


async def test_json_instead_of_a_stream_is_relayed_as_json() -> None:
    assert (await whole(Scene(reply(), stream=True))).body == REPLY


async def test_json_instead_of_a_stream_is_translated_where_dialects_differ() -> None:
    result = await whole(Scene(reply(), dialect="messages", stream=True))
    assert msgspec.json.decode(result.body)["type"] == "message"


async def test_a_stream_instead_of_json_is_folded() -> None:
    result = await whole(Scene(FakeAnswer(*CHAT)))
    told = msgspec.json.decode(result.body)
    assert told["choices"][0]["message"]["content"] == "Hello there"
    failure = await failed(Scene(FakeAnswer(chunk("Hel"))))
    assert failure.fault.kind == "upstream_truncated"


async def test_an_error_under_status_200_is_a_failure() -> None:
    body = b'{"error":{"message":"slowly","code":"rate_limit_exceeded"}}'
    failure = await failed(Scene(reply(body)))
    assert (failure.condition, failure.fault.http_status) == ("429", 429)


async def test_an_error_status_is_a_failure_with_its_words() -> None:
    answer = refusal(429, "slowly", retry_after="7")
    made = Try(Scene(answer))
    result = await made.make()
    assert isinstance(result, Failure)
    assert (result.fault.message, result.fault.retry_after_s) == ("slowly", 7.0)
    assert made.attempt.status == 429
    assert answer.closed == 1


async def test_an_error_in_another_dialect_is_not_relayed_as_it_is() -> None:
    assert (await failed(Scene(refusal(422)))).fault.native
    assert not (await failed(Scene(refusal(422), dialect="messages"))).fault.native


@pytest.mark.parametrize("then", ["break", "wait"])
async def test_the_status_counts_although_the_errors_body_does_not_come(
    then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_module, "_ERROR_BODY_S", 0.01)
    answer = FakeAnswer(status=429, headers={"retry-after": "7"}, then=then)  # type: ignore[arg-type]
    failure = await failed(Scene(answer))
    assert (failure.condition, failure.fault.retry_after_s) == ("429", 7.0)


async def test_an_endless_errors_body_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempt_module, "_MOST_ERROR_BYTES", 10)
    answer = FakeAnswer(*[b"12345"] * 9, status=500, headers={}, then="wait")
    assert (await failed(Scene(answer))).condition == "5xx"
    assert not answer.dry.is_set()
