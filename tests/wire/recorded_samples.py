"""A recording of two attempts: one that reached nobody, one whose stream broke in a character."""

import hashlib

from headgate.model.recorded import (
    AttemptLine,
    DeliveredLine,
    EndedLine,
    ExchangeLine,
    HeadLine,
    PieceLine,
    Recorded,
    RecordedAttempt,
)
from headgate.wire import stream_file

FIRST = b'data: {"choices":[{"index":0,"delta":{"content":"Hel'
SECOND = b"l\xc3"
CAME = FIRST + SECOND
DIGEST = hashlib.sha256(CAME).hexdigest()

EXCHANGE = ExchangeLine(
    id="req_1",
    at=1_700_000_000.25,
    version="1",
    endpoint="/v1/chat/completions",
    dialect="chat",
    model="fast",
    stream=True,
)


def asked(number: int, name: str) -> AttemptLine:
    """What one backend was asked."""
    return AttemptLine(
        number=number, at=1_700_000_000.5, backend=name, vendor="openai", dialect="chat", model="m"
    )


BROKEN = RecordedAttempt(
    asked=asked(2, "two"),
    head=HeadLine(at_us=1_000, status=200, headers=(("content-type", "text/event-stream"),)),
    pieces=(PieceLine(at_us=2_000, text=FIRST.decode()), PieceLine(at_us=30_000, base64=SECOND)),
    ended=EndedLine(
        at_us=40_000,
        ending="broken",
        outcome="truncated",
        bytes=len(CAME),
        sha256=DIGEST,
        kept_bytes=len(CAME),
        kept_sha256=DIGEST,
        why="the connection was lost inside the answer",
    ),
)
UNREACHABLE = RecordedAttempt(
    asked=asked(1, "one"),
    ended=EndedLine(
        at_us=9,
        ending="unanswered",
        outcome="upstream_error",
        kept_sha256=hashlib.sha256().hexdigest(),
        sha256=hashlib.sha256().hexdigest(),
        why="refused",
    ),
)
RECORDED = Recorded(
    exchange=EXCHANGE,
    attempts=(UNREACHABLE, BROKEN),
    delivered=DeliveredLine(status=200, outcome="truncated", bytes=3, sha256="0" * 64),
)


def file_of(recorded: Recorded) -> bytes:
    """The recording as a file."""
    return b"".join(stream_file.written(recorded.lines()))


FILE = file_of(RECORDED)
