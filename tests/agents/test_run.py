import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from headgate.agents import create_app
from headgate.agents.app import AgentApp
from headgate.agents.interface import App, Message
from headgate.agents.run import Desk, Limits
from headgate.agents.sessions import Sessions
from tests.agents.driver import CHAT, PATHS, Answer, Call, Pal, ask, body_for


async def never() -> None:
    await asyncio.Event().wait()


def app_for(agent: Any, timeout_s: float | None = None, beat_s: float = 3600.0) -> App:
    sessions = Sessions(most=100)
    return AgentApp("pal", None, sessions, Desk(agent, sessions, Limits(timeout_s, beat_s)))


async def turns() -> None:
    """Lets everything that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


Pass = Callable[[float], None]


@pytest.fixture
async def pass_time(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """Lets seconds pass at once on the event loop's clock."""
    loop = asyncio.get_running_loop()
    real, passed = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + sum(passed))
    return passed.append


SUCCESS = (b'"finish_reason":"stop"', b"[DONE]", b"message_stop", b"response.completed")


def failed(answer: Answer) -> bool:
    """Whether a stream ended without any sign of success."""
    return answer.ended and not any(word in answer.body for word in SUCCESS)


async def test_the_agent_is_told_who_asks_and_what() -> None:
    agent = Pal(answer="Hi")
    app = create_app(agent, model_name="pal")
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    await ask(app, CHAT, {"model": "pal", "messages": messages, "session_id": "s1"})
    await ask(app)
    assert agent.calls == [
        {
            "content": "Hi",
            "media": [],
            "session_key": "api:s1",
            "channel": "api",
            "chat_id": "s1",
            "instructions": "Be kind.",
        },
        {
            "content": "Hi",
            "media": [],
            "session_key": "api:default",
            "channel": "api",
            "chat_id": "default",
        },
    ]


async def test_a_pause_for_a_tool_does_not_end_the_stream() -> None:
    class Toolsmith:
        async def process_direct(self, *, on_stream: Any, on_stream_end: Any, **_: Any) -> str:
            await on_stream("Let me look.")
            await on_stream_end(resuming=True)
            await on_stream("It rains.")
            await on_stream_end()
            return "It rains."

    answer = await ask(create_app(Toolsmith(), model_name="pal"), CHAT, body_for(CHAT, stream=True))
    assert [c["choices"][0]["delta"].get("content") for c in answer.chunks] == [
        "Let me look.",
        "It rains.",
        None,
    ]
    assert answer.body.count(b"[DONE]") == 1


