import json
from typing import Any

import msgspec
import pytest

from headgate.dialects.destination import Quirks
from headgate.model.caller import User
from headgate.model.fault import Fault, Refused
from headgate.model.stored import Conversation
from headgate.pipeline import recalling
from headgate.pipeline.recalling import forgets, recall
from headgate.pipeline.snapshot import Settings
from headgate.upstream.answer import Call
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, error_in, refusal, reply, route
from tests.storage.stored_samples import OWNER, following, kept, message, stored

ALICE = User(id=OWNER, name=OWNER, backends=None)
FIRST = stored(
    "resp_1",
    input=json.dumps([message("user", "one", id="m1")]),
    response=json.dumps(
        {"id": "resp_1", "status": "completed",
         "output": [message("assistant", "uno", id="m2")]}
    ),
    backend="one",
)  # fmt: skip
HISTORY = [message("user", "one"), message("assistant", "uno")]


def scene_of(*plans: Plan, memory: FakeMemory | None = None, **asked: Any) -> Scene:
    """A caller, alice, of the Responses dialect with one response behind her."""
    scene = Scene(*plans, **{"dialect": "responses", "input": "two", **asked})
    scene.exchange.user = ALICE
    scene.gateway.memory = memory or remembering()
    return scene


def remembering() -> FakeMemory:
    memory = FakeMemory()
    memory.keep(kept(FIRST, item_ids=("m1", "m2")))
    return memory


async def recalled(scene: Scene) -> dict[str, Any]:
    turn = scene.turn()
    await recall(turn)
    body: dict[str, Any] = json.loads(turn.exchange.body)
    return body


async def fault_of(scene: Scene) -> Fault:
    with pytest.raises(Refused) as caught:
        await recalled(scene)
    return caught.value.fault


async def test_history_comes_in_front_of_what_is_asked() -> None:
    scene = scene_of(previous_response_id="resp_1")
    body = await recalled(scene)
    assert body["input"] == [*HISTORY, message("user", "two")]
    assert "previous_response_id" not in body
    exchange = scene.exchange
    assert json.loads(exchange.sent)["previous_response_id"] == "resp_1"
    assert exchange.session == FIRST.root
    context = Scene.turn(scene).reply_context()
    assert context.ties is not None
    assert context.ties.previous == "resp_1"


async def test_a_request_that_is_tied_to_nothing_keeps_its_bytes() -> None:
    scene = scene_of()
    turn = scene.turn()
    before = turn.exchange.body
    await recall(turn)
    assert turn.exchange.body is before
    assert turn.exchange.recalled is None
    assert turn.exchange.keeping is not None
    assert turn.exchange.session == turn.exchange.id


@pytest.mark.parametrize("dialect", ["chat", "messages"])
async def test_other_dialects_keep_nothing(dialect: str) -> None:
    scene = Scene(dialect=dialect)
    scene.gateway.memory = FakeMemory()
    turn = scene.turn()
    await recall(turn)
    assert turn.exchange.keeping is None


@pytest.mark.parametrize("id_", ["resp_9", "x" * 300])
async def test_an_unknown_id_is_refused_by_name(id_: str) -> None:
    fault = await fault_of(scene_of(previous_response_id=id_))
    assert (fault.http_status, fault.public_code) == (400, "previous_response_not_found")
    assert fault.param == "previous_response_id"
    assert len(fault.message) < 150


async def test_anothers_id_reads_as_unknown() -> None:
    unknown = await fault_of(scene_of(previous_response_id="resp_9"))
    scene = scene_of(previous_response_id="resp_1")
    scene.exchange.user = User(id="bob", name="bob", backends=None)
    theirs = await fault_of(scene)
    assert theirs == msgspec.structs.replace(
        unknown, message=unknown.message.replace("resp_9", "resp_1")
    )


async def test_a_chain_with_a_hole_is_refused() -> None:
    memory = FakeMemory()
    second = following(FIRST, "resp_2")
    memory.keep(kept(second))
    fault = await fault_of(scene_of(memory=memory, previous_response_id="resp_2"))
    assert fault.public_code == "previous_response_not_found"
    assert "not stored any more" in fault.message


async def test_what_is_still_being_made_cannot_be_gone_on_from() -> None:
    memory = FakeMemory()
    memory.keep(kept(stored("resp_1", status="in_progress")))
    fault = await fault_of(scene_of(memory=memory, previous_response_id="resp_1"))
    assert fault.public_code == "response_in_progress"


async def test_a_database_that_does_not_answer_is_no_unknown_id() -> None:
    memory = remembering()
    memory.down = True
    fault = await fault_of(scene_of(memory=memory, previous_response_id="resp_1"))
    assert (fault.http_status, fault.kind) == (503, "overloaded")


async def test_a_conversation_is_told_whole() -> None:
    memory = remembering()
    talk = Conversation(owner=OWNER, id="conv_1", created_at=1.0, used_at=1.0)
    await memory.add_conversation(talk, [("m", json.dumps(message("user", "one", id="m")))])
    scene = scene_of(memory=memory, conversation={"id": "conv_1"})
    assert (await recalled(scene))["input"] == [message("user", "one"), message("user", "two")]
    assert scene.exchange.session == "conv_1"
    fault = await fault_of(scene_of(memory=memory, conversation="conv_2"))
    assert (fault.public_code, fault.param) == ("conversation_not_found", "conversation")


