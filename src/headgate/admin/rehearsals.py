"""``POST /admin/policies/test``: a chain tried on a sample or on an exchange of the log.

No backend is asked. Policies that ask somebody (``judge``, ``webhook`` and their like) do ask.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, HTTPException, Response

from headgate.admin import schema
from headgate.admin.answers import answer
from headgate.admin.control import Control, Wired
from headgate.admin.deps import RequestLog
from headgate.admin.logged_reply import logged_reply
from headgate.admin.masking import restored
from headgate.dialects.destination import Destination, Source
from headgate.dialects.dialect import Dialect, ReplyContext
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Text
from headgate.model.reply import Choice, Reply
from headgate.model.request import Request
from headgate.pipeline.guard import sendable
from headgate.policies.keys import ChainRefused, words
from headgate.policies.occasion import Occasion
from headgate.policies.rehearsal import Rehearsal, Trial
from headgate.policies.report import Report
from headgate.wire import json_text

TryOut = Callable[[Trial], Awaitable[Rehearsal]]
"""Raises ChainRefused."""

DEADLINE_S = 60.0
"""How long all policies together may take."""
_OWN = ("id", "position", "is_active", "source")
_ID_SEED = "0" * 24


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What a test is made on. ``said`` is the reply where it was given as plain text."""

    dialect: Dialect
    path: str
    request: Request | None = None
    sent: Any = None
    reply: Reply | None = None
    said: str | None = None


def routes(log: RequestLog, try_out: TryOut) -> APIRouter:
    """The route, which reads `log`."""
    router = APIRouter(prefix="/admin/policies", tags=["policies"])

    @router.post("/test", response_model=schema.PolicyTestResult)
    async def test_policies(control: Wired, body: schema.PolicyTest) -> Response:
        """Shows what a chain makes of a sample, before and after."""
        sample = await _sample(log, body)
        trial = Trial(
            occasion=_occasion(body, sample),
            entries=await _entries(control, body),
            request=sample.request,
            reply=sample.reply,
        )
        try:
            async with asyncio.timeout(DEADLINE_S):
                rehearsal = await try_out(trial)
        except ChainRefused as refused:
            raise HTTPException(400, words(refused.problems[0])) from refused
        except TimeoutError as error:
            raise HTTPException(504, f"the policies took longer than {DEADLINE_S:g} s") from error
        return answer(_shown(sample, rehearsal))

    return router


async def _sample(log: RequestLog, body: schema.PolicyTest) -> Sample:
    if body.exchange_id is not None:
        return await _logged(log, body)
    if body.request is None and body.reply is None:
        raise HTTPException(400, "request: give a request, a reply or an exchange_id")
    return _with_reply(_asked(DIALECTS[body.dialect], "", body.request), body)


async def _logged(log: RequestLog, body: schema.PolicyTest) -> Sample:
    if body.request is not None:
        raise HTTPException(400, "request: give either a request or an exchange_id")
    detail = await log.get(body.exchange_id or "")
    if detail is None:
        raise HTTPException(404, "there is no such exchange")
    row = detail.row
    dialect = DIALECTS.get(row.dialect)
    if dialect is None or dialect.caller is None:
        raise HTTPException(400, "exchange_id: this exchange is no conversation")
    request = json_text.object_or_none(row.request_body or "")
    if request is None:
        raise HTTPException(400, "exchange_id: the log has no whole request of this exchange")
    sample = _asked(dialect, row.endpoint, request)
    if body.reply is not None:
        return _with_reply(sample, body)
    return msgspec.structs.replace(sample, reply=logged_reply(dialect, row.response_body))


def _asked(dialect: Dialect, path: str, sent: Mapping[str, Any] | None) -> Sample:
    if sent is None:
        return Sample(dialect=dialect, path=path)
    assert dialect.caller is not None, "only callers' dialects are chosen"
    data = json_text.encode(sent)
    try:
        dialect.caller.read_envelope(data)
        request = dialect.caller.read_request(data)
    except Refused as refused:
        raise HTTPException(400, f"request: {refused.fault.message}") from refused
    return Sample(dialect=dialect, path=path, request=request, sent=sent)


