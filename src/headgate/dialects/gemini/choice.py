"""One candidate of a Gemini reply as it arrives: its parts to blocks of the hub."""

from collections.abc import Iterator
from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.gemini import ending
from headgate.dialects.gemini.call_ids import CallIds
from headgate.dialects.gemini.citations import read_citations, shifted
from headgate.dialects.gemini.logprobs import read_logprobs
from headgate.dialects.gemini.partial_call import PartialCall
from headgate.model import events as ev
from headgate.model.custom_input import unwrap
from headgate.model.finish import settle
from headgate.model.media import inline
from headgate.model.parts import Audio, Citation, Document, Image, Inline, Part, Url, Vendor
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from headgate.wire.json_fields import fields, objects, text

MOST_TEXT = 512 * 1024
"""Characters kept to place citations in; the citations of a longer reply have no offsets."""

MOST_CITATIONS = 1_000

_NOTES = (
    "groundingMetadata",
    "urlContextMetadata",
    "citationMetadata",
    "safetyRatings",
    "avgLogprobs",
    "finishMessage",
)


class Stream:
    """What the candidates of one reply share: the events so far, block keys and call ids."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.ids = CallIds()
        self.out: list[ev.Event] = []
        self._next_key = 0

    def key(self) -> int:
        """A key that no block has had."""
        self._next_key += 1
        return self._next_key - 1


class ChoiceReader:
    """Parts of one candidate in, events out.

    A signature belongs to the part that carries it: on a thought it is that block's state, on
    anything else an empty reasoning block before it. A part of a signature alone waits until
    something follows, so that citations still find their text open.
    """

    def __init__(self, index: int, stream: Stream) -> None:
        self.native = ""
        self._index = index
        self._stream = stream
        self._text: int | None = None
        self._thought: int | None = None
        self._signature = ""
        self._call: PartialCall | None = None
        self._called = False
        self._notes: dict[str, Any] = {}
        self._words: list[str] = []
        self._length = 0
        self._block_start = 0
        self._cited: set[Citation] = set()

    def take(self, candidate: dict[str, Any]) -> None:
        """Takes what one response object says of this candidate."""
        content = candidate.get("content")
        if isinstance(content, dict):
            for part in objects(content, "parts"):
                self._part(part)
        if len(candidate) > 1:
            self._about(candidate)

    def end(self) -> None:
        """Closes what is open; nothing follows but the finish."""
        self._close_call()
        self._flush_signature()
        self._close_prose()

    def finish(self) -> ev.Finished:
        """The candidate's end, after `end`."""
        explanation = text(self._notes, "finishMessage") or None
        return ev.Finished(
            settle(ending.reason_of(self.native), self._called),
            self._index,
            self.native or None,
            explanation=explanation,
            extras=self._notes or None,
        )

    def _about(self, candidate: dict[str, Any]) -> None:
        self.native = ending.native_reason(candidate.get("finishReason")) or self.native
        for note in _NOTES:
            if candidate.get(note):
                self._notes[note] = candidate[note]
        if self._text is None:
            return
        logprobs = read_logprobs(candidate)
        if logprobs:
            self._stream.out.append(ev.TextDelta(self._text, "", logprobs))
        if candidate.get("groundingMetadata") or candidate.get("citationMetadata"):
            self._words = ["".join(self._words)]
            self._cite(self._text, read_citations(candidate, self._words[0]))

    def _cite(self, key: int, citations: Iterator[Citation]) -> None:
        for citation in citations:
            if len(self._cited) >= MOST_CITATIONS:
                return
            if citation not in self._cited:
                self._cited.add(citation)
                moved = shifted(citation, self._block_start)
                self._stream.out.append(ev.CitationAdded(key, moved))

    def _part(self, part: dict[str, Any]) -> None:
        signature = text(part, "thoughtSignature")
        words = part.get("text")
        call = part.get("functionCall")
        if isinstance(call, dict):
            self._add_text(text(part, "text"), "")
            self._add_call(call, signature)
        elif isinstance(words, str):
            if part.get("thought") is True:
                self._add_thought(words, signature)
            else:
                self._add_text(words, signature)
        elif part.keys() - {"thought", "thoughtSignature"}:
            self._add_whole(part, signature)
        elif signature:
            self._add_text("", signature)

    def _add_text(self, words: str, signature: str) -> None:
        if not words and not signature:
            return
        self._close_call()
        if signature:
            self._flush_signature()
            self._signature = signature
        if not words:
            return
        self._flush_signature()
        self._stream.out.append(ev.TextDelta(self._open_text(), words))
        self._length += len(words)
        if self._length <= MOST_TEXT:
            self._words.append(words)

    def _open_text(self) -> int:
        if self._text is None:
            self._close_prose()
            self._block_start = self._length
            self._text = self._start(ev.TextBlock())
        return self._text

    def _add_thought(self, words: str, signature: str) -> None:
        if not words and not signature:
            return
        self._close_call()
        if self._thought is None:
            self._flush_signature()
            self._close_prose()
            # The vendor calls them thought summaries; clients of Responses show no others.
            self._thought = self._start(ev.ReasoningBlock(summary=True))
        if words:
            self._stream.out.append(ev.ReasoningDelta(self._thought, words))
        if signature:
            self._stream.out.append(ev.StateAttached(self._thought, self._state(signature)))

    def _add_call(self, call: dict[str, Any], signature: str) -> None:
        name = text(call, "name")
        more = call.get("willContinue") is True
        if self._call and (not name or (name == self._call.name and "partialArgs" in call)):
            self._call.add(call)
        elif name:
            self._close_call()
            if self._called and self._stream.source.one_tool_call:
                return
            self._begin_call(call, name, signature)
        if not more:
            self._close_call()

    def _begin_call(self, call: dict[str, Any], name: str, signature: str) -> None:
        source = self._stream.source
        self._flush_signature()
        self._sign(signature)
        key = self._open_text() if name == source.schema_tool else self._start_call(call, name)
        self._call = PartialCall(key, name, call.get("args"))
        self._call.add(call)

    def _start_call(self, call: dict[str, Any], name: str) -> int:
        self._close_prose()
        self._called = True
        ref = self._stream.source.tools.get(name) or ToolRef(name)
        id_ = self._stream.ids.take(text(call, "id"))
        return self._start(ev.ToolCallBlock(id_, ref.name, ref.custom, ref.namespace))

    def _close_call(self) -> None:
        call, self._call = self._call, None
        if call is None:
            return
        out, source = self._stream.out, self._stream.source
        arguments = call.arguments
        if call.name == source.schema_tool:
            out.append(ev.TextDelta(call.key, arguments))
            return
        ref = source.tools.get(call.name)
        if ref is not None and ref.custom:
            arguments = unwrap(arguments)
        if arguments:
            out.append(ev.ArgumentsDelta(call.key, arguments))
        out.append(ev.BlockEnded(call.key))

    def _add_whole(self, part: dict[str, Any], signature: str) -> None:
        self._close_call()
        self._flush_signature()
        whole = _whole_part(part)
        if not isinstance(whole, Vendor):
            self._sign(signature)
        self._close_prose()
        self._stream.out.append(ev.PartAdded(whole, self._index))

    def _flush_signature(self) -> None:
        signature, self._signature = self._signature, ""
        self._sign(signature)

    def _sign(self, signature: str) -> None:
        """The state of what follows: an empty reasoning block."""
        if not signature:
            return
        self._close_prose()
        key = self._start(ev.ReasoningBlock())
        self._stream.out.append(ev.StateAttached(key, self._state(signature)))
        self._stream.out.append(ev.BlockEnded(key))

    def _state(self, signature: str) -> OpaqueState:
        return OpaqueState(self._stream.source.vendor, signature)

    def _start(self, block: ev.Block) -> int:
        key = self._stream.key()
        self._stream.out.append(ev.BlockStarted(key, block, self._index))
        return key

    def _close_prose(self) -> None:
        for key in (self._text, self._thought):
            if key is not None:
                self._stream.out.append(ev.BlockEnded(key))
        self._text = self._thought = None


def _whole_part(part: dict[str, Any]) -> Part:
    """A part that comes whole; what only Gemini can say (and a draft picture) stays as it is."""
    data = fields(part, "inlineData")
    media_type = text(data, "mimeType")
    if part.get("thought") is True:
        return Vendor("gemini", part)
    if media_type and isinstance(data.get("data"), str):
        if media_type.startswith("audio/"):
            return Audio(data["data"], media_type.removeprefix("audio/"))
        source = inline(media_type, data["data"])
        return _picture_or_file(source, source.media_type)
    file = fields(part, "fileData")
    if text(file, "fileUri"):
        return _picture_or_file(Url(text(file, "fileUri")), text(file, "mimeType"))
    return Vendor("gemini", part)


def _picture_or_file(source: Inline | Url, media_type: str) -> Part:
    return Image(source) if media_type.startswith("image/") else Document(source)
