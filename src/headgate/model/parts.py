"""What a message is made of: the content parts of requests and replies.

A part says what every dialect can recognise. What one vendor alone has stands in ``extras``
(unknown fields beside known ones) or rides whole as `Vendor`, and is written back only into the
dialect that it came from. An ``extras`` key that is a dialect's name holds that dialect's own
bookkeeping (item ids and the like): of use to that dialect alone, and no loss elsewhere.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from headgate.model.state import OpaqueState

Extras = Mapping[str, Any]


class CacheMark(msgspec.Struct, frozen=True):
    """A prompt-cache breakpoint after this part (Anthropic ``cache_control`` and its like).

    ``native`` is the vendor's own object, so that its dialect gets it back unchanged.
    """

    ttl: str | None = None
    native: Extras | None = None


class Inline(msgspec.Struct, frozen=True):
    """Bytes carried in the body. ``data`` is base64 text; ``media_type`` an IANA type."""

    media_type: str
    data: str


class Url(msgspec.Struct, frozen=True):
    """Bytes that the vendor fetches itself."""

    url: str


class FileId(msgspec.Struct, frozen=True):
    """A file uploaded to the vendor whose dialect is ``dialect``."""

    id: str
    dialect: str


class PlainText(msgspec.Struct, frozen=True):
    """A document given as its text."""

    text: str


Source = Inline | Url | FileId | PlainText


class Citation(msgspec.Struct, frozen=True):
    """A claim's source. ``start``/``end`` are character offsets into the text that cites.

    ``native`` is the vendor's own object, ``dialect`` the dialect that it belongs to.
    """

    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    start: int | None = None
    end: int | None = None
    native: Extras | None = None
    dialect: str | None = None


class Text(msgspec.Struct, frozen=True):
    """Prose. ``logprobs`` is a list of OpenAI-shaped token entries."""

    text: str
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[Extras, ...] | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


class Refusal(msgspec.Struct, frozen=True):
    """The model's own words for why it will not answer."""

    text: str


class Reasoning(msgspec.Struct, frozen=True):
    """What the model thought. ``summary``: it is a summary, not the thought itself.

    ``state`` is what its vendor wants back; redacted or encrypted reasoning has empty ``text``.
    Several summary parts of one item are joined with a blank line in ``text``.
    """

    text: str = ""
    summary: bool = False
    state: OpaqueState | None = None
    extras: Extras | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """The model calls a tool of the caller.

    ``arguments`` is JSON text of an object (may be broken where the model broke it); for a
    ``custom`` tool it is the raw input. A signature bound to the call (Gemini) stands in an empty
    `Reasoning` part right before it.
    """

    id: str
    name: str
    arguments: str = "{}"
    custom: bool = False
    namespace: str | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


class Image(msgspec.Struct, frozen=True):
    """A picture. ``detail`` is OpenAI's ``auto | low | high | original``."""

    source: Source
    detail: str | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


class Document(msgspec.Struct, frozen=True):
    """A file to read. ``cite``: the answer shall cite it (Anthropic)."""

    source: Source
    title: str | None = None
    context: str | None = None
    cite: bool = False
    cache: CacheMark | None = None
    extras: Extras | None = None


class Audio(msgspec.Struct, frozen=True):
    """Sound in or out. ``data`` is base64; ``id`` names earlier output of the same vendor."""

    data: str = ""
    format: str | None = None
    id: str | None = None
    transcript: str | None = None
    extras: Extras | None = None


class Vendor(msgspec.Struct, frozen=True):
    """Something that only ``dialect`` can say (a server tool's block, a hosted call's item).

    ``payload`` is the vendor's own object, whole; other dialects list it as a loss or drop it.
    """

    dialect: str
    payload: Extras

    @property
    def kind(self) -> str:
        """What its vendor calls it: its type, or (Gemini) the one key that it has."""
        kind = self.payload.get("type") or next(iter(self.payload), self.dialect)
        return str(kind)[:80]


class ToolResult(msgspec.Struct, frozen=True):
    """What the caller's tool gave back for the call ``call_id``. ``name`` where it is known."""

    call_id: str
    parts: tuple["ResultPart", ...] = ()
    is_error: bool = False
    custom: bool = False
    name: str | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


ResultPart = Text | Image | Document | Audio | Vendor
Part = Text | Refusal | Reasoning | ToolCall | ToolResult | Image | Document | Audio | Vendor
Role = Literal["system", "developer", "user", "assistant", "tool"]
