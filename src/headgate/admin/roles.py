"""Who may do what: one table of routes and roles. What is not in it nobody may do."""

from collections.abc import Iterable, Mapping

from fastapi import FastAPI, HTTPException, Request

from headgate.model.directory import AdminRole

Roles = frozenset[AdminRole]

OWNER: Roles = frozenset({"owner"})
ADMINS: Roles = OWNER | {"admin"}
OPERATORS: Roles = ADMINS | {"operator"}
VIEWERS: Roles = OPERATORS | {"viewer"}
EVERYBODY: Roles = VIEWERS | {"billing"}

_CRUD: Mapping[str, tuple[Roles, Roles]] = {
    # resource: who may read it, who may write it
    "/admin/administrators": (OWNER, OWNER),
    "/admin/users": (VIEWERS, ADMINS),
    "/admin/backends": (VIEWERS, ADMINS),
    "/admin/model-rewrites": (VIEWERS, OPERATORS),
    "/admin/models": (VIEWERS, OPERATORS),
    "/admin/policies": (VIEWERS, ADMINS),
}
ANALYTICS = (
    "analytics/usage",
    "analytics/metrics",
    "analytics/daily-totals",
    "analytics/backend-quality",
    "analytics/model-trends",
    "analytics/latency",
    "analytics/response-length-histogram",
    "dashboard/summary",
)
"""Numbers, which everybody may read."""


def _table() -> dict[tuple[str, str], Roles]:
    table: dict[tuple[str, str], Roles] = {
        ("GET", "/admin/analytics/requests"): EVERYBODY,
        ("GET", "/admin/requests/{id}"): OPERATORS,
        ("GET", "/admin/requests/{id}/explain"): OPERATORS,
        ("GET", "/admin/requests/{id}/stream"): OPERATORS,
        ("POST", "/admin/requests/{id}/replay"): OPERATORS,
        ("GET", "/admin/permissions"): VIEWERS,
        ("POST", "/admin/permissions"): ADMINS,
        ("DELETE", "/admin/permissions"): ADMINS,
        ("GET", "/admin/permissions/user/{id}"): VIEWERS,
        ("GET", "/admin/permissions/backend/{id}"): VIEWERS,
        ("POST", "/admin/users/{id}/regenerate-api-key"): ADMINS,
        ("GET", "/admin/users/{id}/keys"): VIEWERS,
        ("POST", "/admin/users/{id}/keys"): ADMINS,
        ("PUT", "/admin/users/{id}/keys/{key_id}"): ADMINS,
        ("DELETE", "/admin/users/{id}/keys/{key_id}"): ADMINS,
        ("GET", "/admin/backends/{id}/models"): VIEWERS,
        ("POST", "/admin/backends/{id}/models/refresh"): OPERATORS,
        ("POST", "/admin/policies/reorder"): ADMINS,
        ("POST", "/admin/policies/test"): ADMINS,
        ("GET", "/admin/settings"): VIEWERS,
        ("PUT", "/admin/settings"): ADMINS,
        ("POST", "/admin/reload"): OPERATORS,
        ("GET", "/admin/audit"): ADMINS,
        ("GET", "/admin/auth/session"): EVERYBODY,
        ("POST", "/admin/auth/logout"): EVERYBODY,
        ("GET", "/admin/auth/tokens"): OWNER,
        ("POST", "/admin/auth/tokens"): OWNER,
        ("DELETE", "/admin/auth/tokens/{id}"): OWNER,
        ("POST", "/admin/auth/password"): EVERYBODY,
        ("POST", "/admin/audit/seal"): OWNER,
    }
    for name in ANALYTICS:
        table["GET", f"/admin/{name}"] = EVERYBODY
    for path, (readers, writers) in _CRUD.items():
        table["GET", path] = table["GET", f"{path}/{{id}}"] = readers
        table["POST", path] = table["PUT", f"{path}/{{id}}"] = writers
        table["DELETE", f"{path}/{{id}}"] = writers
    return table


ROUTES: Mapping[tuple[str, str], Roles] = _table()
OPEN: frozenset[tuple[str, str]] = frozenset(
    {
        ("POST", "/admin/auth/login"),
        ("GET", "/admin/auth/methods"),
        ("GET", "/admin/auth/oidc/start"),
        ("GET", "/admin/auth/oidc/callback"),
        ("GET", "/admin"),
        ("GET", "/admin/docs"),
        ("GET", "/admin/openapi.json"),
    }
)
"""What needs no identity: it gives one, or says what this program can do."""


async def authorize(request: Request) -> None:
    """A 403 where the caller's role may not use the matched route."""
    template = request.scope["route"].path
    if (request.method, template) in OPEN:
        return
    allowed = ROUTES.get((request.method, template), frozenset())
    role = request.state.identity.role
    if role not in allowed:
        raise HTTPException(403, f"the role '{role}' may not do this")


def unlisted(app: FastAPI) -> list[tuple[str, str]]:
    """Routes of `app` that stand in neither table: there must be none."""
    return [pair for pair in routes_of(app) if pair not in ROUTES and pair not in OPEN]


def routes_of(app: FastAPI) -> Iterable[tuple[str, str]]:
    """Method and path of every operation."""
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            yield method.upper(), path
