"""What a name resolves to is worked out once, and anew as soon as anything it rests on changed."""

from headgate.model.caller import ANYBODY, User
from headgate.pipeline.route_memory import MOST, RouteMemory
from headgate.pipeline.snapshot import Snapshot
from headgate.routing.target import Route, Target

ROUTE = Route(name="m", targets=(Target("up", "m"),))
LISTS = {"up": frozenset({"m"})}
SNAPSHOT = Snapshot()


def test_an_answer_is_remembered_for_its_user_alone() -> None:
    memory = RouteMemory()
    assert memory.look_up(SNAPSHOT, LISTS, ANYBODY, "m") is None

    memory.keep(ANYBODY, "m", ROUTE)

    assert memory.look_up(SNAPSHOT, LISTS, ANYBODY, "m") is ROUTE
    assert memory.look_up(SNAPSHOT, LISTS, ANYBODY, "other") is None
    assert memory.look_up(SNAPSHOT, LISTS, User(id="u", name="u"), "m") is None


def test_another_snapshot_forgets() -> None:
    memory = RouteMemory()
    memory.look_up(SNAPSHOT, LISTS, ANYBODY, "m")
    memory.keep(ANYBODY, "m", ROUTE)

    assert memory.look_up(Snapshot(), LISTS, ANYBODY, "m") is None


def test_another_list_of_models_forgets() -> None:
    memory = RouteMemory()
    memory.look_up(SNAPSHOT, LISTS, ANYBODY, "m")
    memory.keep(ANYBODY, "m", ROUTE)

    assert memory.look_up(SNAPSHOT, dict(LISTS), ANYBODY, "m") is None


def test_names_without_end_do_not_fill_the_memory() -> None:
    memory = RouteMemory()
    memory.look_up(SNAPSHOT, LISTS, ANYBODY, "m")

    for number in range(MOST + 1):
        memory.keep(ANYBODY, f"name-{number}", ROUTE)

    kept = [n for n in range(MOST + 1) if memory.look_up(SNAPSHOT, LISTS, ANYBODY, f"name-{n}")]
    assert kept == [MOST]
