"""A chain tried on a sample: what goes in, what comes out, and what each policy did."""

import msgspec

from headgate.model.fault import Fault, Refused
from headgate.model.reply import Reply
from headgate.model.request import Request
from headgate.policies.chain import Chain
from headgate.policies.occasion import Occasion
from headgate.policies.report import Report
from headgate.policies.running import Running


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """``request`` and ``reply`` are what comes out; None where it was refused or not given.
    ``fault``: why it was refused."""

    request: Request | None = None
    reply: Reply | None = None
    fault: Fault | None = None
    reports: tuple[Report, ...] = ()


async def rehearse(
    chain: Chain, occasion: Occasion, request: Request | None, reply: Reply | None
) -> Rehearsal:
    """What `chain` makes of a request, of a reply, or of both. Nothing is asked of a backend."""
    running = chain.opens(occasion)
    if running is None:
        return Rehearsal(request=request, reply=reply)
    if occasion.backend is not None:
        running.turn_to(occasion.backend)
    changed: Request | None = None
    try:
        if request is not None:
            changed = await running.request(request)
        else:
            running.begin_reply()
        after = None if reply is None else await running.reply(reply)
    except Refused as refusal:
        return await _rehearsed(running, Rehearsal(request=changed, fault=refusal.fault))
    return await _rehearsed(running, Rehearsal(request=changed, reply=after))


async def _rehearsed(running: Running, rehearsal: Rehearsal) -> Rehearsal:
    await running.review()
    running.end("refused" if rehearsal.fault else "complete")
    return msgspec.structs.replace(rehearsal, reports=tuple(running.reports))
