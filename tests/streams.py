"""Streams as tests take them apart: cut into pieces, read as frames, folded into a reply."""

import random
from collections.abc import Iterable
from typing import Any

import msgspec

from headgate.model.events import Event
from headgate.model.reply import Fold, Reply


def pieces_of(data: bytes, size: int) -> list[bytes]:
    """`data` in pieces of `size` bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def any_pieces_of(data: bytes, most: int) -> list[bytes]:
    """`data` in pieces of 1 to `most` bytes, the same for the same length."""
    chance = random.Random(len(data))
    pieces, position = [], 0
    while position < len(data):
        step = chance.randint(1, most)
        pieces.append(data[position : position + step])
        position += step
    return pieces


def named_frames(stream: bytes) -> list[dict[str, Any]]:
    """The data of the events in a stream, each under the name that is its type."""
    decoded = []
    for frame in stream.split(b"\n\n")[:-1]:
        name, data = frame.split(b"\n")
        value = msgspec.json.decode(data.removeprefix(b"data: "))
        assert name.decode() == f"event: {value['type']}"
        decoded.append(value)
    return decoded


def fold(events: Iterable[Event]) -> Reply:
    """The reply that `events` make."""
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded.reply()
