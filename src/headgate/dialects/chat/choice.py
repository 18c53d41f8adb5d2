"""One choice of a streamed reply: its deltas in, its blocks and parts out."""

from collections.abc import Callable
from typing import Any

import msgspec

from headgate.dialects.chat.assistant import read_sound
from headgate.dialects.chat.calls import Calls
from headgate.dialects.chat.citations import read_annotations
from headgate.dialects.chat.content import read_content
from headgate.dialects.chat.finish import read_finish
from headgate.dialects.chat.lenient import Json, object_in, objects_in, rest_of, text_in
from headgate.dialects.chat.reasoning import Detail, details_in, reasoning_text, state_of
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.media import read_url
from headgate.model.parts import Citation, Extras, Image, Reasoning, Refusal, Text

MAX_HELD = 64 * 1024 * 1024
"""Characters of sound or opaque state that are collected until they are whole."""

_PLAIN = frozenset(("content", "role", "refusal", "logprobs"))
_KNOWN = ("index", "delta", "message", "logprobs", "finish_reason")


class ChoiceReader:
    """Turns the deltas of one choice into events; at most one block of words is open at a time."""

    def __init__(self, source: Source, index: int, seed: str, next_key: Callable[[], int]) -> None:
        self._source = source
        self._index = index
        self._next_key = next_key
        self._calls = Calls(source, index, seed, next_key)
        self._key = -1
        self._open: ev.Block | None = None
        self._refused = False
        self._states: dict[tuple[str, int | None], tuple[Detail, list[str]]] = {}
        self._block_index: int | None = None
        self._plain = False
        """The open reasoning block's words came without entries."""
        self._aloud: list[str] = []
        """Words that came without entries, which entries may still repeat."""
        self._sound: Json = {}
        self._sound_pieces: dict[str, list[str]] = {"data": [], "transcript": []}
        self._held = 0
        self._last: Json | None = None
        self.sources: tuple[Citation, ...] = ()
        """The sources that the backend lists for the whole reply so far."""

    @property
    def finished(self) -> bool:
        """The backend named a reason why this choice ended."""
        return self._last is not None

    def read(self, choice: Json, out: list[ev.Event]) -> None:
        """One entry of a chunk's ``choices``."""
        delta = choice.get("delta")
        if delta is None:
            delta = choice.get("message")
        if isinstance(delta, dict) and delta:
            logprobs = choice.get("logprobs")
            tokens = _tokens(logprobs) if logprobs else None
            self._delta(delta, tokens, out)
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self._last = choice
            self.close(out)

    def close(self, out: list[ev.Event]) -> None:
        """Ends what is open: nothing follows in this choice, or a finish does."""
        if self.sources and isinstance(self._open, ev.TextBlock):
            self._cite(self.sources, out)
            self.sources = ()
        self._end_words(out)
        self._calls.close(out)
        if self._sound:
            joined = {field: "".join(held) for field, held in self._sound_pieces.items()}
            sound = read_sound({**self._sound, **joined})
            self._sound.clear()
            if sound is not None:
                out.append(ev.PartAdded(sound, self._index))

    def settle(self) -> ev.Finished:
        """The finish of a closed choice, also where the backend never named a reason."""
        last = {**(self._last or {}), "index": self._index}
        extras = rest_of(last, _KNOWN)
        own = {"chat": extras} if extras else None
        return read_finish(last, self._calls.called, self._refused, own)

    def _delta(self, delta: Json, tokens: tuple[Extras, ...] | None, out: list[ev.Event]) -> None:
        content = delta.get("content")
        rare = not delta.keys() <= _PLAIN
        if rare:
            self._reasoning(delta, out)
        if content.__class__ is str:
            if content or (tokens and isinstance(self._open, ev.TextBlock)):
                self._words(ev.TextBlock(), out)
                out.append(ev.TextDelta(self._key, content, tokens))
        elif content:
            self._parts(content, tokens, out)
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            self._refuse(refusal, out)
        if rare:
            self._rare(delta, out)

    def _words(self, block: ev.Block, out: list[ev.Event]) -> None:
        """Makes sure that a block of this kind is open."""
        if self._open == block:
            return
        self._end_words(out)
        self._key = self._next_key()
        self._open = block
        out.append(ev.BlockStarted(self._key, block, self._index))

    def _end_words(self, out: list[ev.Event]) -> None:
        if self._states:
            self._attach(out)
        if self._open is not None:
            out.append(ev.BlockEnded(self._key))
            self._open = None
        self._block_index = None
        self._plain = False

    def _refuse(self, words: str, out: list[ev.Event]) -> None:
        self._refused = True
        self._words(ev.RefusalBlock(), out)
        out.append(ev.RefusalDelta(self._key, words))

    def _parts(self, content: Any, tokens: tuple[Extras, ...] | None, out: list[ev.Event]) -> None:
        """Content that comes as a list of parts."""
        for part in read_content(content):
            match part:
                case Text(text=text) if text:
                    self._words(ev.TextBlock(), out)
                    out.append(ev.TextDelta(self._key, text, tokens))
                    tokens = None
                case Reasoning(text=text) if text:
                    self._words(ev.ReasoningBlock(), out)
                    out.append(ev.ReasoningDelta(self._key, text))
                case Refusal(text=text) if text:
                    self._refuse(text, out)
                case Text() | Reasoning() | Refusal():
                    pass
                case _:
                    self._end_words(out)
                    out.append(ev.PartAdded(part, self._index))

    def _reasoning(self, delta: Json, out: list[ev.Event]) -> None:
        details = details_in(delta)
        text = reasoning_text(delta)
        if not text and any(detail.opaque for detail in details) and self._repeated(details):
            self._seal(details, out)
            return
        for detail in details:
            self._detail(detail, out)
            text = text if not detail.text else ""
        if text:
            if not isinstance(self._open, ev.ReasoningBlock):
                self._words(ev.ReasoningBlock(), out)
            self._plain = not details
            if not details:
                self._hold(len(text))
                self._aloud.append(text)
            out.append(ev.ReasoningDelta(self._key, text))

    def _repeated(self, details: list[Detail]) -> bool:
        """Whether entries with state say nothing but what was said aloud before."""
        if self._plain:
            return True
        aloud = "".join(self._aloud)
        return all(detail.text in aloud for detail in details)

    def _seal(self, details: list[Detail], out: list[ev.Event]) -> None:
        """State of a block whose words came plainly: the entries repeat them, which is no news."""
        for detail in details:
            self._detail(msgspec.structs.replace(detail, text=""), out)
        self._end_words(out)

    def _detail(self, detail: Detail, out: list[ev.Event]) -> None:
        """An entry: its words open or go on with a block, its state waits for the block's end."""
        if detail.text:
            self._thought(detail, out)
            out.append(ev.ReasoningDelta(self._key, detail.text))
        if detail.opaque:
            self._hold(len(detail.opaque))
            held = self._states.setdefault((detail.kind, detail.index), (detail, []))
            held[1].append(detail.opaque)

    def _thought(self, detail: Detail, out: list[ev.Event]) -> None:
        """Makes sure that the block of an entry's words is open."""
        block = self._open
        going_on = isinstance(block, ev.ReasoningBlock) and block.summary == detail.summary
        if not going_on or self._block_index not in (None, detail.index):
            self._end_words(out)
            extras = {"chat": detail.extras} if detail.extras else None
            self._words(ev.ReasoningBlock(detail.summary, extras), out)
        self._block_index = detail.index

    def _attach(self, out: list[ev.Event]) -> None:
        """Gives held state to the open reasoning block, one each; the others get empty blocks."""
        joined = (
            msgspec.structs.replace(detail, opaque="".join(held))
            for detail, held in self._states.values()
        )
        states = [state_of(detail, self._source.vendor) for detail in joined]
        self._states.clear()
        for state in filter(None, states):
            if not isinstance(self._open, ev.ReasoningBlock):
                self._words(ev.ReasoningBlock(), out)
            out.append(ev.StateAttached(self._key, state))
            out.append(ev.BlockEnded(self._key))
            self._open = None

    def _rare(self, delta: Json, out: list[ev.Event]) -> None:
        if delta.get("annotations"):
            self._cite(read_annotations(delta["annotations"]), out)
        for entry in objects_in(delta.get("images")):
            url = object_in(entry.get("image_url")).get("url")
            if isinstance(url, str):
                self._end_words(out)
                out.append(ev.PartAdded(Image(read_url(url)), self._index))
        if delta.get("audio"):
            self._hear(object_in(delta["audio"]))
        calls = objects_in(delta.get("tool_calls"))
        legacy = object_in(delta.get("function_call"))
        if any(legacy.values()):
            calls.append({"index": -1, "function": legacy})
        if calls:
            self._end_words(out)
            for entry in calls:
                self._calls.read(entry, out)

    def _cite(self, citations: tuple[Citation, ...], out: list[ev.Event]) -> None:
        if citations:
            self._words(ev.TextBlock(), out)
            out.extend(ev.CitationAdded(self._key, citation) for citation in citations)

    def _hear(self, piece: Json) -> None:
        """Sound comes in pieces: its texts are joined, of other fields the last counts."""
        for field, value in piece.items():
            pieces = self._sound_pieces.get(field)
            if pieces is not None:
                self._hold(len(text_in(value)))
                pieces.append(text_in(value))
            if value is not None:
                self._sound[field] = value

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > MAX_HELD:
            raise StreamBroken(f"more than {MAX_HELD} characters of sound or state in one reply")


def _tokens(logprobs: Any) -> tuple[Extras, ...] | None:
    """The token entries of a chunk's ``logprobs``."""
    return tuple(objects_in(object_in(logprobs).get("content"))) or None
