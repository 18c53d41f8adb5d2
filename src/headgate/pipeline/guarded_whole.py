"""A whole reply on its way through the policies: its bytes are kept unless one changes it."""

from headgate.dialects.destination import Source
from headgate.model.fault import Fault, Refused, StreamBroken
from headgate.model.reply import Reply
from headgate.pipeline.asking import Question
from headgate.pipeline.guard import Guard
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER
from headgate.pipeline.whole import Whole, no_reply


async def guard_whole(turn: Turn, question: Question, guard: Guard, whole: Whole) -> Whole | Fault:
    """`whole` after every policy, or why it may not be told. Raises Interrupted."""
    reply = whole.reply or _read(question, whole.body)
    if reply is None:
        return no_reply() if guard.changes_reply else whole
    try:
        changed = await turn.watch.until(guard.reply(reply), NEVER)
    except Refused as refusal:
        return refusal.fault
    if changed == reply:
        return whole
    told = turn.exchange.caller.write_reply(changed, turn.reply_context())
    return Whole(told.body, whole.facts, told.losses, changed)


def _read(question: Question, body: bytes) -> Reply | None:
    try:
        return question.dialect.backend.read_reply(body, Source(vendor=question.backend.vendor))
    except (StreamBroken, Refused):
        return None
