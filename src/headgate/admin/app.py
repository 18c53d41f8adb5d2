"""The admin API as one application. It costs some 25 MB: make it at the first request for it."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.responses import HTMLResponse

from headgate import __version__
from headgate.admin import docs, requests, schema
from headgate.admin.answers import tell_failures
from headgate.admin.auth import TokenGate
from headgate.admin.deps import Deps

_described_token = HTTPBearer(auto_error=False, description="The admin token")
"""For the description only: `TokenGate` has decided before."""


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
    app.add_middleware(TokenGate, verify=deps.verify_token)
    app.include_router(_described(requests.routes(deps.request_log)))
    app.add_api_route("/admin/docs", _docs(app), include_in_schema=False)
    return app


def _described(*routers: APIRouter) -> APIRouter:
    """All of `routers`, with what every operation has in common."""
    whole = APIRouter(
        dependencies=[Depends(_described_token)], responses={"4XX": {"model": schema.Failure}}
    )
    for router in routers:
        whole.include_router(router)
    return whole


def _docs(app: FastAPI) -> Callable[[], Awaitable[HTMLResponse]]:
    async def read_docs() -> HTMLResponse:
        return HTMLResponse(docs.page(app.openapi()), headers=dict(docs.HEADERS))

    return read_docs
