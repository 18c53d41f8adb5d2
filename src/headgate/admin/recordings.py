"""Recordings: ``/admin/requests/{id}/stream`` and ``/admin/requests/{id}/replay``."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from fastapi import APIRouter, HTTPException, Response

from headgate.admin import schema
from headgate.admin.answers import answer
from headgate.admin.logged_reply import logged_stream
from headgate.model.book_query import RequestDetail
from headgate.model.recorded import Recorded
from headgate.pipeline.playback import CannotPlay, Played, differences
from headgate.wire import stream_file

NONE_KEPT = "there is no recording of this exchange; logging.record says which ones are kept"


class Playing(msgspec.Struct, frozen=True, kw_only=True):
    """``find`` gives the file of an exchange, None where there is none; ``play`` sends a recording
    through the gateway once more, and raises CannotPlay."""

    find: Callable[[str], Awaitable[bytes | None]]
    play: Callable[[Recorded], Awaitable[Played]]


class RequestLog(Protocol):
    """Reads the exchanges that were closed. Raises StoreUnreachable."""

    async def get(self, exchange_id: str) -> RequestDetail | None:
        """One with its attempts; None where there is no such."""
        ...


async def _nothing(_: str) -> None:
    return None


async def _cannot(_: Recorded) -> Played:
    raise CannotPlay("nothing is recorded here")


NOTHING_KEPT = Playing(find=_nothing, play=_cannot)
"""Where nothing is ever recorded."""


def routes(recordings: Playing, log: RequestLog) -> APIRouter:
    """The routes that read `recordings`, and where there is none what `log` kept of the stream."""
    router = APIRouter(prefix="/admin/requests", tags=["requests"])

    @router.get("/{id}/stream", response_class=Response, responses=_file_described())
    async def get_stream(id: str) -> Response:
        """The recording of one exchange as a file; where there is none, the stream as far as the
        log kept it."""
        data = await _found(recordings, id)
        if data is None:
            return await _logged(log, id)
        headers = {"content-disposition": f'attachment; filename="{id}.stream"'}
        return Response(data, 200, headers, media_type="application/octet-stream")

    @router.post("/{id}/replay", response_model=schema.Playback)
    async def replay(id: str) -> Response:
        """Sends the recorded answer through the gateway once more, as it is now, to nobody."""
        data = await _file(recordings, id)
        try:
            recorded, problems = await asyncio.to_thread(_read, data)
            played = await recordings.play(recorded)
        except (stream_file.Damaged, CannotPlay) as error:
            raise HTTPException(409, str(error)) from error
        return answer(_shown(recorded, played, problems))

    return router


def _file_described() -> dict[int | str, dict[str, Any]]:
    """New for each application: making a description changes what it is made from."""
    kinds = ("application/octet-stream", "text/event-stream")
    content: dict[str, Any] = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return {200: {"content": {**content, "application/json": {"schema": {"type": "object"}}}}}


async def _file(recordings: Playing, exchange_id: str) -> bytes:
    data = await _found(recordings, exchange_id)
    if data is None:
        raise HTTPException(404, NONE_KEPT)
    return data


async def _found(recordings: Playing, exchange_id: str) -> bytes | None:
    try:
        return await recordings.find(exchange_id)
    except OSError as error:
        raise HTTPException(409, f"the recording cannot be read: {error.strerror}") from error


async def _logged(log: RequestLog, exchange_id: str) -> Response:
    detail = await log.get(exchange_id)
    told = logged_stream(detail.row.response_body) if detail and detail.row.stream else None
    if told is None:
        raise HTTPException(404, NONE_KEPT)
    body, media_type = told
    return Response(body, 200, media_type=media_type)


def _read(data: bytes) -> tuple[Recorded, list[str]]:
    recorded = stream_file.read(data)
    return recorded, stream_file.problems_of(recorded)


def _shown(recorded: Recorded, played: Played, problems: list[str]) -> dict[str, Any]:
    other = differences(recorded, played)
    return {
        "id": recorded.exchange.id,
        "equal": not other,
        "intact": not problems,
        "differences": [*problems, *other],
        "request_known": played.request_known,
        "delivered": _delivered(recorded),
        "now": _now(played),
    }


def _delivered(recorded: Recorded) -> dict[str, Any]:
    was = recorded.delivered
    assert was is not None, "a recording without it is damaged"
    return {"status": was.status, "outcome": was.outcome, "bytes": was.bytes, "sha256": was.sha256}


def _now(played: Played) -> dict[str, Any]:
    try:
        text, encoded = played.body.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(played.body).decode()
    return {
        "status": played.status,
        "outcome": played.outcome,
        "bytes": len(played.body),
        "sha256": played.sha256,
        "headers": dict(played.headers),
        "body": text,
        "body_base64": encoded,
    }