async def test_items_may_be_referred_to() -> None:
    asked = [{"type": "item_reference", "id": "m2"}, {"role": "user", "content": "two"}]
    body = await recalled(scene_of(input=asked))
    assert body["input"] == [message("assistant", "uno"), asked[1]]
    asked = [{"type": "item_reference", "id": "m3"}]
    fault = await fault_of(scene_of(input=asked))
    assert (fault.public_code, fault.param) == ("item_not_found", "input")
    scene = scene_of(input=[{"type": "item_reference", "id": "m2"}])
    scene.exchange.user = User(id="bob", name="bob", backends=None)
    assert (await fault_of(scene)).public_code == "item_not_found"


async def test_a_history_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "MOST_BYTES", 10)
    fault = await fault_of(scene_of(previous_response_id="resp_1"))
    assert fault.http_status == 413


async def test_what_is_stored_is_not_read_where_it_is_too_much() -> None:
    memory = remembering()
    memory.too_much = True
    fault = await fault_of(scene_of(memory=memory, previous_response_id="resp_1"))
    assert fault.http_status == 413


async def test_an_operator_may_keep_nothing() -> None:
    settings = Settings(heartbeat_s=0, store_responses=False)
    scene = scene_of(settings=settings)
    await recalled(scene)
    assert scene.exchange.keeping is None
    assert scene.exchange.ties is not None
    assert not scene.exchange.ties.store


async def test_a_caller_may_want_nothing_kept() -> None:
    scene = scene_of(store=False, previous_response_id="resp_1")
    assert len((await recalled(scene))["input"]) == 3
    assert scene.exchange.keeping is None


def body_of(call: Call) -> dict[str, Any]:
    assert isinstance(call.body, bytes)
    body: dict[str, Any] = json.loads(call.body)
    return body


def at_home(*plans: Plan, keeps: bool = True, **more: Any) -> Scene:
    """Alice's history is kept by the backend ``one``, second in line behind ``two``."""
    quirks = Quirks(keeps_responses=keeps)
    homes = [backend(name, speaks=("responses",), quirks=quirks) for name in ("one", "two")]
    scene = scene_of(
        *plans, backends=homes, routes=[route("two", "one", strategy="priority")],
        previous_response_id="resp_1", **more,
    )  # fmt: skip
    scene.exchange.user = User(id="", name="", backends=None)
    memory = FakeMemory()
    memory.keep(kept(msgspec.structs.replace(FIRST, owner="")))
    scene.gateway.memory = memory
    return scene


async def test_the_backend_that_keeps_the_history_is_asked_by_its_id() -> None:
    scene = at_home(FakeAnswer(*RESPONSES), stream=True)
    caller = await scene.run()
    assert caller.body == b"".join(RESPONSES)
    (call,) = scene.upstream.calls
    assert call.url.startswith("http://one.test")
    assert body_of(call)["previous_response_id"] == "resp_1"
    assert body_of(call)["input"] == "two"


async def test_a_backend_that_has_forgotten_is_told_all_of_it() -> None:
    gone = {"error": {"message": "no", "code": "previous_response_not_found"}}
    scene = at_home(reply(msgspec.json.encode(gone), 400), FakeAnswer(*RESPONSES), stream=True)
    caller = await scene.run()
    assert caller.status == 200
    first, second = map(body_of, scene.upstream.calls)
    assert first["previous_response_id"] == "resp_1"
    assert second["input"] == [*HISTORY, message("user", "two")]
    assert "previous_response_id" not in second
    assert scene.settled == ["upstream_error", "complete"]


async def test_another_backend_is_told_all_of_it() -> None:
    scene = at_home(refusal(500), FakeAnswer(*RESPONSES), stream=True)
    await scene.run()
    first, second = scene.upstream.calls
    assert (first.url[:14], second.url[:14]) == ("http://one.tes", "http://two.tes")
    assert "previous_response_id" not in body_of(second)


async def test_only_a_backend_that_keeps_what_it_said_is_remembered_for_it() -> None:
    for keeps, known in ((True, "one"), (False, None)):
        scene = at_home(FakeAnswer(*RESPONSES), stream=True, keeps=keeps)
        await scene.run()
        memory = scene.gateway.memory
        assert isinstance(memory, FakeMemory)
        assert memory.kept["req_1"].stored.backend == known


async def test_an_answer_is_kept_and_names_what_it_went_on_from() -> None:
    told: dict[str, Any] = {"id": "resp_2", "status": "completed", "output": []}
    told["previous_response_id"] = None
    scene = at_home(reply(msgspec.json.encode(told)), keeps=False)
    scene.exchange.user = User(id="", name="", backends=None)
    caller = await scene.run()
    assert json.loads(caller.body)["previous_response_id"] == "resp_1"
    memory = scene.gateway.memory
    assert isinstance(memory, FakeMemory)
    assert memory.kept["req_1"].stored.previous == FIRST.key


async def test_a_refused_request_leaves_nothing_behind() -> None:
    scene = scene_of(previous_response_id="resp_9")
    caller = await scene.run()
    assert (caller.status, error_in(caller)["code"]) == (400, "previous_response_not_found")


async def test_only_that_error_is_about_forgetting() -> None:
    scene = scene_of(previous_response_id="resp_1")
    await recalled(scene)
    other = Fault(kind="invalid_request", message="", code="other")
    assert not forgets(scene.exchange, other)
    lost = Fault(kind="invalid_request", message="", code=recalling.NOT_FOUND)
    assert forgets(scene.exchange, lost)
    assert not forgets(scene.exchange, lost)
