"""The backends' own lists: waited for, fetched once, fetched anew."""

import asyncio

import pytest

from headgate.backends.backend import Backend
from headgate.pipeline import model_lists as model_lists_module
from headgate.pipeline.model_lists import ListState, ModelLists
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import FakeAnswer, FakeUpstream, Plan, backend, reply

ONE = backend("one", models="*")
TWO = backend("two", models="*")
DEAD = TargetUnreachable("the connection was refused")


def listing(*names: str, held: bool = False) -> FakeAnswer:
    rows = ",".join(f'{{"id":"{name}"}}' for name in names)
    answer = reply(f'{{"data":[{rows}]}}'.encode())
    if held:
        answer.go.clear()
    return answer


def lists_of(*plans: Plan) -> tuple[ModelLists, FakeUpstream]:
    upstream = FakeUpstream(*plans)
    return ModelLists(lambda backend: upstream), upstream


def using(lists: ModelLists, *backends: Backend) -> None:
    lists.use({b.name: b for b in backends})


def known(lists: ModelLists) -> dict[str, set[str] | None]:
    return {name: None if m is None else set(m) for name, m in lists.known.items()}


async def fetched(plan: Plan) -> ListState:
    lists, _ = lists_of(plan)
    using(lists, ONE)
    await lists.ready(["one"])
    state = lists.state("one")
    assert state is not None
    return state


async def test_a_list_in_the_configuration_is_not_asked_for() -> None:
    lists, upstream = lists_of()
    using(lists, backend("one", models=("a", "b")))
    assert known(lists) == {"one": {"a", "b"}}
    await lists.ready(["one"])
    assert upstream.calls == []


async def test_a_new_backends_list_is_fetched_at_once_and_waited_for() -> None:
    answer = listing("a", "b")
    lists, upstream = lists_of(answer)
    using(lists, ONE)
    assert known(lists) == {"one": None}
    await lists.ready(["one"])
    assert known(lists) == {"one": {"a", "b"}}
    [call] = upstream.calls
    assert (call.method, call.url) == ("GET", "http://one.test/v1/models")
    assert dict(call.headers)["authorization"] == "Bearer key-one"
    assert answer.closed == 1


async def test_many_who_wait_cause_one_fetch() -> None:
    answer = listing("a", held=True)
    lists, upstream = lists_of(answer)
    using(lists, ONE)
    waits = [asyncio.ensure_future(lists.ready(["one"])) for _ in range(5)]
    waits.append(asyncio.ensure_future(lists.refresh("one")))
    await upstream.asked.wait()
    assert not any(wait.done() for wait in waits)
    answer.go.set()
    await asyncio.gather(*waits)
    assert len(upstream.calls) == 1


async def test_one_who_gives_up_does_not_end_the_fetch_for_others() -> None:
    answer = listing("a", held=True)
    lists, upstream = lists_of(answer)
    using(lists, ONE)
    first, second = (asyncio.ensure_future(lists.ready(["one"])) for _ in range(2))
    await upstream.asked.wait()
    first.cancel()
    answer.go.set()
    await second
    assert first.cancelled()
    assert known(lists) == {"one": {"a"}}


async def test_a_list_that_is_there_is_not_asked_for_again() -> None:
    lists, upstream = lists_of(listing("a"))
    using(lists, ONE)
    await lists.ready(["one"])
    using(lists, ONE, backend("two", models=("b",)))
    await lists.ready(["one", "two"])
    assert len(upstream.calls) == 1
    assert known(lists) == {"one": {"a"}, "two": {"b"}}


async def test_a_changed_backend_is_asked_anew() -> None:
    lists, upstream = lists_of(listing("a"), listing("b"))
    using(lists, ONE)
    await lists.ready(["one"])
    using(lists, backend("one", models="*", api_key="new"))
    assert known(lists) == {"one": None}
    await lists.ready(["one"])
    assert known(lists) == {"one": {"b"}}
    assert dict(upstream.calls[1].headers)["authorization"] == "Bearer new"


