import pytest

from headgate.backends.backend import Backend
from headgate.composition.ways_out import WaysOut, model_of
from headgate.config import ConfigErrors
from headgate.mock.server import create_app as create_mock
from headgate.upstream.answer import Answer, Call
from headgate.upstream.local import LocalUpstream

MOCK = Backend(name="mock", base_url="http://mock.invalid", vendor="mock")


class Diary:
    """An agent that says what it was told."""

    async def process_direct(self, *, content: str, **kwargs: object) -> str:
        return content


def make_diary() -> Diary:
    return Diary()


class NoHttp:
    """A way that is never taken here."""

    async def send(self, call: Call) -> Answer:
        raise AssertionError(call.url)

    async def aclose(self) -> None:
        pass


def _ways() -> tuple[WaysOut, NoHttp]:
    http = NoHttp()
    return WaysOut(http, MOCK, create_mock), http


def _agent(dotted: str) -> Backend:
    return Backend(name="helper", base_url="", vendor="helper", agent=dotted)


def test_a_backend_is_reached_over_http() -> None:
    ways, http = _ways()
    assert ways.to(Backend(name="b", base_url="http://b", vendor="b")) is http


def test_the_built_in_mock_answers_in_this_process() -> None:
    ways, _ = _ways()
    assert isinstance(ways.to(MOCK), LocalUpstream)


def test_an_agent_is_loaded_once_and_kept() -> None:
    ways, _ = _ways()
    agent = _agent("tests.composition.test_ways_out:make_diary")
    ways.open([agent], "headgate.yaml")
    first = ways.to(agent)
    ways.open([agent], "headgate.yaml")
    assert ways.to(agent) is first


def test_an_agent_that_cannot_be_loaded_is_a_problem_of_the_configuration() -> None:
    ways, _ = _ways()
    with pytest.raises(ConfigErrors, match=r"backends\.helper\.agent"):
        ways.open([_agent("no.such.module:factory")], "headgate.yaml")


def test_an_agents_model_is_the_one_that_is_listed_or_its_backends_name() -> None:
    assert model_of(_agent("a:b")) == "helper"
    listed = Backend(name="helper", base_url="", vendor="h", agent="a:b", models=("diary",))
    assert model_of(listed) == "diary"


async def test_an_agent_answers_through_its_way() -> None:
    ways, _ = _ways()
    agent = _agent("tests.composition.test_ways_out:make_diary")
    ways.open([agent], "headgate.yaml")
    body = b'{"model":"helper","messages":[{"role":"user","content":"Dear diary"}]}'
    headers = (("content-type", "application/json"),)
    call = Call(method="POST", url="/v1/chat/completions", headers=headers, body=body)
    answer = await ways.to(agent).send(call)
    said = b""
    while piece := await answer.read():
        said += piece
    answer.close()
    assert answer.status == 200
    assert b"Dear diary" in said
