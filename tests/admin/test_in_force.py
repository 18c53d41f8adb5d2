"""What the admin API writes is in force for the next request of a running gateway."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from headgate.testing import Gateway, ScriptedUpstream

CHAT = "/v1/chat/completions"


class Team:
    """An administrator and callers of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        headers = {"authorization": f"Bearer {gateway.admin_token}"}
        self.admin = httpx.Client(base_url=f"{gateway.url}/admin", headers=headers, timeout=30)

    def make(self, resource: str, **fields: Any) -> dict[str, Any]:
        """A new row of a resource."""
        answered = self.admin.post(f"/{resource}", json=fields)
        assert answered.status_code == 201, answered.text
        body: dict[str, Any] = answered.json()
        return body

    def call(self, key: str, model: str = "m1") -> httpx.Response:
        """One request of a caller."""
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
        headers = {"authorization": f"Bearer {key}"}
        return httpx.post(f"{self.gateway.url}{CHAT}", json=body, headers=headers, timeout=30)


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("m1", "m2")) as one:
        yield one


@pytest.fixture
def team(upstream: ScriptedUpstream, headgate_gateway: Callable[..., Gateway]) -> Iterator[Team]:
    config = {
        "backends": {"filed": {"base_url": upstream.url, "speaks": ["chat"]}},
        "users": [
            {"name": "filer", "api_key": "a-key-of-the-file-1234", "backends": ["filed"]},
        ],
        "rewrites": [{"source": "old", "target": "m1"}],
    }
    made = Team(headgate_gateway(config))
    with made.admin:
        yield made


