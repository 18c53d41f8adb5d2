"""A dialect as a record of functions: one half faces callers, the other backends.

``read_*`` is bytes to ours, ``write_*`` ours to bytes, ``open_*`` makes a small state machine for
one stream. All of it is synchronous and free of I/O, clock and chance; ids and times are
arguments. A dialect is built from the two halves and never names another dialect.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from headgate.dialects.destination import Destination, Quirks, Source
from headgate.dialects.facts import Facts
from headgate.model.events import Event
from headgate.model.fault import Fault
from headgate.model.reply import Reply
from headgate.model.request import Request, ToolRef
from headgate.wire.multipart import FormScanner

Headers = tuple[tuple[str, str], ...]


class Ties(msgspec.Struct, frozen=True, kw_only=True):
    """What ties a request to others, in a dialect whose servers keep what was said.

    ``store``: the response is to be kept. ``previous`` is the id of the response that it goes on
    from, ``conversation`` that of the conversation that it belongs to. ``background``: the caller
    does not wait for it.
    """

    store: bool = True
    previous: str | None = None
    conversation: str | None = None
    background: bool = False


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a request that are always needed, read without decoding the rest.

    ``stream``: an event stream is wanted. ``include_usage``: the caller asked for the usage
    event. ``max_tokens``, ``user`` and ``session`` are None where unsaid; ``session_hint`` is what
    comes nearest to a session where none is named. ``input_estimate``: the input's tokens where
    the body's size would tell them badly.
    """

    model: str
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    user: str | None = None
    session: str | None = None
    session_hint: str | None = None
    ties: Ties | None = None
    input_estimate: int | None = None


class WrittenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request in a backend's dialect.

    ``losses`` are the caller's field names that could not be carried. ``headers`` the dialect's
    own (versions, betas). The rest goes into the `Source` of the reader, see there.
    """

    body: bytes
    losses: tuple[str, ...] = ()
    headers: Headers = ()
    tools: Mapping[str, ToolRef] = {}
    schema_tool: str | None = None
    one_tool_call: bool = False


class Written(msgspec.Struct, frozen=True):
    """A reply in a caller's dialect and the names of what it could not carry."""

    body: bytes
    losses: tuple[str, ...] = ()


class ReplyContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a writer of replies must know.

    ``id_seed`` is 24 or more letters and digits, never the same, of which the writer makes its ids;
    ``created`` Unix seconds; ``model`` the name the caller asked for; ``request`` the caller's
    request (include_usage, tools and the echo in Responses); ``input_estimate`` stands in the
    opening usage of dialects that must state one before it is known. ``ties`` are those of the
    request where it was completed with what was said before.
    """

    id_seed: str
    created: int
    model: str
    request: Request
    input_estimate: int = 0
    ties: Ties | None = None


class Reader(Protocol):
    """Bytes of one backend stream to hub events, in the grammar of `headgate.model.events`.

    Nothing it is fed makes it raise anything but StreamBroken.
    """

    finished: bool
    """A finish reason was seen, or the dialect's own last word: the reply is whole."""
    terminated: bool
    """The dialect's terminator was seen: nothing of worth follows."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        ...

    def end(self) -> list[Event]:
        """At the end of the bytes: what was held back. Ends open blocks if the reply is whole."""
        ...


class Writer(Protocol):
    """Hub events to bytes of one stream to a caller. Cannot emit an order its dialect forbids."""

    losses: list[str]
    """Names of what could not be carried so far."""

    def write(self, event: Event) -> bytes:
        """The frames that say `event`; ``b""`` where it is held or has no words here.

        `Failed` is not written here: the trunk calls `fail`.
        """
        ...

    def end(self) -> bytes:
        """The rest of a whole reply and the terminator, once."""
        ...

    def fail(self, fault: Fault) -> bytes:
        """The error frames; no finish and no terminator; nothing follows."""
        ...


class Meter(Protocol):
    """Watches a stream that is relayed in its own dialect. Parses as little as it can."""

    facts: Facts

    def feed(self, data: bytes) -> bytes:
        """The whole frames of `data` to relay, as they came, up to and with the terminator.

        A frame that is not whole yet is held. The usage event that only we asked for is taken
        out. Raises StreamBroken where a frame exceeds its bound.
        """
        ...

    def end(self) -> bytes:
        """At the end of the bytes: the last frame if it was whole but for its blank line (which
        is added), else nothing."""
        ...


class CallerHalf(msgspec.Struct, frozen=True, kw_only=True):
    """How a dialect faces callers.

    ``read_envelope`` and ``read_request`` raise `Refused` with the field named in ``param``.
    ``write_error(fault, request_id)`` is the body of an error before the first byte.
    ``break_stream(fault, facts)`` are the error frames of a relayed stream, and
    ``close_stream(facts)`` the terminator that it lacked. ``keep_alive`` is a whole frame that
    means nothing.
    """

    read_envelope: Callable[[bytes], Envelope]
    read_request: Callable[[bytes], Request]
    write_reply: Callable[[Reply, ReplyContext], Written]
    write_error: Callable[[Fault, str], bytes]
    open_writer: Callable[[ReplyContext], Writer]
    break_stream: Callable[[Fault, Facts], bytes]
    close_stream: Callable[[Facts], bytes]
    keep_alive: bytes


def _as_they_are(headers: Headers, destination: Destination) -> Headers:
    return headers


class BackendHalf(msgspec.Struct, frozen=True, kw_only=True):
    """How a dialect faces backends.

    ``path(model, stream)`` is appended to the base URL (which ends before ``/v1``).
    ``readdress(body, envelope, destination)`` keeps every byte of a request in this dialect but
    the model's name and what the destination demands; ``relay_headers(headers, destination)`` are
    the caller's headers of this dialect as the destination takes them, ours added or taken out.
    ``write_request(request, destination)`` raises `Untranslatable`.
    ``read_reply(body, source)`` and ``read_facts(body)`` raise StreamBroken on what is no reply.
    ``read_error(status, body)`` never raises. ``open_meter(hide_usage)`` takes the usage event
    out that only we asked for.
    """

    path: Callable[[str, bool], str]
    readdress: Callable[[bytes, Envelope, Destination], bytes]
    write_request: Callable[[Request, Destination], WrittenRequest]
    read_reply: Callable[[bytes, Source], Reply]
    read_facts: Callable[[bytes], Facts]
    read_error: Callable[[int, bytes], Fault]
    open_reader: Callable[[Source], Reader]
    open_meter: Callable[[bool], Meter]
    relay_headers: Callable[[Headers, Destination], Headers] = _as_they_are


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What is different at an endpoint that does not converse: embeddings, speech, token counts.

    Backends that speak one of ``served_by`` serve it as it is; ``elsewhere(speaks, quirks)`` is the
    dialect whose endpoint does the same at others, where one does. ``told_in`` names the dialect in
    whose words errors and limits are told. ``read_form(scanner)`` is a form's fields as the JSON
    that says the same; None: it takes no forms. ``bytes_pass``: a reply may be something else than
    JSON (sound, text), ``bytes_are_text`` that its size then says how much text was generated.
    ``generates_text``: its replies hold text that policies would want to see. ``unread(body)`` is a
    field whose text is not to be had, if there is one. ``stand_in(body)`` is the answer where no
    backend has one.
    """

    served_by: tuple[str, ...]
    told_in: str = "chat"
    elsewhere: "Callable[[Sequence[str], Quirks], Dialect | None] | None" = None
    read_form: Callable[[FormScanner], bytes] | None = None
    bytes_pass: bool = False
    bytes_are_text: bool = False
    generates_text: bool = False
    unread: Callable[[bytes], str | None] | None = None
    stand_in: Callable[[bytes], bytes] | None = None


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One API shape. ``gemini`` has no caller half; ``endpoint`` is there where it is no
    conversation."""

    name: str
    backend: BackendHalf
    caller: CallerHalf | None = None
    endpoint: Endpoint | None = None

    @property
    def told_in(self) -> str:
        """The name of the dialect in whose words errors and limits are told."""
        return self.endpoint.told_in if self.endpoint else self.name