def _with_reply(sample: Sample, body: schema.PolicyTest) -> Sample:
    given = body.reply
    if given is None:
        return sample
    if isinstance(given, str):
        reply = Reply(choices=(Choice(0, (Text(given),)),))
        return msgspec.structs.replace(sample, reply=reply, said=given)
    try:
        read = sample.dialect.backend.read_reply(json_text.encode(given), Source())
    except (StreamBroken, Refused) as error:
        raise HTTPException(400, f"reply: it is no reply of {sample.dialect.name}") from error
    return msgspec.structs.replace(sample, reply=read)


def _occasion(body: schema.PolicyTest, sample: Sample) -> Occasion:
    asked = sample.request.model if sample.request is not None else ""
    return Occasion(
        user=body.user,
        model=body.model or asked,
        backend=body.backend,
        path=body.path or sample.path,
        dialect=sample.dialect.name,
        headers={name.lower(): value for name, value in body.headers.items()},
    )


async def _entries(
    control: Control, body: schema.PolicyTest
) -> tuple[Mapping[str, Any], ...] | None:
    if body.chain is None:
        return None
    stored = (*control.file_rows().policies, *await control.store.list_policies())
    before = {row.id: row.entry for row in stored}
    return tuple(_entry(given, before) for given in body.chain)


def _entry(given: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One that names an entry of the running chain by its ``id`` is that one, changed."""
    known: Mapping[str, Any] = {}
    if "id" in given:
        known = before.get(str(given["id"]), {})
        if not known:
            raise HTTPException(400, "chain: there is no entry with that id")
    own = {key: value for key, value in given.items() if key not in _OWN}
    merged = {**known, **restored(own, known)}
    return {key: value for key, value in merged.items() if value is not None}


def _shown(sample: Sample, rehearsal: Rehearsal) -> dict[str, Any]:
    effects, fault = rehearsal.effects, rehearsal.fault
    return {
        "refused": None if fault is None else fault.message,
        "request": _request(sample, rehearsal),
        "reply": _reply(sample, rehearsal),
        "policies": [_report(report) for report in rehearsal.reports],
        "tags": {str(name): str(value) for name, value in effects.tags.items()},
        "headers_to_backend": sendable(effects.to_backend),
        "headers_to_caller": sendable(effects.to_caller),
    }


def _request(sample: Sample, rehearsal: Rehearsal) -> dict[str, Any] | None:
    if sample.request is None:
        return None
    after = rehearsal.request
    if after is None or after is sample.request:
        shown = sample.sent if after is not None else None
    else:
        shown = json_text.decode(_written(sample.dialect, after))
    changed = after is not None and after is not sample.request
    return {"before": sample.sent, "after": shown, "changed": changed}


def _written(dialect: Dialect, request: Request) -> bytes:
    destination = Destination(model=request.model, vendor="unknown")
    try:
        return dialect.backend.write_request(request, destination).body
    except Refused as refused:
        raise HTTPException(400, f"request: {refused.fault.message}") from refused


def _reply(sample: Sample, rehearsal: Rehearsal) -> dict[str, Any] | None:
    if sample.reply is None:
        return None
    after = rehearsal.reply
    return {
        "before": _told(sample, sample.reply),
        "after": None if after is None else _told(sample, after),
        "changed": after is not None and after != sample.reply,
    }


def _told(sample: Sample, reply: Reply) -> Any:
    if sample.said is not None:
        parts = (part for choice in reply.choices for part in choice.parts)
        return "".join(part.text for part in parts if isinstance(part, Text))
    assert sample.dialect.caller is not None, "only callers' dialects are chosen"
    request = sample.request or Request(dialect=sample.dialect.name, model="", messages=())
    context = ReplyContext(id_seed=_ID_SEED, created=0, model=request.model, request=request)
    return json_text.decode(sample.dialect.caller.write_reply(reply, context).body)


def _report(report: Report) -> dict[str, Any]:
    return {
        "policy": report.policy,
        "monitor": report.monitor,
        "refused": report.refused,
        "changed": report.changed,
        "findings": dict(report.findings),
        "failures": list(report.failures),
    }
