"""Payloads to bytes on the wire: server-sent events with any line end, or a JSON array."""

from typing import Any

from headgate.mock.script import Newline
from headgate.wire import json_text

LINE_ENDS: dict[Newline, bytes] = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


def sse(payload: Any, named: bool, newline: bytes) -> bytes:
    """One event. A string is its data as it is; ``{"event", "data"}`` names it; ``{"raw"}`` are
    the bytes themselves. `named`: the payload's ``type`` is the event's name."""
    if isinstance(payload, dict):
        if payload.keys() == {"raw"} and isinstance(payload["raw"], str):
            return _bytes(payload["raw"])
        if payload.keys() == {"event", "data"}:
            return _event(_name(payload["event"]), _data(payload["data"]), newline)
        if named:
            return _event(_name(payload.get("type")), _data(payload), newline)
    return _event(b"", _data(payload), newline)


def array_item(payload: Any, number: int) -> bytes:
    """One item of a JSON array that is sent bit by bit; item 0 opens it."""
    return (b",\r\n" if number else b"[") + json_text.encode(payload)


def array_end(length: int) -> bytes:
    """The end of an array of `length` items."""
    return b"]" if length else b"[]"


def _event(name: bytes, data: bytes, newline: bytes) -> bytes:
    lines = [b"data: " + line for line in data.split(b"\n")]
    if name:
        lines.insert(0, b"event: " + name)
    return newline.join(lines) + newline + newline


def _data(value: Any) -> bytes:
    return _bytes(value) if isinstance(value, str) else json_text.encode(value)


def _name(value: Any) -> bytes:
    return (
        _bytes(value).replace(b"\n", b" ").replace(b"\r", b" ") if isinstance(value, str) else b""
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