def test_a_user_made_through_the_api_can_call_at_once(team: Team) -> None:
    user = team.make("users", name="alice")
    refused = team.call(user["api_key"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    team.make("permissions", user_id=user["id"], backend_id="filed")
    assert team.call(user["api_key"]).status_code == 200
    team.admin.put(f"/users/{user['id']}", json={"is_active": False})
    assert team.call(user["api_key"]).status_code == 401
    team.admin.put(f"/users/{user['id']}", json={"is_active": True})
    assert team.call(user["api_key"]).status_code == 200
    team.admin.delete(f"/users/{user['id']}")
    assert team.call(user["api_key"]).status_code == 401


def test_a_permission_revoked_stops_at_once(team: Team) -> None:
    user = team.make("users", name="alice")
    pair = {"user_id": user["id"], "backend_id": "filed"}
    team.make("permissions", **pair)
    assert team.call(user["api_key"]).status_code == 200
    assert team.admin.delete("/permissions", params=pair).status_code == 204
    assert team.call(user["api_key"]).status_code == 403


def test_a_backend_added_serves_at_once_and_its_models_are_known(
    team: Team, upstream: ScriptedUpstream
) -> None:
    user = team.make("users", name="alice")
    upstream.reset()
    backend = team.make("backends", name="new", base_url=upstream.url, api_key="sk-of-new")
    team.make("permissions", user_id=user["id"], backend_id=backend["id"])
    answered = team.call(user["api_key"], "m2")
    assert answered.status_code == 200
    assert answered.headers["x-headgate-backend"] == "new"
    assert "sk-of-new" not in answered.text
    arrived = upstream.requests("POST")[-1]["headers"]
    assert arrived["authorization"] == "Bearer sk-of-new"
    shown = team.admin.get(f"/backends/{backend['id']}/models").json()
    assert (shown["models"], shown["state"]) == (["m1", "m2"], "ready")
    assert team.admin.post(f"/backends/{backend['id']}/models/refresh").status_code == 200
    team.admin.put(f"/backends/{backend['id']}", json={"is_active": False})
    assert team.call(user["api_key"], "m2").status_code == 403


def test_rewrites_and_models_apply_at_once(team: Team, upstream: ScriptedUpstream) -> None:
    key = "a-key-of-the-file-1234"
    assert team.call(key, "gpt-4").status_code == 404
    rule = team.make("model-rewrites", source_model="gpt-4", target_model="m2")
    assert team.call(key, "gpt-4").status_code == 200
    assert upstream.requests("POST")[-1]["body"]["model"] == "m2"
    team.admin.delete(f"/model-rewrites/{rule['id']}")
    assert team.call(key, "gpt-4").status_code == 404
    team.make("models", name="fast", targets=[{"backend": "filed", "model": "m1"}])
    assert team.call(key, "fast").status_code == 200
    cycle = team.admin.post("/model-rewrites", json={"source_model": "m1", "target_model": "old"})
    assert cycle.status_code == 409
    assert cycle.json()["error"] == "Model rewrite cycle detected"


def test_a_new_key_replaces_the_old_and_a_revoked_one_stops(team: Team) -> None:
    user = team.make("users", name="alice")
    team.make("permissions", user_id=user["id"], backend_id="filed")
    new = team.admin.post(f"/users/{user['id']}/regenerate-api-key").json()["api_key"]
    assert team.call(user["api_key"]).status_code == 401
    assert team.call(new).status_code == 200
    further = team.make(f"users/{user['id']}/keys", models=["m2"])
    assert team.call(further["api_key"], "m2").status_code == 200
    assert team.call(further["api_key"], "m1").status_code == 404
    team.admin.delete(f"/users/{user['id']}/keys/{further['id']}")
    assert team.call(further["api_key"], "m2").status_code == 401


def test_what_is_written_is_there_after_a_restart(
    upstream: ScriptedUpstream, headgate_gateway: Callable[..., Gateway], tmp_path: Any
) -> None:
    config = {
        "database": f"sqlite:///{tmp_path}/kept.db",
        "backends": {"filed": {"base_url": upstream.url, "speaks": ["chat"]}},
    }
    env = {"HEADGATE_SECRET_KEY": "a secret key that outlives the process"}
    first = Team(headgate_gateway(config, env=env))
    user = first.make("users", name="alice")
    backend = first.make("backends", name="new", base_url=upstream.url, api_key="sk-of-new")
    first.make("permissions", user_id=user["id"], backend_id=backend["id"])
    first.make("model-rewrites", source_model="gpt-4", target_model="m1")
    first.admin.close()
    assert first.gateway.stop() == 0
    second = Team(headgate_gateway(config, env=env))
    with second.admin:
        assert second.call(user["api_key"], "gpt-4").status_code == 200
        assert upstream.requests("POST")[-1]["headers"]["authorization"] == "Bearer sk-of-new"
        assert second.admin.get("/audit?verify=true").json()["chain_holds"] is True


def test_the_numbers_know_the_requests(team: Team) -> None:
    for _ in range(2):
        team.call("a-key-of-the-file-1234")
    [row] = team.admin.get("/analytics/usage", params={"by": ["user", "model"]}).json()
    assert (row["user_id"], row["model"], row["requests"], row["errors"]) == ("filer", "m1", 2, 0)
    assert team.admin.get("/dashboard/summary").json()["requests"] == 2
    [quality] = team.admin.get("/analytics/backend-quality").json()
    assert (quality["backend_id"], quality["outcomes"]) == ("filed", {"complete": 2})


def test_a_bad_file_is_refused_whole_with_what_is_wrong(team: Team) -> None:
    assert team.admin.post("/reload").status_code == 200
    (team.gateway.data.parent / "gateway.yaml").write_text("server: {heartbeat: 15}")
    refused = team.admin.post("/reload")
    assert refused.status_code == 400
    assert any("heartbeat" in problem for problem in refused.json()["problems"])
    assert team.call("a-key-of-the-file-1234").status_code == 200


def test_without_a_configuration_users_may_be_granted_what_is_built_in(
    headgate_gateway: Callable[..., Gateway],
) -> None:
    team = Team(headgate_gateway())
    with team.admin:
        user = team.make("users", name="alice")
        assert team.call("no-key-of-anybody", "mock").status_code == 401
        assert team.call(user["api_key"], "mock").status_code == 403
        team.make("permissions", user_id=user["id"], backend_id="mock")
        assert team.call(user["api_key"], "mock").status_code == 200
        assert team.admin.delete("/backends/mock").status_code == 409
