"""The record of what a worker serves."""

from headgate.server.interface import Receive, Scope, Send
from headgate.server.service import Service, Timing


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody asked")


def test_a_service_need_not_care_what_befalls_the_process() -> None:
    service = Service(app=app)
    for callback in (service.on_drain, service.on_drain_deadline, service.on_reload):
        callback()
    assert service.app is app


def test_the_drain_lasts_as_long_as_the_contract_says() -> None:
    assert Timing().drain_s == 10 * 60
    assert Timing().hurry_s == Timing().last_word_s == 5
