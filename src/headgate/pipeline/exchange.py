"""One request from a caller and everything noted about it until its row is written."""

from dataclasses import dataclass, field

from headgate.dialects.dialect import CallerHalf, Dialect, Envelope, Ties
from headgate.dialects.facts import Facts
from headgate.dialects.responses import stored
from headgate.model.caller import ANYBODY, User
from headgate.model.fault import Fault
from headgate.model.limits import Reservation
from headgate.model.outcome import Outcome
from headgate.model.price import Cost
from headgate.model.request import Request
from headgate.model.usage import Bill
from headgate.pipeline.guard import Guard
from headgate.pipeline.keeping import Keeping, Origin
from headgate.pipeline.recalled import Recalled
from headgate.pipeline.recording import Recording
from headgate.pipeline.sessions import session_of
from headgate.pipeline.snapshot import Snapshot
from headgate.pipeline.tape import Tape
from headgate.pipeline.upload import Upload
from headgate.routing.target import Route, Target

_UNREAD = Envelope(model="")


@dataclass(slots=True)
class Attempt:
    """One try at one target. Times are monotonic, in seconds; ``at`` is Unix time."""

    number: int
    target: Target
    at: float
    asked_at: float
    first_event_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome = "upstream_error"
    status: int | None = None
    fault: Fault | None = None
    facts: Facts = field(default_factory=Facts)
    bill: Bill | None = None
    cost: Cost | None = None


@dataclass(slots=True)
class Exchange:
    """The state of one exchange. Filled from top to bottom as the story in `run` goes on.

    ``peer`` is the address that the caller's connection comes from, where it is known.
    ``reservation`` is what was taken of the user's limits, ``headers_out`` what filters have to
    say with the answer. ``recording`` is there where what the caller gets is to be logged, ``tape``
    where what backends send is.
    ``guard`` is the policy chain at work, ``changed`` the request that it made of the caller's.
    ``upload`` is the form in place of a body; ``body`` holds its fields as JSON then.
    ``ties`` are in force where responses are kept: ``recalled`` is what the request was before its
    history came in front, ``origin`` what its response is kept with, ``keeping`` takes the answer.
    """

    id: str
    endpoint: str
    dialect: Dialect
    caller: CallerHalf
    snapshot: Snapshot
    headers: dict[str, str]
    created_at: float
    began: float
    peer: str | None = None
    user: User = ANYBODY
    body: bytes = b""
    envelope: Envelope = _UNREAD
    input_estimate: int = 1
    upload: Upload | None = None
    ties: Ties | None = None
    recalled: Recalled | None = None
    origin: Origin | None = None
    keeping: Keeping | None = None
    request: Request | None = None
    guard: Guard | None = None
    changed: Request | None = None
    route: Route | None = None
    attempts: list[Attempt] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    reservation: Reservation | None = None
    headers_out: tuple[tuple[str, str], ...] = ()
    recording: Recording | None = None
    tape: Tape | None = None
    status: int = 0
    outcome: Outcome = "refused"
    fault: Fault | None = None
    told_at: float | None = None
    ended: float = 0.0

    def estimate_input(self) -> None:
        """Notes ``input_estimate`` of what was read: prompt tokens, guessed from the size of the
        body where nothing better is known."""
        said = self.envelope.input_estimate
        self.input_estimate = max(1, len(self.body) // 4) if said is None else said

    @property
    def model(self) -> str:
        """The model's name that the request is routed by."""
        return self.envelope.model if self.changed is None else self.changed.model

    @property
    def thread(self) -> str | None:
        """The chain of stored responses that this belongs to; one that it begins has its id."""
        known = self.recalled.session if self.recalled else None
        return known or (self.id if self.origin else None)

    @property
    def session(self) -> str | None:
        """What ties the requests of one conversation together."""
        return session_of(self.headers, self.envelope, self.thread)

    def asks_by_id(self, backend: str) -> bool:
        """Whether the backend keeps what was said before, just as the caller knows it."""
        if self.recalled is None or self.recalled.backend != backend or self.guard is not None:
            return False
        return self.snapshot.backends[backend].quirks.keeps_responses

    def tied(self, data: bytes) -> bytes:
        """A piece of the answer that names what the request went on from. A backend that was asked
        by its id says so itself."""
        by_id = bool(self.attempts) and self.asks_by_id(self.attempts[-1].target.backend)
        if self.ties is None or by_id:
            return data
        return stored.tied(data, self.ties)

    @property
    def sent(self) -> bytes:
        """The body as the caller sent it."""
        return self.recalled.sent if self.recalled else self.body

    def full_request(self) -> Request:
        """The request in the hub's words, read once and only where it must be translated."""
        if self.request is None:
            self.request = self.caller.read_request(self.body)
        return self.request
