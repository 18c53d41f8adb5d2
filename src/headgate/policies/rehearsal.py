"""A chain tried on a sample: what goes in, what comes out, and what each policy did."""

import msgspec

from headgate.model.fault import Fault, Refused
from headgate.model.reply import Reply
from headgate.model.request import Request
from headgate.policies.chain import Chain, Entry
from headgate.policies.occasion import Effects, Occasion
from headgate.policies.report import Report
from headgate.policies.running import Running


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A sample. ``entries`` are those of the chain to try, None: the chain in force. Of
    ``request`` and ``reply`` either may be missing."""

    occasion: Occasion
    entries: tuple[Entry, ...] | None = None
    request: Request | None = None
    reply: Reply | None = None


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """``request`` and ``reply`` are what comes out, the very objects that went in where nothing
    changed them; None where it was refused or not given. ``fault``: why it was refused."""

    request: Request | None = None
    reply: Reply | None = None
    fault: Fault | None = None
    reports: tuple[Report, ...] = ()
    effects: Effects = msgspec.field(default_factory=Effects)


async def rehearse(chain: Chain, trial: Trial) -> Rehearsal:
    """What `chain` makes of a request, of a reply, or of both. Nothing is asked of a backend."""
    running = chain.opens(trial.occasion)
    if running is None:
        return Rehearsal(request=trial.request, reply=trial.reply)
    if trial.occasion.backend is not None:
        running.turn_to(trial.occasion.backend)
    changed: Request | None = None
    try:
        if trial.request is not None:
            changed = await running.request(trial.request)
        else:
            running.begin_reply()
        after = None if trial.reply is None else await running.reply(trial.reply)
    except Refused as refusal:
        return await _rehearsed(running, Rehearsal(request=changed, fault=refusal.fault))
    return await _rehearsed(running, Rehearsal(request=changed, reply=after))


async def _rehearsed(running: Running, rehearsal: Rehearsal) -> Rehearsal:
    await running.review()
    running.end("refused" if rehearsal.fault else "complete")
    return msgspec.structs.replace(
        rehearsal, reports=tuple(running.reports), effects=running.effects
    )
