import msgspec
import pytest

from headgate.model.caller import Key, User
from headgate.model.fault import Refused
from headgate.pipeline.keys import digest
from headgate.server.visit import nothing_here, visit
from tests.pipeline.fake_memory import FakeMemory
from tests.pipeline.fakes import FakeDownstream, Scene

FAMILY = "/v1/responses"


def scope(path: str, key: str = "", query: bytes = b"") -> dict[str, object]:
    headers = [(b"x-api-key", key.encode())] if key else []
    return {"method": "GET", "raw_path": path.encode(), "query_string": query, "headers": headers}


def scene_of(**key: object) -> Scene:
    scene = Scene()
    user = User(id="u1", name="alice", key=Key(**key))  # type: ignore[arg-type]
    users = {digest("key-of-alice-0", b""): user}
    scene.gateway.snapshot = msgspec.structs.replace(scene.snapshot, users=users, open=False)
    scene.gateway.memory = FakeMemory()
    return scene


async def test_a_visit_knows_whose_things_are_asked_for() -> None:
    path = f"{FAMILY}/resp_%31/input_items"
    asked = scope(path, "key-of-alice-0", b"limit=2&limit=3&order=asc")
    visited = visit(scene_of().gateway, FAMILY, asked, FakeDownstream())
    assert (visited.owner, visited.id) == ("u1", "resp_1")
    assert visited.parts == ("resp_1", "input_items")
    assert visited.query == {"limit": "3", "order": "asc"}


async def test_the_family_itself_has_no_parts() -> None:
    visited = visit(scene_of().gateway, FAMILY, scope(FAMILY, "key-of-alice-0"), FakeDownstream())
    assert (visited.parts, visited.id) == ((), "")


@pytest.mark.parametrize(
    ("key", "paths", "status"),
    [("", None, 401), ("key-of-nobody-1", None, 401), ("key-of-alice-0", ("/v1/messages",), 403)],
)
async def test_who_may_not_is_refused(key: str, paths: tuple[str, ...] | None, status: int) -> None:
    with pytest.raises(Refused) as caught:
        visit(scene_of(paths=paths).gateway, FAMILY, scope(FAMILY, key), FakeDownstream())
    assert caught.value.fault.http_status == status


async def test_without_a_memory_there_is_nothing() -> None:
    scene = Scene()
    with pytest.raises(Refused) as caught:
        visit(scene.gateway, FAMILY, scope(FAMILY), FakeDownstream())
    assert caught.value.fault == nothing_here().fault


@pytest.mark.parametrize("sent", [b"[]", b"{", b'{"a":' + b"[" * 80 + b"]" * 80 + b"}"])
async def test_a_body_is_an_object(sent: bytes) -> None:
    gateway = scene_of().gateway
    visited = visit(gateway, FAMILY, scope(FAMILY, "key-of-alice-0"), FakeDownstream(sent))
    with pytest.raises(Refused) as caught:
        await visited.body()
    assert caught.value.fault.http_status == 400


async def test_a_body_may_be_left_out() -> None:
    gateway = scene_of().gateway
    for sent, said in ((b" ", {}), (b'{"a":1}', {"a": 1})):
        visited = visit(gateway, FAMILY, scope(FAMILY, "key-of-alice-0"), FakeDownstream(sent))
        assert await visited.body() == said
