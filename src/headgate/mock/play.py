"""Deciding an answer: a script and a request become steps of bytes and an ending."""

import zlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from headgate.mock import chat, framing, gemini, messages, responses
from headgate.mock.lookup import split_words
from headgate.mock.script import DialectName, Script
from headgate.mock.voice import Failure, Payload, Said, Voice
from headgate.wire import json_text

VOICES: dict[DialectName, Voice] = {
    "chat": chat.VOICE,
    "messages": messages.VOICE,
    "responses": responses.VOICE,
    "gemini": gemini.VOICE,
}

PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    b"<body><h1>502 Bad Gateway</h1></body></html>\n"
)
"""What ``garbage: true`` sends: the page of a proxy in between."""

Framing = Literal["json", "sse", "array"]
Ending = Literal["clean", "reset", "stall"]

_NO_BODY = (204, 304)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request as far as it decides the answer. ``framing``: how the caller wants it.

    ``fixed`` is the answer of paths that do not generate (embeddings, token counts).
    """

    dialect: DialectName
    body: Payload
    model: str
    framing: Framing
    fixed: Payload | None = None


class Seed(msgspec.Struct, frozen=True):
    """What the world adds to an answer: an id and the time in Unix seconds."""

    id: str
    created: int


class Step(msgspec.Struct, frozen=True):
    """Wait, then send."""

    delay_ms: int
    data: bytes


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. ``ending``: end the body, reset the connection, or say nothing more."""

    status: int
    headers: tuple[tuple[str, str], ...]
    delay_headers_ms: int
    steps: tuple[Step, ...]
    ending: Ending


def plan(script: Script, ask: Ask, seed: Seed) -> Plan:
    """The answer that `script` gives to `ask`."""
    content = _content(script, ask, seed)
    frames, ending = _cut_short(script, content)
    if script.no_final_blank_line and content.framing == "sse" and frames:
        frames[-1] = frames[-1].removesuffix(framing.LINE_ENDS[script.newline])
    whole = content.framing == "json"
    steps = _paced(frames, 0 if whole else script.delay_first_ms, script.delay_ms)
    if script.gzip:
        steps = _compressed(steps, ending)
    if script.chunk_bytes:
        steps = _chopped(steps, script.chunk_bytes)
    headers = {"content-type": content.type, "x-request-id": seed.id, **_transport(script, content)}
    if whole and ending == "clean" and script.status not in _NO_BODY:
        headers["content-length"] = str(sum(len(step.data) for step in steps))
    return Plan(
        status=script.status,
        headers=_merged(headers, script.headers),
        delay_headers_ms=script.delay_headers_ms + (script.delay_first_ms if whole else 0),
        steps=tuple(steps),
        ending=ending,
    )


def error_plan(dialect: DialectName, failure: Failure) -> Plan:
    """A refusal of the mock's own."""
    body = json_text.encode(VOICES[dialect].error(failure))
    return json_plan(failure.status, body)


def json_plan(status: int, body: bytes) -> Plan:
    """A plain JSON answer."""
    headers = (("content-type", "application/json"), ("content-length", str(len(body))))
    return Plan(
        status=status,
        headers=headers,
        delay_headers_ms=0,
        steps=(Step(0, body),),
        ending="clean",
    )


class _Content(msgspec.Struct):
    framing: Framing
    type: str
    frames: list[bytes]
    error: bytes | None = None


def _content(script: Script, ask: Ask, seed: Seed) -> _Content:
    if script.status in _NO_BODY:
        return _Content("json", "application/json", [])
    if script.garbage is not False:
        page = PAGE if script.garbage is True else script.garbage.encode("utf-8", "surrogatepass")
        return _Content("json", "text/html; charset=utf-8", [page])
    whole = _whole(script, ask)
    if whole is not msgspec.UNSET:
        return _Content("json", "application/json", [json_text.encode(whole)])
    return _spoken(script, ask, seed)


def _whole(script: Script, ask: Ask) -> Any:
    """The JSON that needs no words of the dialect, or UNSET."""
    if script.json is not msgspec.UNSET:
        return script.json
    scripted = script.events is not None or script.text is not None
    failed = script.status >= 400 and not scripted
    if failed or (script.error_after is not None and ask.framing == "json"):
        status = script.status if failed else 500
        return _voice(script, ask).error(_failure(status))
    return msgspec.UNSET if ask.fixed is None else ask.fixed


