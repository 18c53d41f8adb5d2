"""Replies that are no JSON: sound, pictures, subtitles. They pass piece by piece, unread."""

from typing import Literal

from headgate.dialects.dialect import Dialect
from headgate.dialects.facts import Facts
from headgate.model.fault import Fault
from headgate.pipeline.exchange import Exchange
from headgate.upstream.answer import Answer
from headgate.wire import sse

Kind = Literal["events", "bytes", "whole"]

_PAGES = ("text/html", "application/xhtml")


class Passed:
    """See `headgate.pipeline.gears.Gear`. Such a reply has no last word, and no way to say an error
    in its middle: it is whole where its bytes end cleanly, else the caller is cut off."""

    def __init__(self, is_text: bool) -> None:
        self.facts = Facts(ends_with_body=True)
        self.losses: list[str] = []
        self._is_text = is_text

    def feed(self, data: bytes) -> bytes:
        """See `Gear.feed`."""
        self.facts.events = 1 if data else self.facts.events
        if self._is_text:
            self.facts.output_bytes += len(data)
        return data

    def end(self) -> bytes:
        """See `Gear.end`."""
        return b""

    def close(self) -> bytes:
        """See `Gear.close`."""
        return b""

    def fail(self, fault: Fault) -> bytes:
        """See `Gear.fail`."""
        return b""


def note_bytes(exchange: Exchange, answer: Answer) -> None:
    """Keeps from the log what nobody can read."""
    kind = answer.headers.get("content-type", "")
    if exchange.recording is not None and not kind.startswith("text/"):
        exchange.recording.keep_size_only(kind)


def kind_of(dialect: Dialect, answer: Answer, head: bytes) -> Kind:
    """How the reply of an endpoint passes: as an event stream, as bytes, or whole as JSON."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream" and sse.looks_like_sse(head):
        return "events"
    passes = dialect.endpoint is not None and dialect.endpoint.bytes_pass
    if not passes or kind.endswith("json") or kind.startswith(_PAGES):
        return "whole"
    if not kind and head.lstrip()[:1] in (b"{", b"["):
        return "whole"
    return "bytes"
