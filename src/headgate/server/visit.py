"""One request of a known caller to what is kept for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from headgate.model.fault import Fault, Refused, expect_method
from headgate.model.stored import StoredResponse
from headgate.pipeline import passing
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.identify import Showing, identify
from headgate.ports import Downstream, ResponseMemory
from headgate.server.inference import peer_of, read_headers
from headgate.server.interface import Scope
from headgate.wire import json_text

_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Visit:
    """``owner`` is whose things are asked for, ``parts`` are the path's behind its family,
    ``at`` is Unix time."""

    gateway: Gateway
    memory: ResponseMemory
    downstream: Downstream
    owner: str
    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    at: float

    @property
    def id(self) -> str:
        """What is asked for."""
        return self.parts[0] if self.parts else ""

    async def tell(self, body: bytes) -> None:
        """Answers with JSON."""
        await self.downstream.respond(200, [_JSON, self._request_id()], body)

    async def settled(self, found: StoredResponse) -> StoredResponse:
        """The response, which has failed where nobody makes it any more."""
        return await self.gateway.runs.settled(self.memory, found, self.gateway.wall())

    async def latest(self, found: StoredResponse) -> StoredResponse | None:
        """The response as it stands now; None where it is gone."""
        again = await self.memory.get(self.owner, found.id)
        return None if again is None else await self.settled(again)

    async def start_stream(self) -> None:
        """Answers with an event stream, whose pieces follow."""
        headers = [(name.encode(), value.encode()) for name, value in passing.STREAM]
        await self.downstream.start(200, [*headers, self._request_id()])

    async def body(self) -> dict[str, Any]:
        """The JSON object that was sent; an empty one where nothing was. Raises Refused."""
        limit = self.gateway.snapshot.settings.max_body
        sent = await self.downstream.read_body(limit)
        value = json_text.object_or_none(sent) if sent.strip() else {}
        if value is None or json_text.depth_exceeds(sent):
            message = "The body must be a JSON object that does not nest too deeply."
            raise Refused(Fault(kind="invalid_request", message=message))
        return value

    def expect(self, *methods: str) -> None:
        """Raises Refused where the method is another."""
        expect_method(self.method, *methods)

    def _request_id(self) -> tuple[bytes, bytes]:
        return (b"x-request-id", f"req_{self.gateway.mint()}".encode())


def visit(gateway: Gateway, family: str, scope: Scope, downstream: Downstream) -> Visit:
    """The visit to what stands below the path `family`, which a key with ``paths`` must be for.
    Raises Refused where the caller is not known."""
    at = gateway.wall()
    headers = read_headers(scope["headers"])
    user = identify(gateway.snapshot, Showing(headers, family, peer_of(scope), at))
    gateway.key_uses.note(user.key.id, at)
    memory = gateway.memory
    if memory is None:
        raise nothing_here()
    rest = scope["raw_path"].decode("latin-1")[len(family) :].strip("/")
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return Visit(
        gateway=gateway,
        memory=memory,
        downstream=downstream,
        owner=user.id,
        method=scope["method"],
        parts=tuple(unquote(part) for part in rest.split("/")) if rest else (),
        query={name: values[-1] for name, values in query.items()},
        at=at,
    )


def nothing_here() -> Refused:
    """The refusal of a path that leads nowhere."""
    return Refused(Fault(kind="not_found", message="There is nothing at this path."))
