"""Turns strangers away at the door: no task, no message, no exchange, no trunk.

Where a request would be an exchange, they take the way through the trunk as long as the request log
has a row for each of them. Beyond that nothing is left of a refusal but its answer and its
counting.
"""

import time
from collections.abc import Mapping

from headgate.dialects.dialect import CallerHalf, Dialect
from headgate.filters.metering import Metering
from headgate.filters.strangers import Strangers
from headgate.model.fault import Fault, Refused
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.identify import user_of
from headgate.pipeline.telling import JSON, id_headers
from headgate.server.door import Refusal
from headgate.server.header_text import header_lines

_ID = "req_THE-ID"
"""Stands for an id where an answer is prepared; no fault says it."""


class Early:
    """Asked for each head; decides as `identify` does, in the same time for every unknown key."""

    def __init__(self, gateway: Gateway, strangers: Strangers, metering: Metering) -> None:
        self._gateway = gateway
        self._strangers = strangers
        self._metering = metering
        self._prepared: dict[tuple[str, str], _Prepared] = {}

    def is_crowded(self, now: float) -> bool:
        """Whether a stranger would have no row at that monotonic time."""
        return not self._strangers.has_room(now)

    def counted_refusal(
        self, dialect: Dialect, headers: Mapping[str, str], now: float
    ) -> Refusal | None:
        """The answer to a stranger in the crowd, who is counted; None where the trunk decides."""
        refusal = self.refusal(dialect, headers)
        if refusal is not None:
            self._strangers.is_worth_a_row(now)  # it is not, and is counted as one without
            self._metering.stranger(dialect.name, time.monotonic() - now)
        return refusal

    def refusal(self, dialect: Dialect, headers: Mapping[str, str]) -> Refusal | None:
        """The answer to a stranger; None to all others."""
        gateway = self._gateway
        try:
            user = user_of(gateway.snapshot, headers, gateway.wall())
        except Refused:
            return None
        if not isinstance(user, Fault):
            return None
        which = (dialect.name, user.message)
        prepared = self._prepared.get(which)
        if prepared is None:
            assert dialect.caller is not None, f"{dialect.name} is spoken to backends only"
            prepared = self._prepared[which] = _Prepared(dialect.caller, user)
        return prepared.told(f"req_{gateway.mint()}".encode())


class _Prepared:
    """The answer of a fault in a dialect, but for the request's id."""

    def __init__(self, caller: CallerHalf, fault: Fault) -> None:
        headers = [(name.encode(), value.encode()) for name, value in (JSON, *id_headers(_ID))]
        self._status = fault.http_status
        self._lines = header_lines(headers).split(_ID.encode())
        self._body = caller.write_error(fault, _ID).split(_ID.encode())

    def told(self, request_id: bytes) -> Refusal:
        """The whole of it."""
        return Refusal(self._status, request_id.join(self._lines), request_id.join(self._body))
