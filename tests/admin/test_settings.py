import httpx2
import msgspec

from tests.admin.conftest import World

SETTINGS = "/admin/settings"


async def test_a_setting_of_the_database_outranks_the_configuration(
    admin: httpx2.AsyncClient, world: World
) -> None:
    assert (await admin.get(SETTINGS)).json() == {"stream_detail": "compact"}
    changed = await admin.put(SETTINGS, json={"stream_detail": "raw"})
    assert (changed.status_code, changed.json()) == (200, {"stream_detail": "raw"})
    assert (await admin.get(SETTINGS)).json() == {"stream_detail": "raw"}
    back = await admin.put(SETTINGS, json={"stream_detail": None})
    assert back.json() == {"stream_detail": "compact"}
    assert world.changes == 2
    assert [row.action for row in world.rows.audit] == ["settings.change", "settings.change"]


async def test_what_is_no_setting_is_a_400(admin: httpx2.AsyncClient) -> None:
    for body in ({"stream_detail": "all"}, {"nonsense": 1}):
        answered = await admin.put(SETTINGS, json=body)
        assert answered.status_code == 400
        assert answered.json()["error"].startswith(*body)


async def test_a_reload_says_what_is_wrong_with_the_file(
    admin: httpx2.AsyncClient, world: World
) -> None:
    done = await admin.post("/admin/reload")
    assert (done.status_code, done.json()) == (200, {"status": "ok"})
    assert [row.action for row in world.rows.audit] == ["reload"]
    world.problems = ["headgate.yaml:4: server.heartbeat: 15 has no unit"]
    refused = await admin.post("/admin/reload")
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "the configuration was not reloaded",
        "problems": world.problems,
    }
    assert len(world.rows.audit) == 1


async def test_the_audit_log_is_paged_newest_first_and_verified_on_demand(
    admin: httpx2.AsyncClient, world: World
) -> None:
    for name in ("a", "b", "c"):
        await admin.post("/admin/users", json={"name": name})
    page = (await admin.get("/admin/audit?limit=2&offset=1")).json()
    assert [row["detail"]["name"] for row in page["rows"]] == ["b", "a"]
    assert (page["limit"], page["offset"], page["chain_holds"]) == (2, 1, None)
    assert page["rows"][0]["at"] == "2023-11-14T22:13:20.000Z"
    assert (await admin.get("/admin/audit?verify=true")).json()["chain_holds"] is True
    world.rows.audit[0] = msgspec.structs.replace(world.rows.audit[0], chain=b"\x00")
    assert (await admin.get("/admin/audit?verify=true")).json()["chain_holds"] is False


async def test_pages_of_the_audit_log_are_bounded(admin: httpx2.AsyncClient) -> None:
    assert (await admin.get("/admin/audit?limit=100000")).json()["limit"] == 500
    for wrong in ("limit=0", "limit=x", "offset=-1", f"offset={2**31}"):
        assert (await admin.get(f"/admin/audit?{wrong}")).status_code == 400


async def test_an_owner_takes_the_end_of_the_log_as_it_is_and_that_is_noted(
    admin: httpx2.AsyncClient,
) -> None:
    assert (await admin.post("/admin/audit/seal")).status_code == 204
    (row,) = (await admin.get("/admin/audit")).json()["rows"]
    assert (row["action"], row["actor"]) == ("audit.seal", "admin")
