"""Copies ``reasoning`` to ``reasoning_content`` for chat clients that know only the latter.

Some servers call it the one, some clients the other. Where ``reasoning`` is text and
``reasoning_content`` is absent it is copied; nothing is overwritten or removed, and what needs no
copy keeps its bytes.
"""

import re
from typing import Any, Literal

import msgspec

from headgate.model.fault import Fault
from headgate.pipeline.gears import Gear
from headgate.wire import json_fields, json_text, sse

Place = Literal["delta", "message"]
"""Where a choice holds what was said: in a chunk, or in a whole reply."""

_MARK = b'"reasoning"'
_FRAME = re.compile(rb".*?(?>\r\n|\n|\r)(?>\r\n|\n|\r)", re.DOTALL)
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")

_Fields = dict[str, msgspec.Raw]
_decode_fields = msgspec.json.Decoder(_Fields).decode
_decode_choices = msgspec.json.Decoder(list[_Fields]).decode
_encode = msgspec.json.Encoder().encode


class ReasoningCopied:
    """A gear whose stream is passed on with the copies."""

    def __init__(self, gear: Gear) -> None:
        self._gear = gear
        self.facts = gear.facts
        self.losses = gear.losses

    def feed(self, data: bytes) -> bytes:
        """See `Gear.feed`."""
        return copy_in_frames(self._gear.feed(data))

    def end(self) -> bytes:
        """See `Gear.end`."""
        return copy_in_frames(self._gear.end())

    def close(self) -> bytes:
        """See `Gear.close`."""
        return copy_in_frames(self._gear.close())

    def fail(self, fault: Fault) -> bytes:
        """See `Gear.fail`."""
        return self._gear.fail(fault)


def copy_in_frames(frames: bytes) -> bytes:
    """Whole `frames` of a stream with the copies in their chunks."""
    if _MARK not in frames:
        return frames
    return _FRAME.sub(lambda match: _copy_in_frame(match.group()), frames)


def copy_in_reply(body: bytes) -> bytes:
    """A whole reply with the copies in its messages."""
    return _copied(body, "message") if _MARK in body else body


def _copy_in_frame(frame: bytes) -> bytes:
    if _MARK not in frame:
        return frame
    parsed = sse.parse(frame.removeprefix(sse.BOM))
    data = parsed[0].data if parsed else b""
    copied = _copied(data, "delta")
    return frame if copied is data else _with_data(frame, copied)


def _with_data(frame: bytes, data: bytes) -> bytes:
    """The frame with `data` in the place of its data lines; its other lines are kept."""
    out: list[bytes] = []
    pending: bytes | None = data
    for line in _LINE.findall(frame):
        if not line.removeprefix(sse.BOM).startswith(b"data:"):
            out.append(line)
        elif pending is not None:
            end = line[len(line.rstrip(b"\r\n")) :]
            out.append(b"data: " + pending + end)
            pending = None
    return b"".join(out)


def _copied(data: bytes, place: Place) -> bytes:
    """The JSON object `data` with the copies; itself where there is nothing to copy."""
    try:
        chunk = _decode_fields(data)
        choices = _decode_choices(chunk["choices"])
        changed = [_copy_in_choice(choice, place) for choice in choices]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return _copied_halves(data, place)
    if not any(changed):
        return data
    chunk["choices"] = msgspec.Raw(_encode(choices))
    return _encode(chunk)


def _copied_halves(data: bytes, place: Place) -> bytes:
    """The same for JSON with halves of surrogate pairs, which tokenizers split over deltas."""
    chunk = json_text.object_or_none(data) if b"\\u" in data else None
    changed = False
    for choice in json_fields.objects(chunk or {}, "choices"):
        said = json_fields.fields(choice, place)
        if isinstance(said.get("reasoning"), str) and "reasoning_content" not in said:
            said["reasoning_content"] = said["reasoning"]
            changed = True
    return json_text.encode(chunk) if changed else data


def _copy_in_choice(choice: dict[str, Any], place: Place) -> bool:
    if place not in choice:
        return False
    said = _decode_fields(choice[place])
    reasoning = said.get("reasoning")
    if reasoning is None or "reasoning_content" in said:
        return False
    if not bytes(reasoning).lstrip().startswith(b'"'):
        return False
    said["reasoning_content"] = reasoning
    choice[place] = msgspec.Raw(_encode(said))
    return True
