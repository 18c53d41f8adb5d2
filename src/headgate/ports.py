"""What the gateway asks of the world, as narrow protocols; `app` hands in who does it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from headgate.model.books import AttemptRow, ExchangeRow, Intent
from headgate.model.directory import (
    AdministratorRow,
    AdminTokenRow,
    AuditRow,
    BackendRow,
    Directory,
    KeyRow,
    ModelRow,
    Permission,
    PolicyRow,
    RewriteRow,
    SessionRow,
    UserRow,
)
from headgate.model.limits import Claim, Exceeded, Reservation, Subject
from headgate.model.price import Cost
from headgate.model.stored import Conversation, Kept, StoredResponse
from headgate.model.usage import Usage

Headers = list[tuple[bytes, bytes]]
"""Header fields as they are sent: lower-case names, visible ASCII values."""


class Books(Protocol):
    """Takes records at once, without waiting, and writes them later; loses none that it took.

    Every method is synchronous, so that a cancelled exchange cannot be split from its record.
    """

    def intend(self, intent: Intent) -> None:
        """Notes that an attempt is about to leave."""
        ...

    def settle(self, row: AttemptRow) -> None:
        """Notes how an attempt ended; idempotent by exchange and attempt."""
        ...

    def close(self, row: ExchangeRow, last: AttemptRow | None = None) -> None:
        """Notes how an exchange ended, and with it how its `last` attempt did, where that is not
        settled yet: both or neither. Said again, it replaces what was said."""
        ...


class Recordings(Protocol):
    """Keeps recordings of exchanges, as many as there is room for."""

    def keep(
        self, exchange_id: str, write: Callable[[], Iterable[bytes]], done: Callable[[], None]
    ) -> None:
        """Takes a recording without waiting. `write` gives its bytes, later and in another thread;
        `done` is called here when that is over, or the recording was not taken."""
        ...


class Spending(Protocol):
    """What callers have spent, as the books know it."""

    async def spent(self, subject: Subject, since: float, until: float) -> float:
        """US dollars that the exchanges of the user or key cost which began at `since` or later
        and before `until` (Unix seconds). Raises StoreUnreachable."""
        ...


class Limiter(Protocol):
    """Counts what callers use against their limits, in this process or for many.

    Every reservation is settled exactly once, whatever became of its exchange. Settling cannot
    await, so that no cancellation comes between; an engine elsewhere sends what is settled later.
    """

    async def reserve(self, claim: Claim) -> Reservation | Exceeded:
        """Takes what is claimed, all of it or, where some limit stands against it, nothing;
        nothing too where the wait for the answer is cancelled."""
        ...

    def hold(self, reservation: Reservation, cost_usd: float) -> Exceeded | None:
        """Keeps so much of the budget for the exchange, once it is known what it may cost."""
        ...

    def settle(self, reservation: Reservation, tokens: int, cost_usd: float) -> None:
        """The exchange is over and used this: the rest goes back, what it used more is owed."""
        ...


class Prices(Protocol):
    """What vendors charge, by a public list."""

    def warm(self, vendor: str) -> None:
        """Prices of the vendor's will be asked for soon: gets the list ready, without waiting."""
        ...

    def cost(self, vendor: str, model: str, usage: Usage, at: float) -> Cost | None:
        """What `usage` cost at the Unix time `at`; None where no price is known. Never raises."""
        ...


class CallerLeft(Exception):  # noqa: N818 - named for the fact
    """The caller closed the connection; nothing can be said any more."""


class PushedBody(Protocol):
    """The body of an answer, as one that takes pieces without waiting."""

    def push(self, piece: bytes) -> bool:
        """Sends a piece at once. False: the caller does not keep up, wait for `room` before the
        next. What is sent to one who is gone goes nowhere."""
        ...

    async def room(self) -> None:
        """Waits until the caller keeps up, or is gone."""
        ...


