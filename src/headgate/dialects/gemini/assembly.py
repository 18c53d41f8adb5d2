"""Response objects to hub events: the meaning of a Gemini reply, streamed or whole."""

from datetime import datetime
from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.gemini.choice import ChoiceReader, Stream
from headgate.dialects.gemini.errors import fault_of
from headgate.dialects.gemini.usage import read_usage
from headgate.model import events as ev
from headgate.wire import json_text
from headgate.wire.json_fields import count, fields, objects, text

MOST_CHOICES = 128

_KNOWN = frozenset({"candidates", "promptFeedback", "usageMetadata", "responseId", "modelVersion"})


class Assembly:
    """Takes the response objects of one reply in order.

    Finish reasons are held until `end`: Gemini repeats them, and content may follow them.
    """

    def __init__(self, source: Source) -> None:
        self.failed = False
        self._stream = Stream(source)
        self._choices: dict[int, ChoiceReader] = {}
        self._started = False
        self._blocked: ev.Finished | None = None

    @property
    def finished(self) -> bool:
        """Every candidate has told why it ended, or the prompt was refused."""
        if self._blocked is not None:
            return True
        return bool(self._choices) and all(choice.native for choice in self._choices.values())

    def take(self, response: dict[str, Any]) -> list[ev.Event]:
        """The events in one response object; objects of no known kind have none."""
        if self.failed:
            return []
        if response.get("error"):
            self.failed = True
            self._stream.out.append(ev.Failed(fault_of(response)))
            return self._drain()
        if not self._started:
            if _KNOWN.isdisjoint(response):
                return []
            self._start(response)
        self._read(response)
        return self._drain()

    def end(self) -> list[ev.Event]:
        """Closes all blocks and tells the finish of those candidates that named one."""
        for choice in self._choices.values():
            choice.end()
        finishes = [choice.finish() for choice in self._choices.values() if choice.native]
        if self._blocked is not None and not finishes:
            finishes = [self._blocked]
        self._stream.out.extend(finishes)
        return self._drain()

    def _start(self, response: dict[str, Any]) -> None:
        self._started = True
        id_ = text(response, "responseId")
        self._stream.ids.seed(id_.encode("utf-8", "replace") or json_text.encode(response))
        created = _unix_seconds(text(response, "createTime"))
        self._stream.out.append(ev.Started(id_, text(response, "modelVersion"), created))

    def _read(self, response: dict[str, Any]) -> None:
        for position, candidate in enumerate(objects(response, "candidates")):
            index = count(candidate, "index")
            self._choice(position if index is None else index).take(candidate)
        feedback = fields(response, "promptFeedback")
        if text(feedback, "blockReason"):
            native = text(feedback, "blockReason")
            words = text(feedback, "blockReasonMessage") or None
            self._blocked = ev.Finished("filtered", native=native, explanation=words)
        metadata = response.get("usageMetadata")
        usage = read_usage(metadata) if isinstance(metadata, dict) else None
        if usage is not None:
            self._stream.out.append(ev.UsageReported(usage))

    def _choice(self, index: int) -> ChoiceReader:
        index = min(index, MOST_CHOICES - 1)
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = ChoiceReader(index, self._stream)
        return choice

    def _drain(self) -> list[ev.Event]:
        out, self._stream.out = self._stream.out, []
        return out


def _unix_seconds(created: str) -> int | None:
    try:
        return int(datetime.fromisoformat(created).timestamp()) if created else None
    except (ValueError, OverflowError):
        return None
