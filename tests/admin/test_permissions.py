import httpx2
import pytest

from headgate.model.directory import BackendRow, UserRow
from tests.admin.conftest import World

PERMISSIONS = "/admin/permissions"


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    world.rows.users["u1"] = UserRow(id="u1", name="alice")
    world.rows.backends["b1"] = BackendRow(id="b1", name="up", base_url="https://up.test")


async def test_a_permission_is_granted_listed_and_revoked(
    admin: httpx2.AsyncClient, world: World
) -> None:
    pair = {"user_id": "u1", "backend_id": "b1"}
    granted = await admin.post(PERMISSIONS, json=pair)
    assert (granted.status_code, granted.json()) == (201, {**pair, "source": "database"})
    of_file = {"user_id": "filer", "backend_id": "filed", "source": "file"}
    assert (await admin.get(PERMISSIONS)).json() == [of_file, granted.json()]
    assert (await admin.get(f"{PERMISSIONS}/user/u1")).json() == [granted.json()]
    assert (await admin.get(f"{PERMISSIONS}/backend/b1")).json() == [granted.json()]
    assert (await admin.get(f"{PERMISSIONS}/user/filer")).json() == [of_file]
    assert (await admin.post(PERMISSIONS, json=pair)).status_code == 409
    revoked = await admin.delete(PERMISSIONS, params=pair)
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert (await admin.delete(PERMISSIONS, params=pair)).status_code == 404
    assert world.changes == 2
    assert [row.action for row in world.rows.audit] == ["permission.grant", "permission.revoke"]


@pytest.mark.parametrize(
    ("user_id", "backend_id"), [("nobody", "b1"), ("u1", "nothing"), ("filer", "nothing")]
)
async def test_both_must_be_there(admin: httpx2.AsyncClient, user_id: str, backend_id: str) -> None:
    body = {"user_id": user_id, "backend_id": backend_id}
    assert (await admin.post(PERMISSIONS, json=body)).status_code == 404


async def test_a_user_of_the_file_may_be_granted_a_backend_of_the_database(
    admin: httpx2.AsyncClient,
) -> None:
    body = {"user_id": "filer", "backend_id": "b1"}
    assert (await admin.post(PERMISSIONS, json=body)).status_code == 201


async def test_what_the_file_grants_stays(admin: httpx2.AsyncClient) -> None:
    pair = {"user_id": "filer", "backend_id": "filed"}
    assert (await admin.post(PERMISSIONS, json=pair)).status_code == 409
    assert (await admin.delete(PERMISSIONS, params=pair)).status_code == 409


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"user_id": "u1"}, "backend_id"),
        ({"backend_id": "b1"}, "user_id"),
        ({"user_id": 1, "backend_id": "b1"}, "user_id"),
        ({"user_id": "u1", "backend_id": "b1", "more": 1}, "more"),
    ],
)
async def test_what_does_not_fit_is_a_400_that_names_the_field(
    admin: httpx2.AsyncClient, body: dict[str, object], named: str
) -> None:
    answered = await admin.post(PERMISSIONS, json=body)
    assert answered.status_code == 400
    assert answered.json()["error"].startswith(named)


async def test_a_revocation_names_both(admin: httpx2.AsyncClient) -> None:
    answered = await admin.delete(PERMISSIONS, params={"user_id": "u1"})
    assert answered.status_code == 400
    assert answered.json()["error"].startswith("backend_id")
