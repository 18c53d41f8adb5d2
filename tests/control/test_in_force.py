"""What is written to the database is in force in every process that shares it."""

import asyncio
import pathlib
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from headgate.model import key_format
from headgate.model.directory import BackendRow, KeyRow, ModelRow, Permission, RewriteRow, UserRow
from headgate.pipeline.keys import digest
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import open_database
from headgate.storage.secret_key import derive
from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import ask, get, question

SECRET = "a secret key that two share"
PEPPER = derive(SECRET.encode()).pepper
WITHIN_S = 20.0


class Two:
    """Two gateways over one database, and the database itself."""

    def __init__(self, folder: pathlib.Path, upstream: str) -> None:
        self.url = f"sqlite:///{folder}/shared.db"
        self.folder = folder
        up = {"base_url": upstream, "speaks": ["chat"], "models": ["mock"]}
        config = {
            "database": self.url,
            "backends": {"up": up},
            "users": [{"name": "filed", "api_key": "a-long-key-of-filed", "backends": []}],
        }
        self.config = config
        env = {"HEADGATE_SECRET_KEY": SECRET}
        self.gateways = [Gateway(config, env=env) for _ in range(2)]

    def write(self, work: Callable[[DirectoryStore], Coroutine[Any, Any, object]]) -> None:
        async def run() -> None:
            database = open_database(self.url)
            try:
                await work(DirectoryStore(database))
            finally:
                await database.aclose()

        asyncio.run(run())

    def soon(self, status: int, key: str, model: str = "mock") -> None:
        """Every gateway answers so, soon."""
        deadline = time.monotonic() + WITHIN_S
        for gateway in self.gateways:
            while (told := self.status(gateway, key, model)) != status:
                assert time.monotonic() < deadline, f"{told}, not {status}: {gateway.log}"
                time.sleep(0.05)

    def status(self, gateway: Gateway, key: str, model: str = "mock") -> int:
        return ask(gateway.url, "chat", question("chat", model), x_api_key=key).status


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with ScriptedUpstream() as upstream:
        both = Two(tmp_path_factory.mktemp("shared"), upstream.url)
        try:
            yield both
        finally:
            logs = [(gateway.stop(), gateway.log) for gateway in both.gateways]
    assert all("Traceback" not in log for _, log in logs), logs


def _key(user_id: str, number: int, **fields: Any) -> tuple[str, KeyRow]:
    made = key_format.make(bytes([number]) * key_format.RANDOM_BYTES)
    row = KeyRow(
        id=made.id,
        user_id=user_id,
        digest=digest(made.text, PEPPER),
        hint=made.text[-4:],
        created_at=0.0,
        **fields,
    )
    return made.text, row


def test_a_user_that_is_added_works_everywhere_soon_and_stops_when_it_is_removed(
    two: Two,
) -> None:
    text, key = _key("u1", 1)
    two.soon(401, text)
    two.write(lambda store: store.add_user(UserRow(id="u1", name="alice"), key))
    two.soon(403, text)
    two.write(lambda store: store.add_permission(Permission("u1", "up")))
    two.soon(200, text)
    two.write(lambda store: store.remove_user("u1"))
    two.soon(401, text)


def test_a_key_is_rotated_with_an_overlap(two: Two) -> None:
    (old, first), (new, second) = _key("u2", 2), _key("u2", 3)
    two.write(lambda store: store.add_user(UserRow(id="u2", name="bob"), first))
    two.write(lambda store: store.add_permission(Permission("u2", "up")))
    two.write(lambda store: store.replace_keys("u2", second, time.time() + 600))
    two.soon(200, new)
    two.soon(200, old)
    two.write(lambda store: store.revoke_key(first.id, time.time()))
    two.soon(401, old)
    assert two.status(two.gateways[0], new) == 200


SCOPED: tuple[tuple[dict[str, Any], int], ...] = (
    ({"cidrs": ("127.0.0.0/8",), "paths": ("/v1/chat/*",), "expires_at": 1e12}, 200),
    ({"cidrs": ("10.0.0.0/8",)}, 403),
    ({"paths": ("/v1/messages",)}, 403),
    ({"models": ("other",)}, 404),
    ({"backends": ("other",)}, 403),
    ({"expires_at": 1.0}, 401),
)


def test_a_scoped_key_is_good_for_its_scopes_only(two: Two) -> None:
    keys = [_key("u7", 10 + n, **scopes) for n, (scopes, _) in enumerate(SCOPED)]

    async def work(store: DirectoryStore) -> None:
        await store.add_user(UserRow(id="u7", name="frank"), keys[0][1])
        for _, key in keys[1:]:
            await store.add_key(key)
        await store.add_permission(Permission("u7", "up"))

    two.write(work)
    two.soon(200, keys[0][0])
    for (text, _), (scopes, status) in zip(keys, SCOPED, strict=True):
        assert two.status(two.gateways[0], text) == status, scopes


def test_a_backend_a_model_and_a_rewrite_of_the_database_serve(two: Two) -> None:
    text, key = _key("u3", 4)
    up = two.config["backends"]
    assert isinstance(up, dict)
    url = up["up"]["base_url"]
    two.write(lambda store: store.add_user(UserRow(id="u3", name="carol"), key))
    two.write(
        lambda store: store.add_backend(
            BackendRow(id="b1", name="kept", base_url=url, settings={"models": ["own"]})
        )
    )
    two.write(lambda store: store.add_permission(Permission("u3", "b1")))
    settings = {"targets": [{"backend": "kept", "model": "own"}]}
    two.write(lambda store: store.add_model(ModelRow(id="m1", name="named", settings=settings)))
    rule = RewriteRow(id="r1", source_model="another", target_model="named")
    two.write(lambda store: store.add_rewrite(rule))
    two.soon(200, text, "another")
    two.soon(200, text, "own")
    listed = get(two.gateways[1].url, "/v1/models", x_api_key=text)
    assert [entry["id"] for entry in listed.json["data"]] == ["another", "named", "own"]
    two.write(lambda store: store.change_backend("b1", is_active=False))
    two.soon(403, text, "own")


def test_when_a_key_was_used_is_written_down_soon(two: Two) -> None:
    text, key = _key("u4", 5)
    two.write(lambda store: store.add_user(UserRow(id="u4", name="dave"), key))
    two.soon(403, text)
    used: list[float | None] = []

    async def look(store: DirectoryStore) -> None:
        used.append((await store.list_keys("u4"))[0].last_used_at)

    deadline = time.monotonic() + WITHIN_S
    while not used or used[-1] is None:
        assert time.monotonic() < deadline
        two.write(look)
    assert abs(used[-1] - time.time()) < 60


def test_what_contradicts_the_file_changes_nothing_and_is_said(two: Two) -> None:
    text, key = _key("u5", 6)
    two.write(lambda store: store.add_user(UserRow(id="u5", name="filed"), key))
    other, more = _key("u6", 7)
    two.write(lambda store: store.add_user(UserRow(id="u6", name="erin"), more))
    deadline = time.monotonic() + WITHIN_S
    while "users.filed" not in two.gateways[1].log:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert two.status(two.gateways[1], text) == two.status(two.gateways[1], other) == 401
    two.write(lambda store: store.remove_user("u5"))
    two.soon(403, other)