class Downstream(Protocol):
    """The caller's end of an exchange. Writes raise CallerLeft once the caller is gone."""

    started: bool
    """The status line is out."""

    @property
    def unsent(self) -> int:
        """Bytes of the answer that the caller has not taken yet; 0 where that is not known."""
        ...

    async def read_body(self, limit: int) -> bytes:
        """The request's body, at most `limit` bytes. Raises Refused (too large, stalled)."""
        ...

    async def read_piece(self) -> bytes:
        """In place of `read_body`: the next bytes of the body as they came, ``b""`` at its end.
        Raises Refused (stalled)."""
        ...

    async def start(self, status: int, headers: Headers) -> None:
        """Sends the status line and headers of an answer whose body follows piece by piece."""
        ...

    async def write(self, data: bytes) -> None:
        """Sends a piece; waits while the caller does not read."""
        ...

    async def finish(self) -> None:
        """Ends the answer as it should."""
        ...

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer at once."""
        ...

    def abort(self) -> None:
        """Breaks the connection, so that the caller sees that the answer is not whole."""
        ...

    def pushing(self) -> PushedBody | None:
        """The body of the answer that was started, where it takes pieces without waiting."""
        ...

    def on_leave(self, callback: Callable[[], None]) -> None:
        """Calls `callback` once, when the caller closes the connection before the answer ends."""
        ...


class DirectoryPort(Protocol):
    """What an administrator keeps in the database; what the file defines is not in it.

    Every write moves the directory's version on in its own transaction. Ids are the caller's to
    make. None or False: there is no such row. Raises StoreUnreachable, RowConflict (its message
    says what is there already) and RowRefused.
    """

    def noting(
        self, *, at: float, actor: str, action: str, subject: str, detail: Mapping[str, Any]
    ) -> "DirectoryPort":
        """The same store, whose next write appends this to the audit log in its transaction.
        A write that touches no row notes nothing."""
        ...

    async def version(self) -> int:
        """Moves on with every write that the data plane may see."""
        ...

    async def load(self) -> Directory:
        """Everything that the data plane needs, of one moment."""
        ...

    async def ask_reload(self) -> None:
        """Asks all workers to read the configuration's file again."""
        ...

    async def list_users(self) -> tuple[UserRow, ...]: ...
    async def get_user(self, user_id: str) -> UserRow | None: ...
    async def add_user(self, user: UserRow, key: KeyRow) -> None: ...
    async def change_user(self, user_id: str, **fields: Any) -> UserRow | None: ...
    async def remove_user(self, user_id: str) -> bool:
        """Takes keys and permissions along."""
        ...

    async def list_keys(self, user_id: str) -> tuple[KeyRow, ...]: ...
    async def add_key(self, key: KeyRow) -> None: ...
    async def change_key(self, key_id: str, **fields: Any) -> KeyRow | None: ...
    async def revoke_key(self, key_id: str, at: float) -> bool: ...
    async def replace_keys(self, user_id: str, key: KeyRow, overlap_until: float | None) -> bool:
        """Adds `key`; the user's others end at `overlap_until`, None: at once, when `key` was
        made."""
        ...

    async def note_uses(self, used: Mapping[str, float]) -> None:
        """Notes when keys, by their ids, were last used; the version stays."""
        ...

    async def list_backends(self) -> tuple[BackendRow, ...]: ...
    async def get_backend(self, backend_id: str) -> BackendRow | None: ...
    async def add_backend(self, backend: BackendRow) -> None: ...
    async def change_backend(self, backend_id: str, **fields: Any) -> BackendRow | None: ...
    async def remove_backend(self, backend_id: str) -> bool:
        """Takes its permissions along."""
        ...

    async def list_permissions(self) -> tuple[Permission, ...]: ...
    async def add_permission(self, permission: Permission) -> None:
        """Either id may be that of a row in the file: whether they exist is not checked here."""
        ...

    async def remove_permission(self, user_id: str, backend_id: str) -> bool: ...

    async def list_rewrites(self) -> tuple[RewriteRow, ...]: ...
    async def get_rewrite(self, rewrite_id: str) -> RewriteRow | None: ...
    async def add_rewrite(self, rewrite: RewriteRow) -> None: ...
    async def change_rewrite(self, rewrite_id: str, **fields: Any) -> RewriteRow | None: ...
    async def remove_rewrite(self, rewrite_id: str) -> bool: ...

    async def list_models(self) -> tuple[ModelRow, ...]: ...
    async def get_model(self, model_id: str) -> ModelRow | None: ...
    async def add_model(self, model: ModelRow) -> None: ...
    async def change_model(self, model_id: str, **fields: Any) -> ModelRow | None: ...
    async def remove_model(self, model_id: str) -> bool: ...

    async def list_policies(self) -> tuple[PolicyRow, ...]:
        """By position."""
        ...

    async def get_policy(self, policy_id: str) -> PolicyRow | None: ...
    async def add_policy(self, policy: PolicyRow) -> None: ...
    async def change_policy(self, policy_id: str, **fields: Any) -> PolicyRow | None: ...
    async def remove_policy(self, policy_id: str) -> bool: ...
    async def reorder_policies(self, policy_ids: Sequence[str]) -> bool:
        """Positions from 0 on in the order given; False where these are not exactly the ids."""
        ...

    async def get_settings(self) -> Mapping[str, Any]: ...
    async def put_settings(self, **settings: Any) -> None:
        """Sets those given; None takes one away."""
        ...

    async def list_tokens(self) -> tuple[AdminTokenRow, ...]: ...
    async def add_token(self, token: AdminTokenRow) -> None: ...
    async def remove_token(self, token_id: str) -> bool: ...
    async def find_token(self, digest: bytes) -> AdminTokenRow | None:
        """Also one that has expired."""
        ...

    async def list_administrators(self) -> tuple[AdministratorRow, ...]: ...
    async def get_administrator(self, administrator_id: str) -> AdministratorRow | None: ...
    async def find_administrator(self, name: str) -> AdministratorRow | None: ...
    async def add_administrator(self, administrator: AdministratorRow) -> None: ...
    async def change_administrator(
        self, administrator_id: str, *, ends_sessions: bool, **fields: Any
    ) -> AdministratorRow | None: ...
    async def replace_password(self, before: AdministratorRow, password_hash: str) -> bool:
        """Ends the sessions too. False where the password is not the one in `before` any more."""
        ...

    async def rehash_password(self, before: AdministratorRow, password_hash: str) -> bool:
        """The same password, hashed anew; see `replace_password`."""
        ...

    async def remove_administrator(self, administrator_id: str) -> bool: ...

    async def add_session(self, digest: bytes, data: Mapping[str, Any], expires: float) -> None: ...
    async def get_session(self, digest: bytes) -> SessionRow | None:
        """Also one that has expired."""
        ...

    async def touch_session(self, digest: bytes, expires: float) -> bool: ...
    async def remove_session(self, digest: bytes) -> bool: ...
    async def remove_expired_sessions(self, now: float) -> int: ...

    async def append_audit(
        self, *, at: float, actor: str, action: str, subject: str, detail: Mapping[str, Any]
    ) -> None:
        """For what is no write of this store; see `noting`."""
        ...

    async def list_audit(self, limit: int, offset: int) -> tuple[AuditRow, ...]:
        """Newest first."""
        ...

    async def reseal_audit(self, *, at: float, actor: str) -> None:
        """Seals the log's end as it is now, whatever was sealed before."""
        ...

    async def verify_audit(self) -> bool:
        """Whether every row of the log follows from the one before it, and the last one is the
        last that was written."""
        ...


