"""What one exchange of a soak is to be: chosen by its number alone, so that both ends know it."""

import json
import random
import re
from dataclasses import dataclass
from typing import Any

from tests.faults.caller import DIALECTS
from tests.faults.streams import FRAMES
from tests.faults.test_odd_answers import REPLIES

GOOD = ("well", "interim", "gzip", "shreds", "surplus", "hangs up", "tardy")
"""Answers that a caller gets whole, however they come."""
REFUSED = ("refuses", "nonsense", "half a head", "vanishes", "silent", "two framings")
"""Answers of which nothing can be told."""
BROKEN = ("ends early", "resets", "closes", "bad chunk", "stalls", "reports")
"""Answers that break off, somewhere."""
LATE = ("silent", "stalls")
"""Those that only time ends."""

STAYS = ("reads", "reads", "reads", "dawdles", "pipelines", "expects", "in chunks")
LEAVES = ("in the head", "in the body", "at once", "half closes", "in the answer", "resets")
STRANGE = ("junk key", "no HTTP", "bad framing")

_WORDS = 5
_OUTPUT = re.compile(rb'((?:completion_t|output_t)okens|candidatesTokenCount)":\s?2')
_TOTAL = re.compile(rb'(total_tokens|totalTokenCount)":\s?7')


@dataclass(frozen=True)
class Plan:
    """One exchange: who asks whom in which dialect, and what either does."""

    number: int
    caller: str
    backend: str
    stream: bool
    conduct: str
    habit: str
    redacted: bool
    framing: str
    size: int
    cut: int
    tokens: int

    @property
    def name(self) -> str:
        """What stands in the request and in its answer, and in no other."""
        return f"n{self.number}."

    @property
    def text(self) -> str:
        """What the backend says when it says all."""
        return f"{self.name}end{'x' * self.size}"

    @property
    def model(self) -> str:
        """Of a backend that is given little time, where all of that would pass."""
        return f"hasty-{self.backend}" if self.conduct in LATE else self.backend

    def body(self, padding: int = 0) -> bytes:
        """The request's body."""
        words = f"{self.name} Hello there {'y' * padding}"
        said: dict[str, Any] = {"model": self.model, "stream": self.stream}
        if self.caller == "responses":
            said |= {"input": words, "store": False}
        else:
            said["messages"] = [{"role": "user", "content": words}]
        if self.caller == "messages":
            said["max_tokens"] = 100
        return json.dumps(said).encode()

    def frames(self) -> list[bytes]:
        """The backend's whole stream."""
        return [self._filled(frame) for frame in FRAMES[self.backend]]

    def reply(self) -> bytes:
        """The backend's whole reply, where no stream was asked for."""
        return self._filled(json.dumps(REPLIES[self.backend]).encode())

    def _filled(self, data: bytes) -> bytes:
        rest = f"end{'x' * self.size}"
        for old, new in (("Hello", self.text), ("Hel", self.name), ("lo", rest)):
            data = data.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
        data = _OUTPUT.sub(rb'\1":%d' % self.tokens, data)
        return _TOTAL.sub(rb'\1":%d' % (_WORDS + self.tokens), data)


def plan_of(seed: int, number: int) -> Plan:
    """The plan of the exchange with that number."""
    chance = random.Random(f"{seed}:{number}")
    backend = chance.choice(("chat", "messages", "responses", "gemini"))
    conduct = chance.choice(
        chance.choices((GOOD, REFUSED, BROKEN, ("well",)), weights=(8, 2, 4, 6))[0]
    )
    return Plan(
        number=number,
        caller=chance.choice(DIALECTS),
        backend=backend,
        stream=chance.random() < 0.75,
        conduct=conduct,
        habit=chance.choice(chance.choices((STAYS, LEAVES, STRANGE), weights=(12, 6, 1))[0]),
        redacted=chance.random() < 0.3,
        framing=chance.choice(("chunked", "chunked", "chunked", "sized", "until closed")),
        size=chance.choice((0, 0, 0, 100, 3_000, 20_000, 100_000, 300_000)),
        cut=chance.randrange(1, len(FRAMES[backend])),
        tokens=chance.randrange(10, 99),
    )