def _spoken(script: Script, ask: Ask, seed: Seed) -> _Content:
    voice = _voice(script, ask)
    said = _said(script, ask, seed)
    payloads: list[Any] = list(voice.speak(said) if script.events is None else script.events)
    if ask.framing == "json":
        whole = json_text.encode(voice.fold(payloads, said))
        return _Content("json", "application/json", [whole])
    if script.no_terminator:
        payloads = [payload for payload in payloads if not voice.is_terminator(payload)]
    elif (last := voice.terminator(payloads, said)) is not None:
        payloads.append(last)
    error = voice.error(_failure(500, script.error_after or 0))
    if ask.framing == "array":
        return _array(payloads, error, script)
    newline = framing.LINE_ENDS[script.newline]
    frames = [framing.sse(payload, voice.named, newline) for payload in payloads]
    return _Content("sse", "text/event-stream", frames, framing.sse(error, voice.named, newline))


def _array(payloads: list[Any], error: Payload, script: Script) -> _Content:
    frames = [framing.array_item(payload, number) for number, payload in enumerate(payloads)]
    if not script.no_terminator:
        frames.append(framing.array_end(len(payloads)))
    failed = framing.array_item(error, script.error_after or 0)
    return _Content("array", "application/json", frames, failed)


def _voice(script: Script, ask: Ask) -> Voice:
    return VOICES[script.dialect or ask.dialect]


def _said(script: Script, ask: Ask, seed: Seed) -> Said:
    heard = VOICES[ask.dialect].hear(ask.body, ask.framing != "json")
    text = heard.text if script.text is None else script.text
    pieces = split_words(text) if isinstance(text, str) else tuple(text)
    return Said(
        id=seed.id,
        created=seed.created,
        model=ask.model,
        pieces=pieces,
        prompt_tokens=heard.prompt_tokens,
        usage=heard.wants_usage and not script.ignore_usage,
    )


def _failure(status: int, number: int = 0) -> Failure:
    return Failure(status=status, message="The script asked for this error.", number=number)


def _cut_short(script: Script, content: _Content) -> tuple[list[bytes], Ending]:
    """The frames up to the first fault. Faults at the same place: the error event goes out, and
    then the connection is reset rather than left open."""
    error_after = script.error_after if content.error is not None else None
    places = [script.disconnect_after, script.stall_after, error_after]
    first = min((place for place in places if place is not None), default=None)
    if first is None:
        return content.frames, "clean"
    frames = content.frames[:first]
    if content.error is not None and first == error_after:
        frames.append(content.error)
    if first == script.disconnect_after:
        return frames, "reset"
    return frames, "stall" if first == script.stall_after else "clean"


def _paced(frames: Sequence[bytes], first_ms: int, other_ms: int) -> list[Step]:
    if not frames:
        return [Step(first_ms, b"")] if first_ms else []
    return [Step(other_ms if number else first_ms, data) for number, data in enumerate(frames)]


def _compressed(steps: list[Step], ending: Ending) -> list[Step]:
    """Each step can be decoded as it arrives; only a clean ending has the gzip trailer."""
    stream = zlib.compressobj(wbits=31)
    packed = [
        Step(step.delay_ms, stream.compress(step.data) + stream.flush(zlib.Z_SYNC_FLUSH))
        for step in steps
    ]
    if ending == "clean":
        packed.append(Step(0, stream.flush(zlib.Z_FINISH)))
    return packed


def _chopped(steps: list[Step], size: int) -> list[Step]:
    """Pieces of `size` bytes; they straddle frames that no delay separates."""
    runs: list[tuple[int, bytearray]] = []
    for step in steps:
        if step.delay_ms or not runs:
            runs.append((step.delay_ms, bytearray()))
        runs[-1][1].extend(step.data)
    return [
        Step(0 if start else delay_ms, bytes(run[start : start + size]))
        for delay_ms, run in runs
        for start in range(0, len(run) or 1, size)
    ]


def _transport(script: Script, content: _Content) -> dict[str, str]:
    headers = {} if content.framing == "json" else {"cache-control": "no-cache"}
    return {**headers, "content-encoding": "gzip"} if script.gzip else headers


def _merged(
    ours: dict[str, str], theirs: dict[str, str | int | None]
) -> tuple[tuple[str, str], ...]:
    changed = {name.lower(): value for name, value in theirs.items()}
    kept = {**ours, **changed}
    return tuple((name, str(value)) for name, value in kept.items() if value is not None)