async def test_who_waits_for_a_backend_that_changes_waits_for_the_new_list() -> None:
    old, new = listing("old", held=True), listing("new", held=True)
    lists, upstream = lists_of(old, new)
    using(lists, ONE)
    wait = asyncio.ensure_future(lists.ready(["one"]))
    await upstream.asked.wait()
    using(lists, backend("one", models="*", api_key="new"))
    old.go.set()
    for _ in range(9):
        await asyncio.sleep(0)
    assert not wait.done()
    new.go.set()
    await wait
    assert known(lists) == {"one": {"new"}}


async def test_who_waits_for_a_backend_that_goes_away_waits_no_longer() -> None:
    answer = listing("a", held=True)
    lists, upstream = lists_of(answer)
    using(lists, ONE)
    wait = asyncio.ensure_future(lists.ready(["one"]))
    await upstream.asked.wait()
    using(lists)
    answer.go.set()
    await wait
    assert (known(lists), lists.state("one")) == ({}, None)


async def test_a_backend_that_is_not_active_is_not_asked() -> None:
    lists, upstream = lists_of(listing("a"))
    using(lists, backend("one", models="*", active=False))
    await asyncio.sleep(0)
    assert (known(lists), upstream.calls) == ({}, [])
    using(lists, ONE)
    await lists.ready(["one"])
    assert known(lists) == {"one": {"a"}}


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (DEAD, "the connection was refused"),
        (FakeAnswer(then="break"), "the connection was lost inside the answer"),
        (reply(b"{}"), "it is no list of models"),
        (reply(b"<html>"), "JSON is malformed"),
        (reply(b"{}", 404), "it answered 404 to a request for its models"),
    ],
)
async def test_a_list_that_cannot_be_had_is_none_and_why(plan: Plan, error: str) -> None:
    state = await fetched(plan)
    assert state.models is None
    assert error in (state.error or "")


async def test_a_backend_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_lists_module, "FETCH_TIMEOUT_S", 0.01)
    answer = FakeAnswer(then="wait")
    assert (await fetched(answer)).error == "it did not answer in time"
    assert answer.closed == 1


async def test_an_endless_list_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_lists_module, "_MOST_BYTES", 10)
    answer = FakeAnswer(*[b"12345"] * 9, then="wait")
    assert (await fetched(answer)).error == "its model list is too large"
    assert answer.closed == 1


async def test_a_failure_is_not_waited_for_twice() -> None:
    lists, upstream = lists_of(DEAD)
    using(lists, ONE)
    await lists.ready(["one"])
    await lists.ready(["one"])
    assert len(upstream.calls) == 1


async def test_an_old_failure_is_tried_anew_behind_the_callers_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = listing("a", held=True)
    lists, upstream = lists_of(DEAD, answer)
    using(lists, ONE)
    await lists.ready(["one"])
    monkeypatch.setattr(model_lists_module, "REFETCH_AFTER_S", -1.0)
    await lists.ready(["one"])
    assert known(lists) == {"one": None}
    answer.go.set()
    await lists.refresh("one")
    assert known(lists) == {"one": {"a"}}
    assert len(upstream.calls) == 2


async def test_a_refresh_asks_now() -> None:
    lists, upstream = lists_of(listing("a"), listing("b"))
    using(lists, ONE)
    await lists.ready(["one"])
    await lists.refresh("one")
    assert known(lists) == {"one": {"b"}}
    assert len(upstream.calls) == 2


async def test_lists_are_fetched_side_by_side() -> None:
    first, second = listing("a", held=True), listing("b")
    lists, upstream = lists_of(first, second)
    using(lists, ONE, TWO)
    await lists.ready(["two"])
    assert known(lists) == {"one": None, "two": {"b"}}
    first.go.set()
    await lists.ready(["one", "two"])
    assert len(upstream.calls) == 2


async def test_at_the_end_nothing_is_left_running() -> None:
    before = asyncio.all_tasks()
    lists, upstream = lists_of(None, None)
    using(lists, ONE)
    await upstream.asked.wait()
    using(lists, backend("one", models="*", api_key="new"))
    await lists.aclose()
    assert asyncio.all_tasks() == before
