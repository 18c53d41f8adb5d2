"""Hub events to a stream for a caller.

What is written is always ``message_start (start delta* stop)* message_delta message_stop``, or a
beginning of that and an ``error``: `Floor` keeps blocks apart, `end` and `fail` come once.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from headgate.dialects.dialect import ReplyContext
from headgate.dialects.messages import frames
from headgate.dialects.messages.blocks_said import Call, Prose, Thought, block_for
from headgate.dialects.messages.citations import write_citation
from headgate.dialects.messages.errors import error_frame
from headgate.dialects.messages.finish import write_finish
from headgate.dialects.messages.floor import Floor, Turn
from headgate.dialects.messages.own import own
from headgate.dialects.messages.reply_write import BROKEN_CALL, call_id, opening, write_parts
from headgate.dialects.messages.usage import closing_usage, opening_usage
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.usage import Usage, merge

_DELTA_FIELDS = frozenset({"stop_reason", "stop_sequence", "stop_details", "container"})


class StreamWriter:
    """See `headgate.dialects.dialect.Writer`."""

    def __init__(self, context: ReplyContext) -> None:
        self.losses: list[str] = []
        self._context = context
        self._floor = Floor()
        self._turns: dict[int, Turn] = {}
        self._started = False
        self._over = False
        self._call_ids: set[str] = set()
        self._finish: ev.Finished | None = None
        self._usage: Usage | None = None

    def write(self, event: ev.Event) -> bytes:
        """See `headgate.dialects.dialect.Writer.write`."""
        act = _ACTS.get(type(event))
        return b"" if self._over or act is None else act(self, event)

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Writer.end`. A broken tool call ends in an error: this
        dialect has no stop reason for it."""
        if self._over or not self._started:
            return b""
        if self._finish is not None and self._finish.reason == "broken_tool_call":
            return self.fail(BROKEN_CALL)
        self._over = True
        stop = write_finish(self._finish, bool(self._call_ids))
        delta = {key: value for key, value in stop.items() if key in _DELTA_FIELDS}
        beside = {key: value for key, value in stop.items() if key not in _DELTA_FIELDS}
        usage = closing_usage(self._usage, self._context.input_estimate)
        closing = frames.message_delta(delta, usage, beside)
        return self._floor.close() + closing + frames.MESSAGE_STOP

    def fail(self, fault: Fault) -> bytes:
        """See `headgate.dialects.dialect.Writer.fail`."""
        if self._over:
            return b""
        self._over = True
        return error_frame(fault)

    def _start(self, event: ev.Started) -> bytes:
        if self._started:
            return b""
        self._started = True
        rest = dict(own(event.extras))
        usage = opening_usage(rest.pop("usage", None), self._context.input_estimate)
        message = {
            **opening(event.id, self._context, []),
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
            **rest,
        }
        return frames.message_start(message)

    def _begin(self, event: ev.BlockStarted) -> bytes:
        if event.choice != 0:
            self._lose("n")
            return b""
        block = event.block
        if isinstance(block, ev.ToolCallBlock):
            block = msgspec.structs.replace(block, id=call_id(block.id, self._call_ids))
        turn = self._turns[event.key] = Turn(block_for(block))
        if isinstance(turn.block, Call):
            return self._floor.say(turn, _nothing)
        return b""

    def _say(self, event: ev.ReasoningDelta | ev.RefusalDelta | ev.ArgumentsDelta) -> bytes:
        turn = self._turns.get(event.key)
        if turn is None or turn.block is None:
            return b""
        return self._floor.say(turn, partial(turn.block.say, text=event.text))

    def _say_text(self, event: ev.TextDelta) -> bytes:
        if event.logprobs:
            self._lose("logprobs")
        turn = self._turns.get(event.key)
        if turn is None or turn.block is None or not event.text:
            return b""
        return self._floor.say(turn, partial(turn.block.say, text=event.text))

    def _sign(self, event: ev.StateAttached) -> bytes:
        turn = self._turns.get(event.key)
        if turn is not None and isinstance(turn.block, Thought):
            turn.block.state = event.state
        return b""

    def _cite(self, event: ev.CitationAdded) -> bytes:
        turn = self._turns.get(event.key)
        citation = write_citation(event.citation)
        if citation is None:
            self._lose("citations")
        elif turn is not None and isinstance(turn.block, Prose):
            if turn.unheard:
                turn.block.early.append(citation)
            else:
                return self._floor.say(turn, partial(turn.block.cite, citation=citation))
        return b""

    def _end_block(self, event: ev.BlockEnded) -> bytes:
        turn = self._turns.pop(event.key, None)
        if turn is None:
            return b""
        said = b""
        if isinstance(turn.block, Thought) and turn.block.state is not None:
            said = self._floor.say(turn, _nothing)
        elif isinstance(turn.block, Prose) and turn.block.early and turn.unheard:
            self._lose("citations")
        return said + self._floor.end(turn)

    def _add(self, event: ev.PartAdded) -> bytes:
        if event.choice != 0:
            self._lose("n")
            return b""
        lost: list[str] = []
        blocks = write_parts((event.part,), lost)
        for name in lost:
            self._lose(name)
        said = (self._floor.say_whole(partial(frames.whole, block=block)) for block in blocks)
        return b"".join(said)

    def _count(self, event: ev.UsageReported) -> bytes:
        self._usage = merge(self._usage, event.usage)
        return b""

    def _keep_finish(self, event: ev.Finished) -> bytes:
        if event.choice == 0:
            self._finish = event
        else:
            self._lose("n")
        return b""

    def _lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)


def _nothing(index: int) -> bytes:
    """What a block says that only takes the floor."""
    del index
    return b""


_ACTS: Mapping[type, Callable[[StreamWriter, Any], bytes]] = {
    ev.TextDelta: StreamWriter._say_text,
    ev.ReasoningDelta: StreamWriter._say,
    ev.ArgumentsDelta: StreamWriter._say,
    ev.RefusalDelta: StreamWriter._say,
    ev.BlockStarted: StreamWriter._begin,
    ev.BlockEnded: StreamWriter._end_block,
    ev.StateAttached: StreamWriter._sign,
    ev.CitationAdded: StreamWriter._cite,
    ev.PartAdded: StreamWriter._add,
    ev.UsageReported: StreamWriter._count,
    ev.Started: StreamWriter._start,
    ev.Finished: StreamWriter._keep_finish,
}
