"""Has the bytes of backends taken down where the operator wants recordings, and says what is kept
of them: never a credential."""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from typing_extensions import override

from headgate import __version__
from headgate.filters.kept_bodies import kept_request
from headgate.filters.secret_shapes import mask, redact
from headgate.model.outcome import Outcome
from headgate.model.recorded import (
    AttemptLine,
    DeliveredLine,
    EndedLine,
    ExchangeLine,
    Headers,
    HeadLine,
    PieceLine,
    Recorded,
    RecordedAttempt,
)
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.recording import bounded_text
from headgate.pipeline.tape import Room, Tape, Track
from headgate.ports import Recordings
from headgate.wire import stream_file

MOST_HELD = 256 * 1024 * 1024
"""Bytes that all tapes of a worker may hold together; what comes beyond is only counted."""

FAILURES: frozenset[Outcome] = frozenset(
    ("empty", "truncated", "upstream_error", "timeout", "drained", "killed")
)

_SENT = re.compile(
    r"content-type|accept|accept-encoding|user-agent|anthropic-(version|beta)|openai-beta"
    r"|x-stainless-[a-z-]+"
)
_CAME = re.compile(
    r"content-type|date|server|via|retry-after(-ms)?|x-should-retry|(x|anthropic)-ratelimit-[a-z-]+"
    r"|(x-)?request-id|x-generation-id|cf-ray|openai-(model|processing-ms|version)"
)
_QUERY = frozenset(("alt", "api-version", "beta"))
_CREDENTIAL = re.compile(r"auth|key|token|secret|cookie|credential|password")
_LEAST_SECRET = 8
"""Shorter values of headers are words, not secrets."""


class Taping(Filter):
    """Puts a tape into each exchange that may be worth one, and keeps those that are."""

    def __init__(self, recordings: Recordings, most_held: int = MOST_HELD) -> None:
        self._recordings = recordings
        self._room = Room(most_held)

    @override
    def admit(self, exchange: Exchange) -> None:
        settings = exchange.snapshot.settings
        if settings.record != "off":
            exchange.tape = Tape(settings.most_recorded, self._room, lambda _: self._keep(exchange))

    @override
    def close(self, exchange: Exchange) -> None:
        if exchange.tape is not None and not is_wanted(exchange):
            exchange.tape.drop()

    def _keep(self, exchange: Exchange) -> None:
        tape = exchange.tape
        assert tape is not None, "only a tape calls this"

        def write() -> Iterable[bytes]:
            return stream_file.written(recorded(exchange, tape).lines())

        self._recordings.keep(exchange.id, write, tape.release)


def is_wanted(exchange: Exchange) -> bool:
    """Whether the operator wants the recording of this exchange, now that it is over."""
    if exchange.tape is None or not exchange.tape.tracks:
        return False
    if exchange.snapshot.settings.record == "all":
        return True
    ends = {exchange.outcome, *(attempt.outcome for attempt in exchange.attempts)}
    return not ends.isdisjoint(FAILURES)


def recorded(exchange: Exchange, tape: Tape) -> Recorded:
    """What is kept of an exchange that is over. Bodies of requests as far as the log would keep
    them, or everything is recorded."""
    keeps_bodies = exchange.recording is not None or exchange.snapshot.settings.record == "all"
    calls = [track.call.headers for track in tape.tracks if track.call is not None]
    secrets = list(_secrets((*exchange.headers.items(), *itertools.chain(*calls))))
    request = kept_request(exchange) if keeps_bodies else None
    attempts = {attempt.number: attempt for attempt in exchange.attempts}
    return Recorded(
        exchange=_exchange(exchange, None if request is None else _without(request, secrets)),
        attempts=tuple(
            _attempt(track, attempts[track.number], keeps_bodies, secrets) for track in tape.tracks
        ),
        delivered=DeliveredLine(
            status=exchange.status,
            outcome=exchange.outcome,
            bytes=tape.said_bytes,
            sha256=tape.said_digest.hexdigest(),
        ),
    )


def _exchange(exchange: Exchange, request: str | None) -> ExchangeLine:
    return ExchangeLine(
        id=exchange.id,
        at=exchange.created_at,
        version=__version__,
        endpoint=exchange.endpoint,
        dialect=exchange.dialect.name,
        model=exchange.envelope.model,
        stream=exchange.envelope.stream,
        include_usage=exchange.envelope.include_usage,
        copy_reasoning=exchange.user.copy_reasoning,
        policies=exchange.guard is not None,
        continues=exchange.recalled is not None,
        request=request,
        request_bytes=len(exchange.body),
    )