@pytest.mark.parametrize("path", list(PATHS))
async def test_an_exception_before_any_text_is_a_500_without_a_trace(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    for streamed in (False, True):
        agent = Pal(error=RuntimeError("secret in /etc/token"))
        answer = await ask(app_for(agent), path, body_for(path, stream=streamed))
        assert answer.status == 500
        assert answer.headers["x-should-retry"] == "false"
        assert answer.json["error"]["type"] in ("server_error", "api_error")
        assert b"secret" not in answer.body
        assert b"Traceback" not in answer.body
    assert "secret in /etc/token" in caplog.text


@pytest.mark.parametrize("path", list(PATHS))
async def test_an_exception_inside_a_stream_is_an_error_event_and_no_end(path: str) -> None:
    agent = Pal("Half an ans", error=RuntimeError("secret"))
    answer = await ask(app_for(agent), path, body_for(path, stream=True))
    assert answer.status == 200
    assert failed(answer)
    assert b"Half an ans" in answer.body
    assert b"The agent failed to answer." in answer.body
    assert b"secret" not in answer.body
    events = [frame.event for frame in answer.frames]
    assert {CHAT: "", "/v1/messages": "error", "/v1/responses": "response.failed"}[path] == events[
        -1
    ]


async def test_an_agent_that_cancels_itself_has_failed() -> None:
    answer = await ask(app_for(Pal(error=asyncio.CancelledError())))
    assert answer.status == 500


async def test_what_is_no_text_is_a_failure() -> None:
    answer = await ask(app_for(Pal(answer=b"bytes")))
    assert answer.status == 500


@pytest.mark.parametrize("path", list(PATHS))
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_that_is_too_slow_is_a_504(
    path: str, streamed: bool, pass_time: Pass
) -> None:
    agent = Pal(before=never)
    call = Call(create_app(agent, model_name="pal"), path, body_for(path, stream=streamed))
    await agent.begun.wait()
    pass_time(121.0)
    answer = await call.whole()
    assert answer.status == 504
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json["error"]["message"] == "Request timed out after 120s"
    await agent.cancelled.wait()


@pytest.mark.parametrize("path", list(PATHS))
async def test_a_time_out_inside_a_stream_is_an_error_event(path: str, pass_time: Pass) -> None:
    agent = Pal("Half", after=never)
    call = Call(app_for(agent, timeout_s=0.5), path, body_for(path, stream=True))
    await call.heard(b"Half")
    pass_time(1.0)
    answer = await call.whole()
    assert answer.status == 200
    assert failed(answer)
    assert b"Request timed out after 0.5s" in answer.body
    await agent.cancelled.wait()


async def test_the_time_in_the_line_counts(pass_time: Pass) -> None:
    agent = Pal(before=never)
    app = app_for(agent, timeout_s=60.0)
    calls = [Call(app, CHAT, body_for(CHAT)) for _ in range(2)]
    await agent.begun.wait()
    await turns()
    pass_time(61.0)
    assert [(await call.whole()).status for call in calls] == [504, 504]
    assert len(agent.calls) == 1


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_agent_is_cancelled_when_the_caller_leaves(streamed: bool) -> None:
    agent = Pal(before=never)
    call = Call(app_for(agent), CHAT, body_for(CHAT, stream=streamed))
    await agent.begun.wait()
    call.leave()
    answer = await call.whole()
    await agent.cancelled.wait()
    assert answer.status == 0


async def test_a_caller_who_leaves_inside_a_stream_hears_nothing_more() -> None:
    agent = Pal("Half", after=never)
    call = Call(app_for(agent), CHAT, body_for(CHAT, stream=True))
    await call.heard(b"Half")
    call.leave()
    answer = await call.whole()
    await agent.cancelled.wait()
    assert not answer.ended
    assert b"error" not in answer.body


async def test_a_caller_who_leaves_the_line_is_never_served() -> None:
    agent = Pal(before=never)
    app = app_for(agent)
    first, second = Call(app, CHAT, body_for(CHAT)), Call(app, CHAT, body_for(CHAT))
    await agent.begun.wait()
    await turns()
    second.leave()
    await second.whole()
    first.leave()
    await first.whole()
    await agent.cancelled.wait()
    assert len(agent.calls) == 1


async def test_an_application_that_is_cancelled_cancels_its_agent() -> None:
    agent = Pal("Half", after=never)
    call = Call(app_for(agent), CHAT, body_for(CHAT, stream=True))
    await call.heard(b"Half")
    call.task.cancel()
    await agent.cancelled.wait()


async def test_a_server_that_says_the_caller_is_gone_is_no_failure_of_the_agent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(message: Message) -> None:
        raise OSError("gone")

    agent = Pal("a", "b", answer="ab")
    call = Call(app_for(agent), CHAT, body_for(CHAT, stream=True), send=broken)
    await call.whole()
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("path", "beat"),
    [
        (CHAT, b": keep-alive\n\n"),
        ("/v1/responses", b": keep-alive\n\n"),
        ("/v1/messages", b"event: ping\n"),
    ],
)
async def test_silence_is_broken_by_heartbeats_and_the_answer_is_as_ever(
    path: str, beat: bytes, pass_time: Pass
) -> None:
    release = asyncio.Event()
    agent = Pal("Hello", before=release.wait)
    call = Call(create_app(agent, model_name="pal"), path, body_for(path, stream=True))
    await agent.begun.wait()
    for number in (1, 2):
        pass_time(15.5)
        await call.heard(number * beat if path != "/v1/messages" else beat)
    release.set()
    answer = await call.whole()
    assert b"Hello" in answer.body
    assert any(end in answer.body for end in (b"[DONE]", b"message_stop", b"response.completed"))
    if path == CHAT:
        assert answer.chunks[0]["choices"][0]["delta"]["role"] == "assistant"


