from typing import Any

import msgspec
import pytest

from headgate.model.fault import Refused
from headgate.model.parts import Text
from headgate.model.reply import unfold
from headgate.policies.environment import Environment
from headgate.policies.running import Running
from tests.policies.drive import Service, opened, reply, request, run, stream


def moderation(question: Any) -> Any:
    bad = "violent" in question["input"]
    scores = {"violence": 0.9 if bad else 0.1, "hate": 0.3}
    result = {
        "flagged": bad,
        "categories": {"violence": bad, "hate": False},
        "category_scores": scores,
    }
    return {"id": "m", "model": "x", "results": [result]}


def moderated(service: Service, **keys: object) -> Running:
    entry = {"policy": "openai_moderation", "api_key": "k", "base_url": "http://mod/v1/", **keys}
    return opened(entry, environment=Environment(post=service.post))


def test_the_endpoint_is_asked_as_it_wants_to_be() -> None:
    service = Service(moderation)
    run(moderated(service).request(request("peaceful")))
    call = service.calls[0]
    assert call.url == "http://mod/v1/moderations"
    assert dict(call.headers)["authorization"] == "Bearer k"
    assert msgspec.json.decode(call.body) == {
        "model": "omni-moderation-latest",
        "input": "peaceful",
    }
    keyless = opened({"policy": "openai_moderation"}, environment=Environment(post=service.post))
    run(keyless.request(request("peaceful")))
    assert service.calls[1].url == "https://api.openai.com/v1/moderations"
    assert "authorization" not in dict(service.calls[1].headers)


@pytest.mark.parametrize(
    ("keys", "text", "refused"),
    [
        ({}, "violent", True),
        ({}, "peaceful", False),
        ({"categories": ["hate"]}, "violent", False),
        ({"categories": ["violence"]}, "violent", True),
        ({"thresholds": {"hate": 0.2}}, "peaceful", True),
        ({"thresholds": {"violence": 0.95}}, "violent", False),
    ],
)
def test_flags_and_thresholds_decide(keys: dict[str, Any], text: str, refused: bool) -> None:
    streamed = run(stream(moderated(Service(moderation), **keys), unfold(reply(Text(text)))))
    assert (streamed.fault is not None) is refused


@pytest.mark.parametrize("answer", [{}, {"results": []}, {"results": [{"categories": 3}]}])
def test_what_is_no_moderation_is_a_failure(answer: Any) -> None:
    running = moderated(Service(lambda _question: answer))
    with pytest.raises(Refused, match="could not be applied"):
        run(running.request(request("a")))
    assert running.reports[0].failures == ["the service's answer is no moderation"]
