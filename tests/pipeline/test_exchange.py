import msgspec

from headgate.model.outcome import Outcome
from headgate.pipeline.exchange import Attempt
from headgate.routing.target import Target
from tests.pipeline.fakes import Scene
from tests.pipeline.samples import asking


async def test_the_prompt_is_guessed_from_the_size_of_the_body() -> None:
    exchange = Scene().exchange
    assert exchange.input_estimate == 1
    exchange.body = b"x" * 400
    exchange.estimate_input()
    assert exchange.input_estimate == 100


async def test_the_header_names_the_session_before_the_body() -> None:
    scene = Scene(headers={"x-session-id": "header"}, session_id="body")
    exchange = scene.turn().exchange
    assert exchange.session == "header"
    exchange.headers = {"session_id": "client"}
    assert exchange.session == "body"


async def test_the_request_is_read_once() -> None:
    exchange = Scene().turn().exchange
    request = exchange.full_request()
    exchange.body = asking(model="other")
    assert exchange.full_request() is request
    assert request.model == "fast"


def test_an_attempt_is_a_failure_until_it_is_known_better() -> None:
    attempt = Attempt(1, Target("b", "m"), 0.0, 0.0)
    unknown: Outcome = "upstream_error"
    assert (attempt.outcome, attempt.facts.events, attempt.status) == (unknown, 0, None)
    other = Attempt(2, Target("b", "m"), 0.0, 0.0)
    assert other.facts is not attempt.facts


async def test_an_exchange_without_any_attempt_was_refused() -> None:
    exchange = Scene().exchange
    assert (exchange.outcome, exchange.attempts, exchange.status) == ("refused", [], 0)
    assert msgspec.structs.asdict(exchange.envelope)["model"] == ""
