"""Strangers who are turned away at the door, against those who come to the trunk."""

import asyncio
from typing import Any

import msgspec
import pytest

from headgate.filters.metering import Metering
from headgate.filters.request_log import RequestLog
from headgate.filters.strangers import BURST, Strangers
from headgate.metrics.meters import Meters
from headgate.model import key_format
from headgate.model.books import AttemptRow, ExchangeRow, Intent
from headgate.model.caller import User
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Snapshot
from headgate.policies.report import HOLD_BUCKETS_S
from headgate.server.asgi import Application
from headgate.server.early import Early
from headgate.server.interface import App
from headgate.server.limits import Limits
from headgate.server.state import State
from tests.pipeline.fakes import Scene, reply
from tests.pipeline.samples import asking
from tests.server.wire import Transport, make_protocol, read_answers

KEY = "key-of-alice-0"
MADE = key_format.make(bytes(40)).text
KEYS = {
    "none": b"",
    "another scheme": b"Authorization: Basic abc\r\n",
    "nobody's": b"Authorization: Bearer " + MADE.encode() + b"\r\n",
    "damaged": b"x-api-key: " + MADE[:-1].encode() + b"!\r\n",
    "of another form": b"x-api-key: sk-0123456789abcdef\r\n",
    "beyond ASCII": b"x-api-key: \xff\xfe\r\n",
}
PATHS = (
    b"/v1/chat/completions",
    b"/v1/messages",
    b"/v1/responses",
    b"/v1/embeddings",
    b"/v1/messages/count_tokens",
)
KEPT = (
    (b"GET", b"/v1/models"),
    (b"GET", b"/v1/models/fast"),
    (b"GET", b"/v1/responses/resp_1?stream=true"),
    (b"POST", b"/v1/responses/resp_1/cancel"),
    (b"DELETE", b"/v1/conversations/conv_1"),
    (b"POST", b"/v1/conversations"),
    (b"PUT", b"/v1/conversations/conv_1/items/a/b/c"),
)
"""What shows callers something without an exchange."""
BODY = b'{"model":"m"}'


class Rows:
    """Books that keep the rows of exchanges."""

    def __init__(self) -> None:
        self.rows: list[ExchangeRow] = []

    def intend(self, intent: Intent) -> None: ...
    def settle(self, row: AttemptRow) -> None: ...
    def close(self, row: ExchangeRow, attempt: AttemptRow | None = None) -> None:
        self.rows.append(row)


class Served:
    """A gateway behind a connection, whose log has room for strangers or is crowded by them;
    without `early` every request comes to an end of its own."""

    def __init__(self, crowded: bool, *plans: Any, early: bool = True) -> None:
        self.meters, self.books, strangers = Meters(HOLD_BUCKETS_S), Rows(), Strangers()
        metering = Metering(self.meters, lambda backend, model: True)
        self.scene = Scene(*plans, filters=[RequestLog(self.books, strangers), metering])
        gateway = self.scene.gateway
        alice = User(id="1", name="alice", backends=None)
        users = {digest(KEY): alice}
        gateway.snapshot = msgspec.structs.replace(gateway.snapshot, users=users, open=False)
        if crowded:
            now = asyncio.get_running_loop().time() + 3600.0  # no room grows until then
            while strangers.is_worth_a_row(now):
                pass
        self.state, self.transport = State(), Transport()
        door = Early(gateway, strangers, metering) if early else None
        app = Application(gateway, _no_admin, early=door)
        self.protocol = make_protocol(app, Limits(), self.state, app)
        self.protocol.connection_made(self.transport)

    async def hear(self, *pieces: bytes) -> bytes:
        """What is said to the pieces, before the next turn of the loop and after."""
        for piece in pieces:
            self.protocol.data_received(piece)
        while self.state.tasks:
            await asyncio.sleep(0)
        return self.transport.written

    def counted(self) -> dict[str, Any]:
        families = (self.meters.requests, self.meters.refusals)
        counts = {family.name: family.rows for family in families}
        observed = {labels: sum(row[:-1]) for labels, row in self.meters.duration.rows.items()}
        return {**counts, "observed": observed}


def _no_admin() -> App:
    raise AssertionError("nobody asks for it")