async def test_a_failure_behind_a_heartbeat_is_an_error_event(pass_time: Pass) -> None:
    agent = Pal(before=never)
    call = Call(app_for(agent, 60.0, 15.0), CHAT, body_for(CHAT, stream=True))
    await agent.begun.wait()
    pass_time(16.0)
    await call.heard(b": keep-alive")
    pass_time(60.0)
    answer = await call.whole()
    assert answer.status == 200
    assert failed(answer)
    assert b"request_timeout" in answer.body


async def test_an_agent_that_speaks_needs_no_heartbeat(pass_time: Pass) -> None:
    pauses = [asyncio.Event() for _ in range(3)]

    class Slow:
        async def process_direct(self, *, on_stream: Any, **_: Any) -> str:
            for number, pause in enumerate(pauses):
                await on_stream(str(number))
                await pause.wait()
            return ""

    call = Call(app_for(Slow(), beat_s=15.0), CHAT, body_for(CHAT, stream=True))
    for number, pause in enumerate(pauses):
        await call.heard(b'"content":"%d"' % number)
        pass_time(14.0)
        await turns()
        pause.set()
    assert b"keep-alive" not in (await call.whole()).body


async def test_what_an_agent_says_behind_the_end_is_not_told() -> None:
    kept: list[Any] = []

    class Late:
        async def process_direct(self, *, on_stream: Any, **_: Any) -> str:
            kept.append(on_stream)
            return "Done"

    call = Call(create_app(Late(), model_name="pal"), CHAT, body_for(CHAT, stream=True))
    answer = await call.whole()
    before = answer.body
    await kept[0]("More!")
    assert answer.body == before


async def test_one_sessions_requests_run_in_turn_and_others_beside_it() -> None:
    gates = {name: asyncio.Event() for name in ("first", "second", "other")}
    begun: list[str] = []
    news = asyncio.Condition()

    class Keeper:
        async def process_direct(self, *, content: str, session_key: str, **_: Any) -> str:
            begun.append(content)
            async with news:
                news.notify_all()
            await gates[content].wait()
            return content

    def call(content: str, session: str) -> Call:
        messages = [{"role": "user", "content": content}]
        body = {"model": "pal", "messages": messages, "session_id": session}
        return Call(app, CHAT, body)

    app = create_app(Keeper(), model_name="pal")
    calls = [call("first", "a"), call("second", "a"), call("other", "b")]
    async with news:
        await news.wait_for(lambda: len(begun) == 2)
    assert begun == ["first", "other"]
    gates["other"].set()
    await calls[2].whole()
    assert begun == ["first", "other"]
    gates["first"].set()
    gates["second"].set()
    for one in calls:
        await one.whole()
    assert begun == ["first", "other", "second"]


async def test_a_caller_who_reads_nothing_holds_the_agent_back() -> None:
    reading = asyncio.Event()
    taken: list[bytes] = []

    async def slow(message: Message) -> None:
        taken.append(message.get("body", b""))
        await reading.wait()

    said: list[int] = []

    class Talker:
        async def process_direct(self, *, on_stream: Any, **_: Any) -> str:
            for number in range(100):
                await on_stream("x")
                said.append(number)
            return ""

    app = create_app(Talker(), model_name="pal")
    call = Call(app, CHAT, body_for(CHAT, stream=True), send=slow)
    await turns()
    assert len(taken) == 1
    assert not said
    reading.set()
    assert (await call.whole()).body.endswith(b"data: [DONE]\n\n")
