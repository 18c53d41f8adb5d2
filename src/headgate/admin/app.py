"""The admin API as one application. It costs some 25 MB: make it at the first request for it."""

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import HTMLResponse

from headgate import __version__
from headgate.admin import (
    administrators,
    analytics,
    backends,
    docs,
    keys,
    models,
    oidc,
    permissions,
    policies,
    recordings,
    rehearsals,
    requests,
    rewrites,
    schema,
    sessions,
    settings,
    users,
)
from headgate.admin.answers import tell_failures
from headgate.admin.auth import Door, Gate
from headgate.admin.body_limit import BodyLimit
from headgate.admin.deps import Deps
from headgate.admin.oidc_people import role_of
from headgate.admin.oidc_provider import Provider
from headgate.admin.passwords import Passwords
from headgate.admin.roles import authorize
from headgate.admin.session_opening import tell_haste
from headgate.admin.throttle import LoginThrottle
from headgate.admin.unkept import Unkept

_described_token = HTTPBearer(auto_error=False, description="The admin token")
"""For the description only: `Door` has decided before."""


RESOURCES = tuple(
    resource.router
    for resource in (
        sessions,
        oidc,
        administrators,
        users,
        keys,
        permissions,
        backends,
        rewrites,
        models,
        policies,
        settings,
    )
)


def create_app(deps: Deps) -> FastAPI:
    """The application; all its paths begin with ``/admin``."""
    app = FastAPI(
        title="Headgate admin API",
        version=__version__,
        description="Everything but this page wants Authorization: Bearer with the admin token.",
        openapi_url="/admin/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    tell_failures(app)
    tell_haste(app)
    control = deps.control
    app.state.control = control
    app.state.gate = Gate(
        deps.admin_digest,
        control.store,
        control.now,
        lambda person: role_of(person, deps.sign_in.settings().oidc),
    )
    app.state.throttle, app.state.passwords = LoginThrottle(), Passwords()
    app.state.sign_in = deps.sign_in
    app.state.provider = Provider(deps.sign_in.http, deps.sign_in.clock)
    app.add_middleware(BodyLimit)
    app.add_middleware(Door, gate=app.state.gate)
    app.add_middleware(Unkept)
    numbers = analytics.routes(deps.analytics, control.now)
    trials = rehearsals.routes(deps.request_log, deps.try_out)
    recorded = recordings.routes(deps.recordings, deps.request_log)
    log = requests.routes(deps.request_log)
    app.include_router(_described(log, recorded, numbers, trials, *RESOURCES))
    for path in ("/admin", "/admin/docs"):
        app.add_api_route(path, _read_docs, include_in_schema=False)
    return app


def _described(*routers: APIRouter) -> APIRouter:
    """All of `routers`, with what every operation has in common."""
    whole = APIRouter(
        dependencies=[Depends(_described_token), Depends(authorize)],
        responses={
            "4XX": {"model": schema.Failure},
            # Said before it is known that the admin API is meant.
            414: {"description": "The request line is longer than 8 KiB"},
            431: {"description": "The headers are longer than the gateway reads"},
        },
    )
    for router in routers:
        whole.include_router(router)
    return whole


async def _read_docs(request: Request) -> HTMLResponse:
    # Of the request, since the framework remembers every endpoint, and with it what it holds.
    return HTMLResponse(docs.page(request.app.openapi()), headers=dict(docs.HEADERS))
