import asyncio
import hashlib
import hmac
from typing import Any

import pytest

from headgate.policies import service as service_module
from headgate.policies.breaker import Breaker
from headgate.policies.environment import Environment
from headgate.policies.hook_flow import Misbehaved
from headgate.policies.service import SIGNATURE_HEADER, Address, Service, sign
from tests.policies.drive import Service as Fake
from tests.policies.drive import run


def service(fake: Fake, now: list[float] | None = None, **address: Any) -> Service:
    times = now or [0.0]
    environment = Environment(post=fake.post, clock=lambda: times[0], wall=lambda: 1_700_000_000.5)
    return Service(environment, Address(url="http://x", **address), Breaker(2, 10.0), 0.02)


def test_a_call_is_signed_over_its_time_and_body() -> None:
    fake = Fake(lambda _question: {"ok": True})
    assert run(service(fake, secret="s", headers=(("x-a", "b"),)).ask_object({"q": 1})) == {
        "ok": True
    }
    headers = dict(fake.calls[0].headers)
    digest = hmac.new(b"s", b'1700000000.{"q":1}', hashlib.sha256).hexdigest()
    assert headers[SIGNATURE_HEADER] == f"t=1700000000,v1={digest}"
    assert headers["x-a"] == "b"
    assert headers["content-type"] == "application/json"
    assert fake.calls[0].body == b'{"q":1}'
    assert sign("s", 1, b"a") != sign("s", 2, b"a")


def test_without_a_secret_nothing_is_signed() -> None:
    fake = Fake(lambda _question: {})
    run(service(fake).ask_object({}))
    assert SIGNATURE_HEADER not in dict(fake.calls[0].headers)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({}, 500, "answered 500"),
        ({}, 302, "answered 302"),
        (b"nonsense", 200, "no JSON object"),
        ([], 200, "no JSON object"),
        (b"\xff", 200, "no JSON object"),
    ],
)
def test_a_service_that_answers_badly_has_failed(answer: Any, status: int, words: str) -> None:
    with pytest.raises(Misbehaved, match=words):
        run(service(Fake(lambda _question: answer, status)).ask_object({}))


def test_an_answer_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "MOST_ANSWER_BYTES", 5)
    with pytest.raises(Misbehaved, match="too long"):
        run(service(Fake(lambda _question: b"123456")).ask({}))


def test_a_service_that_stalls_has_a_deadline_and_is_left_alone_after_some() -> None:
    async def stall() -> None:
        await asyncio.Event().wait()

    fake = Fake(lambda _question: stall())
    now = [0.0]
    stalling = service(fake, now)

    async def work() -> None:
        for words in ("did not answer within 0.02 s",) * 2 + ("keeps failing",) * 2:
            with pytest.raises(Misbehaved, match=words):
                await stalling.ask({})
        assert len(fake.calls) == 2
        now[0] = 11.0
        with pytest.raises(Misbehaved, match="did not answer"):
            await stalling.ask({})
        with pytest.raises(Misbehaved, match="keeps failing"):
            await stalling.ask({})

    run(work())


def test_an_exchange_that_ends_says_nothing_of_the_service() -> None:
    asked = asyncio.Event()

    async def stall() -> None:
        asked.set()
        await asyncio.Event().wait()

    slow = Service(
        Environment(post=Fake(lambda _question: stall()).post),
        Address(url="http://x"),
        Breaker(1, 10.0),
        60.0,
    )

    async def work() -> None:
        task = asyncio.create_task(slow.ask({}))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert slow._breaker.lets(0.0)

    run(work())


def test_whatever_the_port_raises_counts() -> None:
    def broken(_question: Any) -> Any:
        raise OSError("no route")

    failing = service(Fake(broken))
    for _ in range(2):
        with pytest.raises(OSError, match="no route"):
            run(failing.ask({}))
    with pytest.raises(Misbehaved, match="keeps failing"):
        run(failing.ask({}))
