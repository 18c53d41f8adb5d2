"""Who may speak: blocks that may overlap in the hub, one after another on the wire.

This dialect has one open block at a time, numbered from 0 without gaps. A block that begins while
another is open takes over where that one may yield (prose and thought may, a call once its
arguments are whole JSON); else it waits with all it has to say. So streams in sequence pass live
and interleaved ones come out whole.
"""

from collections import deque
from collections.abc import Callable

from headgate.dialects.messages import frames
from headgate.dialects.messages.blocks_said import Call, Said

Words = Callable[[int], bytes]
"""What is said, once the block's index is known."""


class Turn:
    """One hub block: what it is, and what it holds back while it waits. ``block`` is None for one
    whose words are all its frames."""

    __slots__ = ("block", "ended", "held", "index", "over", "waiting")

    def __init__(self, block: Said | None) -> None:
        self.block = block
        self.index = -1
        self.held: list[Words] = []
        self.waiting = False
        self.ended = False
        self.over = False

    @property
    def unheard(self) -> bool:
        """It has said nothing yet, not even in waiting."""
        return self.index < 0 and not self.waiting


class Floor:
    """Gives the floor to one block at a time."""

    def __init__(self) -> None:
        self.speaker: Turn | None = None
        self._waiting: deque[Turn] = deque()
        self._next = 0

    def say(self, turn: Turn, words: Words) -> bytes:
        """`words` of `turn`, now or when its time has come."""
        if turn is self.speaker:
            said = words(turn.index)
            return said + self._pass_on() if self._waiting else said
        if turn.over:
            return b""
        turn.held.append(words)
        if not turn.waiting:
            turn.waiting = True
            self._waiting.append(turn)
        return self._pass_on()

    def end(self, turn: Turn) -> bytes:
        """`turn` has nothing more to say."""
        _end(turn)
        return self._pass_on() if turn is self.speaker else b""

    def say_whole(self, words: Words) -> bytes:
        """A block that comes whole."""
        return self.say(Turn(None), words)

    def close(self) -> bytes:
        """The end of the reply: everybody finishes."""
        for turn in self._waiting:
            _end(turn)
        if self.speaker is not None:
            _end(self.speaker)
        return self._pass_on()

    def _pass_on(self) -> bytes:
        out: list[bytes] = []
        while True:
            speaker = self.speaker
            if speaker is not None and speaker.block is not None:
                if not (speaker.ended or (self._waiting and speaker.block.may_yield())):
                    break
                out += (speaker.block.close(speaker.index), frames.stop(speaker.index))
                speaker.over = isinstance(speaker.block, Call)
                self.speaker = None
            if not self._waiting:
                break
            out.append(self._give(self._waiting.popleft()))
        return b"".join(out)

    def _give(self, turn: Turn) -> bytes:
        turn.index = self._next
        turn.waiting = False
        self._next += 1
        held, turn.held = turn.held, []
        if turn.block is None:
            return b"".join(words(turn.index) for words in held)
        self.speaker = turn
        start = frames.start(turn.index, turn.block.start())
        return start + b"".join(words(turn.index) for words in held)


def _end(turn: Turn) -> None:
    turn.ended = True
    if isinstance(turn.block, Call):
        turn.block.ended = True
