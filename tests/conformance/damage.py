"""Recorded traffic, damaged: what careless and hostile peers make of a dialect."""

import copy
import random
import re
from collections.abc import Callable
from typing import Any

from headgate.wire import json_text

ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "x",
    "\ud83d",
    "\x00",
    "hg1.openai.e30",
    "[DONE]",
    0,
    1,
    -1,
    7,
    2**63,
    -(2**70),
    1.5,
    1e308,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"type": "x"},
    {"type": "text", "text": "t"},
    {"error": {"message": "m"}},
    "data:image/png;base64,AAAA",
    '{"a":1}',
    "{",
)
"""Values where others belong."""

Spot = tuple[Any, Any]
"""A container and the key or index of one value in it."""


def damaged_value(value: Any, chance: random.Random, times: int) -> Any:
    """A copy of `value` with `times` things wrong with it."""
    holder = [copy.deepcopy(value)]
    for _ in range(times):
        spots = list(_spots(holder))
        container, key = chance.choice(spots)
        chance.choice(_ACTS)(container, key, chance)
        if not holder:
            holder = [None]
    return holder[0]


def damaged_stream(sse: str, chance: random.Random, times: int) -> bytes:
    """A stream with frames and values damaged."""
    frames = [frame for frame in re.split(r"\r?\n\r?\n", sse) if frame.strip()]
    for _ in range(times):
        number = chance.randrange(len(frames))
        match chance.randrange(6):
            case 0:
                frames.insert(chance.randrange(len(frames) + 1), frames[number])
            case 1 if len(frames) > 1:
                del frames[number]
            case 2:
                other = chance.randrange(len(frames))
                frames[number], frames[other] = frames[other], frames[number]
            case _:
                frames[number] = _damaged_frame(frames[number], chance)
    return "".join(frame + "\n\n" for frame in frames).encode("utf-8", "surrogatepass")


def _damaged_frame(frame: str, chance: random.Random) -> str:
    name, mark, data = frame.partition("data:")
    value = json_text.object_or_none(data) if mark else None
    if value is None:
        return chance.choice(["data: {", ": nothing", "data:", "event: error\ndata: {}", frame])
    if chance.random() < 0.05:
        name = chance.choice(["", "event: error\n", "event: x\n"])
    damaged = json_text.encode(damaged_value(value, chance, chance.randint(1, 3)))
    return f"{name}data: {damaged.decode()}"


def _spots(value: Any) -> list[Spot]:
    found: list[Spot] = []
    pending = [value]
    while pending:
        container = pending.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], dict | list):
                pending.append(container[key])
    return found


def _replace(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = copy.deepcopy(chance.choice(ODD))


def _remove(container: Any, key: Any, chance: random.Random) -> None:
    del container[key]


def _repeat(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[chance.choice(["type", "id", "index", "text", "content"])] = container[key]


def _wrap(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = chance.choice([[container[key]], {"text": container[key]}])


_ACTS: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _replace,
    _replace,
    _remove,
    _repeat,
    _wrap,
)
