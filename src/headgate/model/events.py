"""What happens in a streamed reply: the thirteen events of the hub and their grammar.

::

    stream  = Started body finish* UsageReported*           a whole reply
            | any prefix of that, then Failed               the backend said that it failed
            | any prefix of that                            the stream was cut
    body    = ( BlockStarted(k) (delta(k) | StateAttached(k) | CitationAdded(k))* BlockEnded(k)
              | PartAdded | UsageReported )*
    delta   = TextDelta on a text block      | ReasoningDelta on a reasoning block
            | RefusalDelta on a refusal block | ArgumentsDelta on a tool-call block
    finish  = Finished, once a choice, in any order

Blocks of different keys may interleave (parallel tool calls, ``n > 1``); keys are never used
again; every block has ended before its choice finishes. Readers keep this grammar whatever the
backend sent; writers rely on it and must be unable to break their dialect's own. The reasons are
in docs/decisions/0001-hub-events.md.
"""

import msgspec

from headgate.model.fault import Fault
from headgate.model.finish import FinishReason
from headgate.model.parts import Citation, Extras, Part
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage


class TextBlock(msgspec.Struct, frozen=True):
    """Prose for the user. ``extras`` of a block become those of its part."""

    extras: Extras | None = None


class ReasoningBlock(msgspec.Struct, frozen=True):
    """The model's thought, or (``summary``) a summary of it."""

    summary: bool = False
    extras: Extras | None = None


class RefusalBlock(msgspec.Struct, frozen=True):
    """The model's words for why it will not answer."""


class ToolCallBlock(msgspec.Struct, frozen=True):
    """A call of the caller's tool; ``custom`` tools take raw text instead of JSON."""

    id: str
    name: str
    custom: bool = False
    namespace: str | None = None
    extras: Extras | None = None


Block = TextBlock | ReasoningBlock | RefusalBlock | ToolCallBlock


class Started(msgspec.Struct, frozen=True):
    """The reply began. ``id`` and ``model`` as the backend says them ("" where it does not);
    ``created`` in Unix seconds where it says so."""

    id: str = ""
    model: str = ""
    created: int | None = None
    extras: Extras | None = None


class BlockStarted(msgspec.Struct, frozen=True):
    """A block began. ``choice`` is 0 unless several answers were asked for."""

    key: int
    block: Block
    choice: int = 0


class TextDelta(msgspec.Struct, frozen=True):
    """More prose, never empty unless it carries ``logprobs`` (OpenAI-shaped token entries)."""

    key: int
    text: str
    logprobs: tuple[Extras, ...] | None = None


class ReasoningDelta(msgspec.Struct, frozen=True):
    """More thought, never empty."""

    key: int
    text: str


class RefusalDelta(msgspec.Struct, frozen=True):
    """More refusal, never empty."""

    key: int
    text: str


class ArgumentsDelta(msgspec.Struct, frozen=True):
    """More of a tool call's arguments (JSON text, or a custom tool's raw input), never empty."""

    key: int
    text: str


class StateAttached(msgspec.Struct, frozen=True):
    """Opaque state of a reasoning block; where several come, the last counts. State that belongs
    to what follows (Gemini signs calls and text) is an empty reasoning block before it."""

    key: int
    state: OpaqueState


class CitationAdded(msgspec.Struct, frozen=True):
    """A source of the text block's words so far."""

    key: int
    citation: Citation


class BlockEnded(msgspec.Struct, frozen=True):
    """The block is whole: a tool call's arguments may be acted on."""

    key: int


class PartAdded(msgspec.Struct, frozen=True):
    """A part that comes whole: an image, sound, a vendor's own block."""

    part: Part
    choice: int = 0


class UsageReported(msgspec.Struct, frozen=True):
    """Tokens so far, cumulative: see `headgate.model.usage.merge`."""

    usage: Usage


class Finished(msgspec.Struct, frozen=True):
    """One choice ended. ``native`` is the backend's own word, ``sequence`` the stop sequence met,
    ``explanation`` a refusal's or filter's reason in words."""

    reason: FinishReason
    choice: int = 0
    native: str | None = None
    sequence: str | None = None
    explanation: str | None = None
    extras: Extras | None = None


class Failed(msgspec.Struct, frozen=True):
    """The backend reported an error inside the stream; nothing follows."""

    fault: Fault


Event = (
    Started
    | BlockStarted
    | TextDelta
    | ReasoningDelta
    | RefusalDelta
    | ArgumentsDelta
    | StateAttached
    | CitationAdded
    | BlockEnded
    | PartAdded
    | UsageReported
    | Finished
    | Failed
)