class ResponseMemory(Protocol):
    """Responses and conversations that callers may come back to, each its owner's alone.

    What is kept is found at once in this process and written later. All that awaits raises
    StoreUnreachable.
    """

    def keep(self, kept: Kept) -> None:
        """Takes a response, or the next state of one, without waiting."""
        ...

    async def settled(self) -> None:
        """Waits until all that was kept here is written, and so is found everywhere."""
        ...

    async def get(self, owner: str, id_: str) -> StoredResponse | None:
        """The newest response of that id; waits a moment for one that is just being written."""
        ...

    async def chain(self, last: StoredResponse) -> tuple[StoredResponse, ...]:
        """The response behind all that it goes on from, the oldest first. Where the first goes on
        from another, that one is gone, or the chain is too long. Raises TooMuch."""
        ...

    async def of_items(self, owner: str, ids: Sequence[str]) -> tuple[StoredResponse, ...]:
        """The responses that hold items of these ids, the newest last."""
        ...

    async def events(self, stored: StoredResponse) -> bytes:
        """The stream that told the response; nothing where there was none."""
        ...

    async def remove(self, owner: str, id_: str) -> bool: ...

    async def move(self, key: str, status: str, response: str | None = None) -> bool:
        """Notes how a response stands, and what it is now; False where it is over already."""
        ...

    async def add_events(self, key: str, part: int, events: bytes) -> None:
        """Adds to the stream of a response that is being made; parts count from 0."""
        ...

    async def alive(self, worker: str, at: float) -> tuple[str, ...]:
        """Notes that a worker still makes its responses; the keys of those that it is to stop."""
        ...

    async def running(self) -> tuple[StoredResponse, ...]:
        """The responses that are being made, whoever makes them."""
        ...

    async def add_conversation(
        self, conversation: Conversation, items: Sequence[tuple[str, str]]
    ) -> None:
        """Items are pairs of an id and JSON, here and below."""
        ...

    async def get_conversation(self, owner: str, id_: str) -> Conversation | None: ...
    async def change_conversation(
        self, owner: str, id_: str, metadata: Mapping[str, Any]
    ) -> bool: ...
    async def remove_conversation(self, owner: str, id_: str) -> bool: ...
    async def append_items(
        self, owner: str, id_: str, at: float, items: Sequence[tuple[str, str]]
    ) -> None: ...
    async def items(self, owner: str, id_: str) -> tuple[tuple[str, str], ...]:
        """In the order in which they were said; those of one response stand together. Raises
        TooMuch."""
        ...

    async def remove_item(self, owner: str, id_: str, item_id: str) -> bool: ...
