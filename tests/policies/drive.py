"""What these tests stand on: chains, replies and their streams cut anywhere, and services that
answer as they are told."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st

from headgate.model import events as ev
from headgate.model.fault import Fault, Refused
from headgate.model.parts import Part, Reasoning, Refusal, Text, ToolCall
from headgate.model.reply import Choice, Reply, unfold
from headgate.model.request import Message, Request
from headgate.policies.chain import Chain, compile_chain
from headgate.policies.environment import Environment, HttpAnswer, HttpCall, ModelQuestion
from headgate.policies.occasion import Occasion
from headgate.policies.running import Running
from tests import grammar
from tests.streams import fold

T = TypeVar("T")
Entry = Mapping[str, Any]

OCCASION = Occasion(user="alice", model="fast", path="/v1/chat/completions", dialect="chat")


def run(work: Coroutine[Any, Any, T]) -> T:
    """`work` to its end, in a loop of its own."""
    return asyncio.run(work)


def opened(
    *entries: Entry, environment: Environment | None = None, occasion: Occasion = OCCASION
) -> Running:
    """The chain of `entries` at work. Without an environment, chains are compiled once."""
    if environment is None:
        written = msgspec.json.encode(entries)
        chain = _CHAINS.get(written) or compile_chain(entries, _STILL)
        _CHAINS[written] = chain
    else:
        chain = compile_chain(entries, environment)
    running = chain.opens(occasion)
    assert running is not None
    return running


_STILL = Environment()
_CHAINS: dict[bytes, Chain] = {}


def request(*texts: str, **changes: Any) -> Request:
    """A request of user messages."""
    messages = tuple(Message("user", (Text(text),)) for text in texts)
    given = Request(dialect="chat", model="fast", messages=messages)
    return msgspec.structs.replace(given, **changes)


def said(request: Request) -> list[str]:
    """The texts of a request's messages."""
    return [part.text for m in request.messages for part in m.parts if isinstance(part, Text)]


def reply(*parts: Part, reason: str = "end") -> Reply:
    """A whole reply of one choice."""
    return replies(parts, reason=reason)


def replies(*choices: Sequence[Part], reason: str = "end") -> Reply:
    """A whole reply of several choices."""
    made = []
    for index, parts in enumerate(choices):
        called = any(isinstance(part, ToolCall) for part in parts)
        finish: Any = "tools" if called else reason
        made.append(Choice(index, tuple(parts), ev.Finished(finish, index)))
    return Reply("r", "m", 1, tuple(made))


def texts(reply: Reply) -> list[str]:
    """The texts of a reply."""
    return [p.text for c in reply.choices for p in c.parts if isinstance(p, Text)]


async def whole(running: Running, given: Reply) -> Reply | Fault:
    """A JSON reply through a chain that has seen an empty request."""
    await running.request(request())
    try:
        return await running.reply(given)
    except Refused as refusal:
        return refusal.fault


class Streamed(msgspec.Struct):
    """What a caller got of a stream."""

    events: list[ev.Event]
    fault: Fault | None

    @property
    def reply(self) -> Reply:
        """The reply that the events make."""
        return fold(self.events)

    @property
    def result(self) -> Reply | Fault:
        """What `whole` would give."""
        return self.fault or self.reply

    @property
    def text(self) -> str:
        """All prose, reasoning and refusals."""
        deltas = (ev.TextDelta, ev.ReasoningDelta, ev.RefusalDelta)
        return "".join(event.text for event in self.events if isinstance(event, deltas))


async def stream(running: Running, events: Iterable[ev.Event]) -> Streamed:
    """A stream through a chain that has seen an empty request. Checks the grammar."""
    await running.request(request())
    return await pour(running, events)


async def pour(running: Running, events: Iterable[ev.Event]) -> Streamed:
    """A stream through a chain whose request is done."""
    out: list[ev.Event] = []
    for event in events:
        out += running.feed(event, 0.0)
        while running.waiting:
            out += await running.step()
    out += running.flush(0.0)
    while running.waiting:
        out += await running.step()
    grammar.check(out)
    return Streamed(out, running.blocked)


