"""The reader of a backend's stream: chunks in, hub events out.

A finish is held until the end of the stream: servers are known to send more of a choice after
its ``finish_reason``, which the hub's grammar forbids.
"""

import itertools
from typing import Any

from headgate.dialects.chat.choice import ChoiceReader
from headgate.dialects.chat.citations import read_sources
from headgate.dialects.chat.errors import choice_error, is_error, read_inband
from headgate.dialects.chat.lenient import Json, count_in, object_in, objects_in, rest_of, text_in
from headgate.dialects.chat.usage import read_usage
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Citation
from headgate.wire import json_text, sse

MAX_CHOICES = 128
MAX_UNREADABLE = 3

CHUNK_FIELDS = ("id", "object", "created", "model", "choices", "usage", "obfuscation", "p")
"""A chunk's fields that are the hub's own or mean nothing (padding against eavesdroppers)."""


class StreamReader:
    """See `headgate.dialects.dialect.Reader`."""

    def __init__(self, source: Source) -> None:
        self.finished = False
        self.terminated = False
        self._source = source
        self._decoder = sse.Decoder()
        self._started = False
        self._over = False
        self._head: Json = {}
        self._seed = ""
        self._sources: tuple[Citation, ...] = ()
        self._unreadable = 0
        self._choices: dict[int, ChoiceReader] = {}
        self._next_key = itertools.count().__next__

    def feed(self, data: bytes) -> list[ev.Event]:
        """See `headgate.dialects.dialect.Reader.feed`."""
        out: list[ev.Event] = []
        if self._over:
            return out
        for frame in self._decoder.feed(data):
            self._frame(frame, out)
        return out

    def end(self) -> list[ev.Event]:
        """See `headgate.dialects.dialect.Reader.end`."""
        out: list[ev.Event] = []
        if self._over:
            return out
        for frame in self._decoder.end():
            self._frame(frame, out)
        if self.finished and not self._over:
            self._finish(out)
        return out

    def _frame(self, frame: sse.Frame, out: list[ev.Event]) -> None:
        if self._over:
            return
        if frame.data.strip() == b"[DONE]":
            self.terminated = True
            self._finish(out)
            return
        chunk = json_text.object_or_none(frame.data)
        if chunk is not None and frame.event != "error":
            self._chunk(chunk, out)
        elif frame.event == "error":
            self._fail(chunk or frame.data.decode("utf-8", "replace"), out)
        elif frame.data.strip():
            self._unreadable += 1
            if self._unreadable >= MAX_UNREADABLE:
                raise StreamBroken(f"{MAX_UNREADABLE} events of the stream are no JSON objects")

    def _chunk(self, chunk: Json, out: list[ev.Event]) -> None:
        if ("error" in chunk or "choices" not in chunk) and is_error(chunk):
            self._fail(chunk, out)
            return
        if not self._started and not self._start(chunk, out):
            return
        if "citations" in chunk:
            self._sources = read_sources(chunk)
        for choice in objects_in(chunk.get("choices")):
            if not self._over:
                self._choice(choice, out)
        usage = chunk.get("usage") or object_in(chunk.get("x_groq")).get("usage")
        reported = read_usage(usage) if usage and not self._over else None
        if reported is not None:
            out.append(ev.UsageReported(reported))

    def _start(self, chunk: Json, out: list[ev.Event]) -> bool:
        """Begins the reply with its first chunk that says anything of it."""
        id_ = text_in(chunk.get("id"))
        if not chunk.get("choices") and not chunk.get("usage"):
            if "choices" not in chunk:
                return False
            if not id_:
                self._head.update(rest_of(chunk, CHUNK_FIELDS) or {})
                return False
        self._started = True
        self._seed = id_
        extras = {**self._head, **(rest_of(chunk, CHUNK_FIELDS) or {})}
        created = count_in(chunk.get("created"))
        model = text_in(chunk.get("model"))
        out.append(ev.Started(id_, model, created, {"chat": extras} if extras else None))
        return True

    def _choice(self, choice: Json, out: list[ev.Event]) -> None:
        if "error" in choice or choice.get("finish_reason") == "error":
            error = choice_error(choice)
            if error is not None:
                self._fail(error, out)
                return
        index = choice.get("index")
        reader = self._choices.get(index) if index.__class__ is int else self._choices.get(0)
        if reader is None:
            reader = self._open(count_in(index) or 0)
        if self._sources:
            reader.sources = self._sources
        reader.read(choice, out)
        if reader.finished and not self.finished:
            self.finished = all(other.finished for other in self._choices.values())

    def _open(self, index: int) -> ChoiceReader:
        if index in self._choices:
            return self._choices[index]
        if len(self._choices) >= MAX_CHOICES:
            raise StreamBroken(f"more than {MAX_CHOICES} choices in one reply")
        seed = f"{self._seed}:{index}"
        reader = ChoiceReader(self._source, index, seed, self._next_key)
        self._choices[index] = reader
        self.finished = False
        return reader

    def _finish(self, out: list[ev.Event]) -> None:
        """The end of a whole reply: everything is closed, then every choice finishes."""
        self._over = True
        if not self._started:
            return
        if not self._choices:
            self._open(0)
        for reader in self._choices.values():
            reader.close(out)
        out.extend(reader.settle() for reader in self._choices.values())
        self.finished = True

    def _fail(self, error: Any, out: list[ev.Event]) -> None:
        self._over = True
        out.append(ev.Failed(read_inband(error)))
