"""The question that is put to a backend."""

from typing import Any

import msgspec
import pytest

from headgate.backends.backend import Backend, Detour
from headgate.backends.sigv4 import AwsKeys
from headgate.dialects.destination import Quirks
from headgate.model.fault import Fault, Refused
from headgate.pipeline.asking import Question, put
from headgate.pipeline.snapshot import Settings
from headgate.routing.target import Target
from tests.pipeline.fakes import Scene, backend, route

AT = 1_700_000_000.0
CLAUDE = backend(speaks=("messages",), vendor="anthropic", auth="x-api-key")


def put_to(scene: Scene, **chosen: Any) -> Question:
    turn = scene.turn()
    turn.exchange.route = chosen.get("route")
    return put(turn.exchange, Target("one", "up-model"), AT)


def scene_with(made: Backend, **asked: Any) -> Scene:
    return Scene(backends=[made], **asked)


def body_of(question: Question) -> dict[str, Any]:
    sent = question.call.body
    assert isinstance(sent, bytes)
    body: dict[str, Any] = msgspec.json.decode(sent)
    return body


def refused(scene: Scene, **chosen: Any) -> Fault:
    with pytest.raises(Refused) as caught:
        put_to(scene, **chosen)
    return caught.value.fault


async def test_a_request_in_the_backends_dialect_keeps_all_but_the_model() -> None:
    scene = Scene(body=b'{ "odd": 1,"model" : "fast", "messages":[{"role":"user"}]}')
    question = put_to(scene)
    assert question.source is None
    assert question.call.body == b'{ "odd": 1,"model" : "up-model", "messages":[{"role":"user"}]}'
    assert (question.call.method, question.call.url) == (
        "POST",
        "http://one.test/v1/chat/completions",
    )


async def test_a_request_in_another_dialect_is_translated() -> None:
    question = put_to(scene_with(CLAUDE))
    assert question.call.url == "http://one.test/v1/messages"
    assert question.dialect.name == "messages"
    assert question.source is not None
    assert question.source.vendor == "anthropic"
    body = body_of(question)
    assert (body["model"], body["messages"][0]["role"]) == ("up-model", "user")


async def test_a_backend_is_asked_in_the_callers_own_dialect_wherever_it_stands() -> None:
    made = backend(speaks=("responses", "chat"))
    assert put_to(scene_with(made)).dialect.name == "chat"
    assert put_to(scene_with(made, dialect="messages")).dialect.name == "responses"


async def test_the_backends_credential_travels_and_the_callers_does_not() -> None:
    headers = {
        "authorization": "Bearer caller",
        "x-api-key": "caller",
        "cookie": "c=1",
        "x-headgate-anything": "1",
        "openai-beta": "assistants=v2",
    }
    made = backend(headers=(("x-team", "research"),))
    sent = put_to(scene_with(made, headers=headers)).call.headers
    assert "caller" not in str(sent)
    told = dict(sent)
    assert told["authorization"] == "Bearer key-one"
    assert told["x-team"] == "research"
    assert told["openai-beta"] == "assistants=v2"
    assert told["content-type"] == "application/json"
    assert told["user-agent"].startswith("headgate/")
    assert not {"cookie", "x-headgate-anything", "x-api-key"} & set(told)


async def test_the_callers_headers_do_not_follow_into_another_dialect() -> None:
    headers = {"openai-beta": "assistants=v2"}
    sent = dict(put_to(scene_with(CLAUDE, headers=headers)).call.headers)
    assert "openai-beta" not in sent
    assert sent["x-api-key"] == "key-one"
    assert sent["anthropic-version"] == "2023-06-01"


async def test_a_backend_may_have_its_own_paths() -> None:
    made = backend(paths={"/v1/chat/completions": Detour("/whole/{model}", "/stream/{model}")})
    assert put_to(scene_with(made)).call.url == "http://one.test/whole/up-model"
    stream = put_to(scene_with(made, stream=True))
    assert stream.call.url == "http://one.test/stream/up-model"


async def test_usage_is_asked_for_where_the_backend_understands_it() -> None:
    assert body_of(put_to(Scene(stream=True)))["stream_options"] == {"include_usage": True}
    plain = backend(quirks=Quirks(usage_in_stream=False))
    assert "stream_options" not in body_of(put_to(scene_with(plain, stream=True)))
    assert "stream_options" not in body_of(put_to(Scene()))


async def test_a_request_is_signed_where_the_backend_wants_that() -> None:
    keys = AwsKeys(access_key_id="id", secret_access_key="secret", region="us-east-1")
    made = backend(auth="sigv4", api_key=None, aws=keys)
    sent = dict(put_to(scene_with(made)).call.headers)
    assert sent["authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/20231114/us-east-1/")
    assert "secret" not in str(sent)


async def test_what_is_lost_in_translation_is_named() -> None:
    scene = scene_with(CLAUDE, seed=7)
    put_to(scene)
    assert "seed" in scene.exchange.losses


async def test_a_relayed_request_loses_nothing() -> None:
    scene = Scene(seed=7)
    scene.exchange.losses = ["of an earlier attempt"]
    put_to(scene)
    assert scene.exchange.losses == []


async def test_losses_may_be_refused_everywhere() -> None:
    strict = Settings(heartbeat_s=0, refuse_losses=True)
    fault = refused(scene_with(CLAUDE, seed=7, settings=strict))
    assert (fault.http_status, fault.param) == (400, "seed")
    assert "seed" in fault.message
    put_to(scene_with(CLAUDE, settings=strict))
    put_to(Scene(seed=7, settings=strict))


async def test_losses_may_be_refused_for_one_model() -> None:
    strict = route("one", refuse_losses=True)
    assert refused(scene_with(CLAUDE, seed=7), route=strict).http_status == 400
    put_to(scene_with(CLAUDE, seed=7), route=route("one"))


async def test_a_response_that_is_not_stored_here_is_a_400() -> None:
    scene = Scene(dialect="responses", previous_response_id="resp_" + "x" * 200)
    fault = refused(scene)
    assert (fault.http_status, fault.code) == (400, "previous_response_not_found")
    assert fault.param == "previous_response_id"
    assert len(fault.message) < 150


async def test_a_backend_of_the_dialect_knows_its_own_responses() -> None:
    made = backend(speaks=("responses",))
    scene = scene_with(made, dialect="responses", previous_response_id="resp_1")
    assert body_of(put_to(scene))["previous_response_id"] == "resp_1"


async def test_what_the_target_cannot_say_at_all_is_a_400() -> None:
    scene = scene_with(CLAUDE, dialect="responses", background=True)
    assert refused(scene).http_status == 400


async def test_the_time_to_connect_is_the_backends() -> None:
    assert put_to(Scene()).call.connect_timeout_s == 5.0