def request(
    path: bytes, key: bytes, version: bytes = b"1.1", lines: bytes = b"", method: bytes = b"POST"
) -> bytes:
    head = b"%b %b HTTP/%b\r\nHost: a\r\n%b%bContent-Length: %d\r\n\r\n"
    return head % (method, path, version, key, lines, len(BODY)) + BODY


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_the_door_says_and_counts_what_the_trunk_does(path: bytes, key: bytes) -> None:
    trunk, door = Served(False), Served(True)
    raw = request(path, key)
    said = await trunk.hear(raw, raw)
    assert [answer.status for answer in read_answers(said)] == [401, 401]
    door.protocol.data_received(raw + raw)
    assert not door.state.tasks
    assert door.transport.written == said
    assert trunk.counted() == door.counted()
    assert (len(trunk.books.rows), len(door.books.rows)) == (2, 0)


@pytest.mark.parametrize(("method", "path"), KEPT)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_who_asks_for_what_is_kept_is_turned_away_without_a_crowd(
    method: bytes, path: bytes, key: bytes
) -> None:
    by_asgi, door = Served(False, early=False), Served(False)
    raw = request(path, key, method=method)
    said = await by_asgi.hear(raw, raw)
    assert [answer.status for answer in read_answers(said)] == [401, 401]
    door.protocol.data_received(raw + raw)
    assert not door.state.tasks
    assert door.transport.written == said
    assert by_asgi.counted() == door.counted()


@pytest.mark.parametrize(
    "pieces",
    [
        (request(b"/v1/conversations", b"")[:-1],),
        (request(b"/v1/models", b"", b"1.0", method=b"GET"),),
        (request(PATHS[0], b"", b"1.0"),),
        (request(PATHS[0], b"", lines=b"Connection: close\r\n"),),
        (request(PATHS[0], b"")[:-1],),
        (request(PATHS[0], b"", lines=b"Expect: 100-continue\r\n")[: -len(BODY)],),
        (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",),
        (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",),
    ],
)
async def test_both_end_the_connection_in_the_same_cases(pieces: tuple[bytes, ...]) -> None:
    trunk, door = Served(False, early=False), Served(True)
    assert await trunk.hear(*pieces) == await door.hear(*pieces)
    assert trunk.transport.closed
    assert door.transport.closed


@pytest.mark.parametrize(
    "raw",
    [
        request(b"/v1/messages", b"x-api-key: a\r\nAuthorization: Bearer b\r\n"),
        request(b"/v1/nothing", b""),
        request(b"/v1/models", b""),
        request(b"/v1/models", b"", method=b"HEAD"),
        request(b"/v1/%6dodels", b"", method=b"GET"),
        request(b"/v1/modelsx", b"", method=b"GET"),
        request(b"/v1/responses", b"", method=b"GET"),
        request(b"/v1/conversations", b"x-api-key: a\r\nAuthorization: Bearer b\r\n"),
        b"GET /v1/messages HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_what_is_no_matter_of_the_key_is_told_as_ever(raw: bytes) -> None:
    trunk, door = Served(False, early=False), Served(True)
    door.protocol.data_received(raw)
    assert door.state.tasks
    assert await trunk.hear(raw) == await door.hear()


async def test_who_is_known_sees_the_models() -> None:
    served = Served(True)
    raw = request(b"/v1/models", b"x-api-key: %b\r\n" % KEY.encode(), method=b"GET")
    assert (await served.hear(raw)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_who_is_known_is_served_in_the_crowd() -> None:
    served = Served(True, reply())
    body = asking()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nx-api-key: %b\r\n"
    head = (head + b"Content-Length: %d\r\n\r\n") % (KEY.encode(), len(body))
    said = await served.hear(head + body)
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_open_gateway_turns_nobody_away() -> None:
    served = Served(True)
    served.scene.gateway.snapshot = msgspec.structs.replace(Snapshot(), open=True)
    served.protocol.data_received(request(PATHS[0], b""))
    assert served.state.tasks
    await served.hear()


async def test_the_first_have_their_rows_and_the_others_are_turned_away() -> None:
    served = Served(False)
    for _ in range(BURST + 50):
        served.protocol.data_received(request(PATHS[0], b""))
        while served.state.tasks:
            await asyncio.sleep(0)
    assert BURST <= len(served.books.rows) < BURST + 50
    [count] = served.meters.refusals.rows.values()
    assert count == [BURST + 50]