def _attempt(
    track: Track, attempt: Attempt, keeps_bodies: bool, secrets: list[bytes]
) -> RecordedAttempt:
    call = track.call
    body = call.body if call is not None and keeps_bodies else None
    asked = AttemptLine(
        number=track.number,
        at=attempt.at,
        backend=attempt.target.backend,
        vendor=track.vendor,
        dialect=track.dialect,
        model=attempt.target.model,
        gear="relayed" if track.relays else "translated",
        method=call.method if call else "POST",
        url=_address(call.url) if call else "",
        headers=_kept(call.headers if call else (), _SENT),
        body=_without(bounded_text(body, len(body)), secrets) if isinstance(body, bytes) else None,
        seeds=tuple(track.seeds),
    )
    head = _head(track)
    pieces, masked_bytes = _pieces(track, secrets)
    return RecordedAttempt(
        asked=asked, head=head, pieces=pieces, ended=_ended(track, attempt, pieces, masked_bytes)
    )


def _head(track: Track) -> HeadLine | None:
    answer = track.answer
    if answer is None:
        return None
    return HeadLine(
        at_us=_us(track, track.answered_at),
        status=answer.status,
        headers=_kept(answer.headers.items(), _CAME),
    )


def _pieces(track: Track, secrets: list[bytes]) -> tuple[tuple[PieceLine, ...], int]:
    """The pieces, cut where they were, and how many bytes stand in for secrets."""
    whole = b"".join(data for _, data in track.pieces)
    masked = _masked(whole, secrets)
    lines, begin = [], 0
    for at, data in track.pieces:
        piece, begin = masked[begin : begin + len(data)], begin + len(data)
        lines.append(_piece(_us(track, at), piece))
    if masked == whole:
        return tuple(lines), 0
    return tuple(lines), sum(a != b for a, b in zip(whole, masked, strict=True))


def _piece(at_us: int, data: bytes) -> PieceLine:
    try:
        return PieceLine(at_us=at_us, text=data.decode())
    except UnicodeDecodeError:
        return PieceLine(at_us=at_us, base64=data)


def _ended(
    track: Track, attempt: Attempt, pieces: tuple[PieceLine, ...], masked_bytes: int
) -> EndedLine:
    kept = b"".join(piece.data for piece in pieces)
    ended_at = track.ended_at or attempt.ended_at or track.asked_at
    return EndedLine(
        at_us=_us(track, ended_at),
        ending=track.ending,
        outcome=attempt.outcome,
        bytes=track.size,
        sha256=track.digest.hexdigest(),
        kept_bytes=len(kept),
        kept_sha256=hashlib.sha256(kept).hexdigest(),
        masked_bytes=masked_bytes,
        cut=track.cut,
        why=redact(track.why),
        sent=track.sent,
        timed_out=track.timed_out,
    )


def _us(track: Track, at: float) -> int:
    return max(0, round((at - track.asked_at) * 1e6))


def _address(url: str) -> str:
    """Without user, password and what a query may hold of them."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] in _QUERY])
    return redact(urlunsplit((parts.scheme, host, parts.path, query, "")))


def _kept(headers: Iterable[tuple[str, str]], names: re.Pattern[str]) -> Headers:
    return tuple(
        (name.lower(), redact(value)) for name, value in headers if names.fullmatch(name.lower())
    )


def _secrets(headers: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """What headers show that must be seen nowhere else."""
    for name, value in headers:
        if _CREDENTIAL.search(name.lower()):
            secret = value.strip().rpartition(" ")[2]
            if len(secret) >= _LEAST_SECRET:
                yield secret.encode("latin-1", "replace")


def _without(text: str, secrets: list[bytes]) -> str:
    for secret in secrets:
        text = text.replace(secret.decode("latin-1"), "*" * len(secret))
    return redact(text)


def _masked(data: bytes, secrets: list[bytes]) -> bytes:
    """`data` with stars in the place of secrets, so that nothing moves."""
    for secret in secrets:
        if secret in data:
            data = data.replace(secret, b"*" * len(secret))
    return mask(data)
