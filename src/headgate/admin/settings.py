"""What holds for the whole gateway: ``/admin/settings``, ``/admin/reload``, ``/admin/audit``."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from headgate.admin import shapes
from headgate.admin.answers import answer, failure
from headgate.admin.control import Body, Wired
from headgate.admin.instants import rfc3339
from headgate.model.directory import AuditRow


class SettingsChange(Body):
    """The settings that the API may change; null: as the configuration says."""

    stream_detail: Literal["compact", "raw", "both", "off"] | None = None


router = APIRouter(prefix="/admin", tags=["settings"])


@router.get("/settings", response_model=shapes.Settings)
async def get_settings(control: Wired) -> Response:
    """What is in force: the configuration's values where the database has none."""
    return answer({**control.file_rows().settings, **await control.store.get_settings()})


@router.put("/settings", response_model=shapes.Settings)
async def change_settings(control: Wired, body: SettingsChange, request: Request) -> Response:
    """Changes the fields that are given."""
    given = body.given()
    await control.writing(request, "settings.change", "settings", given).put_settings(**given)
    await control.changed()
    return answer({**control.file_rows().settings, **await control.store.get_settings()})


@router.post("/reload", response_model=shapes.Reloaded)
async def reload(control: Wired, request: Request) -> Response:
    """Reads the configuration's file again; a bad one is refused whole."""
    problems = await control.reload()
    if problems:
        return failure(400, "the configuration was not reloaded", more={"problems": problems})
    await control.note(request, "reload", "file", {})
    return answer({"status": "ok"})


@router.get("/audit", response_model=shapes.AuditPage)
async def list_audit(
    control: Wired,
    limit: Annotated[int, Query(ge=1)] = 100,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    verify: bool = False,
) -> Response:
    """Every write, newest first. ``verify`` reads the whole log and says in ``chain_holds`` whether
    every row follows from the one before it, and none is missing at the end."""
    limit = min(limit, 500)
    rows = await control.store.list_audit(limit, offset)
    whole = await control.store.verify_audit() if verify else None
    shown = [_show(row) for row in rows]
    return answer({"rows": shown, "limit": limit, "offset": offset, "chain_holds": whole})


@router.post("/audit/seal", status_code=204)
async def seal_audit(control: Wired, request: Request) -> Response:
    """Takes the log's end as it is now for the true one: after the secret key was lost."""
    actor = request.state.identity.actor
    await control.store.reseal_audit(at=control.now(), actor=actor)
    return Response(status_code=204)


def _show(row: AuditRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "detail": row.detail,
        "chain": row.chain.hex(),
    }
