"""The request log: ``/admin/analytics/requests`` and ``/admin/requests/{id}``."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Response

from headgate.admin import schema
from headgate.admin.answers import answer
from headgate.admin.deps import RequestLog
from headgate.admin.explaining import explain
from headgate.admin.instants import rfc3339
from headgate.model.book_query import RequestDetail, RequestQuery
from headgate.model.books import AttemptRow, ExchangeRow

_ROW_FIELDS = tuple(schema.RequestRow.model_fields)
_ATTEMPT_FIELDS = tuple(schema.AttemptRow.model_fields)


def routes(log: RequestLog) -> APIRouter:
    """The routes that read `log`."""
    router = APIRouter(tags=["requests"])

    @router.get("/admin/analytics/requests", response_model=schema.RequestPage)
    async def list_requests(wanted: Annotated[schema.RequestParams, Query()]) -> Response:
        """Exchanges, newest first."""
        page = await log.find(RequestQuery(**wanted.model_dump()))
        shown: dict[str, Any] = {
            "rows": [_row(row) for row in page.rows],
            "total": page.total,
            "limit": page.limit,
            "offset": page.offset,
        }
        if wanted.q:
            since = page.searched_since
            shown["searched_since"] = None if since is None else rfc3339(since)
        return answer(shown)

    @router.get("/admin/requests/{id}", response_model=schema.RequestDetail)
    async def get_request(id: str) -> Response:
        """One exchange with its attempts."""
        detail = await log.get(id)
        if detail is None:
            raise HTTPException(404)
        return answer({**_row(detail.row), **_more(detail)})

    @router.get("/admin/requests/{id}/explain", response_model=schema.Explanation)
    async def explain_request(id: str) -> Response:
        """Why one exchange went where it went."""
        detail = await log.get(id)
        if detail is None:
            raise HTTPException(404)
        return answer({"id": detail.row.id, "steps": explain(detail)})

    return router


def _row(row: ExchangeRow) -> dict[str, Any]:
    values = msgspec.structs.asdict(row)
    values["created_at"] = rfc3339(row.created_at)
    return {name: values[name] for name in _ROW_FIELDS}


def _more(detail: RequestDetail) -> dict[str, Any]:
    """What only the page of one exchange shows."""
    row = detail.row
    return {
        "key_id": row.key_id,
        "losses": row.losses,
        "policies": [msgspec.structs.asdict(note) for note in row.policies],
        "tags": row.tags,
        "attempt_rows": [_attempt(made) for made in detail.attempts],
    }


def _attempt(row: AttemptRow) -> dict[str, Any]:
    values = msgspec.structs.asdict(row)
    values["at"] = rfc3339(row.at)
    return {name: values[name] for name in _ATTEMPT_FIELDS}