def cut(events: Iterable[ev.Event], seed: int) -> list[ev.Event]:
    """The same stream with every delta cut somewhere else."""
    chance = random.Random(seed)
    most = chance.choice((1, 2, 5, 20))
    out: list[ev.Event] = []
    for event in events:
        if not isinstance(
            event, ev.TextDelta | ev.ReasoningDelta | ev.RefusalDelta | ev.ArgumentsDelta
        ):
            out.append(event)
            continue
        rest = event.text
        while rest:
            size = chance.randint(1, most)
            out.append(type(event)(event.key, rest[:size]))
            rest = rest[size:]
    return out


def shuffled(events: Iterable[ev.Event], seed: int) -> list[ev.Event]:
    """The same stream with its choices interleaved."""
    chance = random.Random(seed)
    head: list[ev.Event] = []
    lanes: dict[int, list[ev.Event]] = {}
    tail: list[ev.Event] = []
    choice_of: dict[int, int] = {}
    for event in events:
        if isinstance(event, ev.BlockStarted):
            choice_of[event.key] = event.choice
        key = getattr(event, "key", None)
        choice = getattr(event, "choice", None) if key is None else choice_of[key]
        if isinstance(event, ev.Started):
            head.append(event)
        elif choice is None:
            tail.append(event)
        else:
            lanes.setdefault(choice, []).append(event)
    rows = [list(reversed(lane)) for lane in lanes.values()]
    while rows := [row for row in rows if row]:
        head.append(chance.choice(rows).pop())
    return head + tail


def streams_of(given: Reply, seed: int) -> list[ev.Event]:
    """The events of a reply, cut and interleaved by chance."""
    return shuffled(cut(unfold(given), seed), seed)


PIECES = (
    "john.doe@example.com",
    "4111 1111 1111 1111",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 00",
    "+49 170 1234567",
    "(212) 555-0123",
    "10.0.0.1",
    "2001:db8::1",
    "sk-abcdefghijklmnop1234",
    "-----BEGIN PRIVATE KEY-----\nabc=\n-----END PRIVATE KEY-----",
    "eyJhbGciOiJ.eyJzdWIiOi.x",
    "forbidden",
    "for",
    "bidden word",
    "gun",
    "Rifle",
    "das ist nicht die und der",
    "the of and to in is",
    "[EMAIL_1]",
    '{"name": "x"}',
    "@",
    ".",
    " ",
    "\n",
    "é",
    "日本",
    "😀",
    "a",
    "1",
    "-",
)
TEXTS = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(codec="utf-8"), max_size=8), max_size=8
).map("".join)
ARGUMENTS = st.dictionaries(st.sampled_from(("a", "b@c.org", "n")), TEXTS, max_size=3).map(
    lambda value: msgspec.json.encode(value).decode()
)
NAMES = st.sampled_from(("ls", "rm", "rmdir", "get_weather"))


def _numbered(parts: Sequence[Part]) -> list[Part]:
    return [
        msgspec.structs.replace(part, id=f"call_{number}") if isinstance(part, ToolCall) else part
        for number, part in enumerate(parts)
    ]


PARTS = st.lists(
    st.one_of(
        TEXTS.map(Text),
        TEXTS.map(Refusal),
        TEXTS.map(Reasoning),
        st.builds(ToolCall, st.just(""), NAMES, ARGUMENTS),
    ),
    max_size=4,
).map(_numbered)
REPLIES = st.lists(PARTS, min_size=1, max_size=2).map(lambda choices: replies(*choices))


class Service:
    """A service that answers by a function of the question; keeps what it was asked."""

    def __init__(self, answer: Callable[[Any], Any], status: int = 200) -> None:
        self._answer = answer
        self.status = status
        self.calls: list[HttpCall] = []

    async def post(self, call: HttpCall) -> HttpAnswer:
        """See `Environment.post`."""
        self.calls.append(call)
        answer = self._answer(msgspec.json.decode(call.body))
        if isinstance(answer, Awaitable):
            answer = await answer
        body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        return HttpAnswer(self.status, body)


class Model:
    """A model that answers by a function of the text that it is to judge."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self.questions: list[ModelQuestion] = []

    async def ask(self, question: ModelQuestion) -> str:
        """See `Environment.ask_model`."""
        self.questions.append(question)
        return self._answer(question.text)
