"""Callers who keep to no rule either, and note what they were told."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.faults.caller import PATHS, Answer, Line, request
from tests.faults.streams import text_of
from tests.faults.told import LAST_WORDS, RESTARTING
from tests.faults.wild_plan import BROKEN, GOOD, LEAVES, REFUSED, Plan, plan_of

KEYS = ("key-of-alice-0123456789abcdef", "key-of-bob-0123456789abcdefgh")
_RESTARTING = RESTARTING.encode()
_PADDING = 200_000
_PAUSE_S = 0.02
_MOST_PIPELINED = 4

Kind = Literal["whole", "refused", "broken"]


@dataclass(frozen=True)
class Told:
    """How an exchange ended for a caller who stayed. ``id``: the gateway's."""

    kind: Kind
    id: str


class WildCallers:
    """Asks number after number until it is time to stop. ``told``: by number, what those were told
    who stayed; ``wrong``: what must not be. While the gateway is ``draining`` a request may be
    told that it comes too late, or not be heard, or its answer be broken off."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._seed = seed
        self._next = 1
        self._lock = threading.Lock()
        self.draining = False
        self.told: dict[int, Told] = {}
        self.wrong: list[tuple[Plan, object]] = []

    def run(self, threads: int, seconds: float) -> int:
        """How many were asked when it is over; counts from the first."""
        until = time.monotonic() + seconds
        callers = [threading.Thread(target=self._ask, args=(until,)) for _ in range(threads)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return self._next

    def _plans(self, count: int) -> list[Plan]:
        with self._lock:
            first = self._next
            self._next += count
        return [plan_of(self._seed, number) for number in range(first, first + count)]

    def _ask(self, until: float) -> None:
        # Another server may listen there once ours is gone.
        while time.monotonic() < until and not self.draining:
            try:
                (plan,) = self._plans(1)
                with Line(self._url, narrow=plan.number % 3 == 0) as line:
                    while self._one(line, plan) and time.monotonic() < until:
                        (plan,) = self._plans(1)
            except ConnectionError:
                if not self.draining:
                    raise
                return

    def _one(self, line: Line, plan: Plan) -> bool:
        """Whether the connection may go on."""
        try:
            return self._live(line, plan)
        except (AssertionError, ValueError, OSError) as error:
            if not (isinstance(error, ConnectionError) and self.draining):
                self.wrong.append((plan, error))
            return False

    def _live(self, line: Line, plan: Plan) -> bool:
        if plan.habit in LEAVES:
            with contextlib.suppress(OSError):
                _leave(line, plan)
            return False
        match plan.habit:
            case "junk key":
                line.send(_asked(plan, key="junk"))
                assert line.answer().status == 401
                return True
            case "no HTTP" | "bad framing":
                asked = b"nonsense\r\n\r\n" if plan.habit == "no HTTP" else _badly_framed(plan)
                line.send(asked)
                assert line.answer().status == 400
                return False
            case "pipelines":
                more = self._plans(plan.number % _MOST_PIPELINED)
                line.send(b"".join(_asked(one) for one in (plan, *more)))
                for one in (plan, *more):
                    self._hear(line, one)
            case "expects":
                head, _, body = _asked(plan, expect="100-continue").partition(b"\r\n\r\n")
                line.send(head + b"\r\n\r\n")
                assert line.head()[0] == 100
                line.send(body)
                self._hear(line, plan)
            case "in chunks":
                line.send(_in_chunks(plan))
                self._hear(line, plan)
            case _:
                line.send(_asked(plan))
                self._hear(line, plan)
        return True

    def _hear(self, line: Line, plan: Plan) -> None:
        line.chunks.clear()
        if plan.habit == "dawdles":
            time.sleep(_PAUSE_S)
        answer = line.answer()
        if self.draining and answer.ended == "broken":
            raise ConnectionError
        kind = kind_of(plan, answer)
        late = self.draining and _RESTARTING in answer.body
        assert kind in allowed(plan) or (late and kind != "whole"), (kind, answer)
        self.told[plan.number] = Told(kind, answer.id)


def allowed(plan: Plan) -> tuple[Kind, ...]:
    """How such an exchange may end for a caller who stays. A heartbeat may have opened the stream
    before an error is known."""
    if plan.conduct in GOOD:
        return ("whole",)
    assert plan.conduct in (*REFUSED, *BROKEN)
    return ("refused", "broken") if plan.stream else ("refused",)


def kind_of(plan: Plan, answer: Answer) -> Kind:
    """What this answer is; asserts that it is that one thing alone."""
    assert answer.ended == "clean"
    assert b"poison" not in answer.body
    if answer.status >= 400:
        assert answer.status != 500, answer
        assert answer.json["error"]["message"]
        return "refused"
    assert answer.status == 200, answer
    if answer.headers["content-type"] == "application/json":
        assert plan.name.encode() in answer.body
        return "whole"
    said, whole = text_of(plan.caller, answer.body), plan.text
    if plan.redacted:
        whole = whole.replace("end", "[GONE]")
    if answer.body.count(LAST_WORDS[plan.caller]):
        assert answer.body.count(LAST_WORDS[plan.caller]) == 1
        assert said == whole
        assert b'"error":{' not in answer.body
        return "whole"
    assert whole.startswith(said), said
    assert b'"error":{' in answer.body, answer
    return "broken"


def _asked(plan: Plan, padding: int = 0, key: str = "", **headers: str) -> bytes:
    key = key or KEYS[plan.number % len(KEYS)]
    if plan.redacted:
        headers["x-policy"] = "redact"
    return request(
        PATHS[plan.caller],
        plan.body(padding),
        authorization=f"Bearer {key}",
        x_session_id=plan.name,
        **headers,
    )


def _in_chunks(plan: Plan) -> bytes:
    return _rechunked(plan, lambda piece: b"%x\r\n%b\r\n" % (len(piece), piece))


def _badly_framed(plan: Plan) -> bytes:
    return _rechunked(plan, lambda piece: b"%x\r\n%bmore\r\n" % (len(piece), piece))


def _rechunked(plan: Plan, framed: Callable[[bytes], bytes]) -> bytes:
    head, _, body = _asked(plan).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"content-length")]
    lines += [b"transfer-encoding: chunked", b"", b""]
    pieces = (body[at : at + 50] for at in range(0, len(body), 50))
    return b"\r\n".join(lines) + b"".join(framed(piece) for piece in pieces) + b"0\r\n\r\n"


def _leave(line: Line, plan: Plan) -> None:
    """Leaves in the phase of the plan."""
    asked = _asked(plan, _PADDING if plan.habit == "in the body" else 0)
    head_end = asked.index(b"\r\n\r\n") + 4
    ends = {"in the head": head_end // 2, "in the body": len(asked) - 100}
    line.send(asked[: ends.get(plan.habit, len(asked))])
    match plan.habit:
        case "half closes":
            line.half_close()
            line.some()
        case "in the answer" | "resets":
            line.head()
            line.some()
            line.leave(reset=plan.habit == "resets")
        case _:
            line.leave(reset=plan.number % 2 == 0)
