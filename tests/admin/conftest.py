"""The admin application over a request log and a directory in memory."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from headgate.admin.app import create_app
from headgate.admin.control import Control, ModelState, NewKey
from headgate.admin.deps import Deps
from headgate.admin.oidc import SignIn
from headgate.config import AdminSettings
from headgate.model.analytics import Bucket, GroupKey, Latency, Quality, Totals
from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery
from headgate.model.directory import (
    BackendRow,
    Directory,
    KeyRow,
    ModelRow,
    Permission,
    PolicyRow,
    RewriteRow,
    UserRow,
)
from headgate.model.secret_fields import as_sealed
from headgate.model.store_faults import StoreUnreachable
from headgate.policies.chain import Entry, compile_chain
from headgate.policies.environment import Environment, ModelQuestion
from headgate.policies.rehearsal import Rehearsal, Trial, rehearse
from tests.admin.fake_directory import FakeDirectory, Rows
from tests.admin.fake_provider import FakeProvider

TOKEN = "hga-correct-horse"
AT = 1_700_000_000.0
LOGIN_KEYS = (b"new".ljust(32), b"old".ljust(32))
FILE_ROWS = Directory(
    users=(UserRow(id="filer", name="filer", source="file"),),
    backends=(
        BackendRow(
            id="filed",
            name="filed",
            base_url="https://filed.test",
            settings={"headers": {"authorization": "Bearer of-the-file"}},
            source="file",
        ),
    ),
    permissions=(Permission("filer", "filed", "file"),),
    rewrites=(RewriteRow(id="old", source_model="old", target_model="new", source="file"),),
    models=(
        ModelRow(
            id="fast",
            name="fast",
            settings={"targets": [{"backend": "filed", "model": "m"}]},
            source="file",
        ),
    ),
    policies=(PolicyRow(id="file-0", position=0, entry={"policy": "log_only"}, source="file"),),
    settings={"stream_detail": "compact"},
)


class FakeRequestLog:
    """Gives `page` and `details`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[RequestQuery] = []
        self.page = RequestPage(rows=(), total=0, limit=50, offset=0)
        self.details: dict[str, RequestDetail] = {}
        self.error: Exception | None = None

    async def find(self, query: RequestQuery) -> RequestPage:
        self._fail()
        self.asked.append(query)
        return self.page

    async def get(self, exchange_id: str) -> RequestDetail | None:
        self._fail()
        return self.details.get(exchange_id)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    def break_down(self) -> None:
        """From now on there is no database."""
        self.error = StoreUnreachable("the database /secret/path cannot be used")


class FakeAnalytics:
    """Gives what it holds, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[RequestQuery, tuple[GroupKey, ...]]] = []
        self.totals_by: dict[tuple[GroupKey, ...], tuple[Totals, ...]] = {}
        self.latency_by: dict[tuple[GroupKey, ...], tuple[Latency, ...]] = {}
        self.qualities: tuple[Quality, ...] = ()
        self.buckets: tuple[Bucket, ...] = ()
        self.users = 0

    async def totals(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Totals, ...]:
        self.asked.append((query, tuple(by)))
        return self.totals_by.get(tuple(by), ())

    async def latency(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Latency, ...]:
        self.asked.append((query, tuple(by)))
        return self.latency_by.get(tuple(by), ())

    async def quality(self, query: RequestQuery) -> tuple[Quality, ...]:
        self.asked.append((query, ()))
        return self.qualities

    async def lengths(self, query: RequestQuery) -> tuple[Bucket, ...]:
        self.asked.append((query, ()))
        return self.buckets

    async def active_users(self, query: RequestQuery) -> int:
        return self.users


class World:
    """What the admin API's control reaches: the clock, what was sealed, what was put in force."""

    def __init__(self) -> None:
        self.now = AT
        self.minted = 0
        self.changes = 0
        self.sealed: dict[str, str] = {}
        self.lists: dict[str, ModelState] = {}
        self.refreshed: list[str] = []
        self.problems: list[str] = []
        self.directory = FakeDirectory()
        self.chain: tuple[Entry, ...] = ()
        self.questions: list[ModelQuestion] = []
        self.admin = AdminSettings()
        self.http = FakeProvider()

    @property
    def rows(self) -> Rows:
        """What the directory holds."""
        return self.directory.rows

    def control(self) -> Control:
        """The control over this world."""
        return Control(
            store=self.directory,
            file_rows=lambda: FILE_ROWS,
            changed=self._changed,
            make_key=self._make_key,
            seal=self._seal,
            seal_setting=lambda id_, place, secret: as_sealed(f"{id_}:{place}:{len(secret)}"),
            models_of=lambda name: self.lists.get(name, ModelState()),
            refresh_models=self._refresh,
            reload=self._reload,
            check_policy=_check_policy,
            now=lambda: self.now,
            mint=self._mint,
            mint_secret=lambda: f"secret-{self._mint()}",
        )

    def _mint(self) -> str:
        self.minted += 1
        return f"{self.minted:016x}"

    async def try_out(self, trial: Trial) -> Rehearsal:
        """Tries a sample; the chain in force is `self.chain`."""
        entries = self.chain if trial.entries is None else trial.entries
        environment = Environment(ask_model=self.ask_model)
        return await rehearse(compile_chain(entries, environment), trial)

    async def ask_model(self, question: ModelQuestion) -> str:
        """What judges ask."""
        self.questions.append(question)
        return '{"allow": true}'

    async def _changed(self) -> None:
        self.changes += 1

    def _make_key(self, user_id: str, own: str | None) -> NewKey:
        if own is not None and len(own) < 16:
            raise ValueError("is too short")
        id_ = self._mint()
        text = own or f"hg-{id_}-made"
        digest = hashlib.sha256(text.encode()).digest()
        return NewKey(
            KeyRow(id=id_, user_id=user_id, digest=digest, hint=text[-4:], created_at=self.now),
            text,
        )

    def _seal(self, backend_id: str, key: str) -> bytes:
        self.sealed[backend_id] = key
        return b"sealed"

    async def _refresh(self, name: str) -> None:
        self.refreshed.append(name)
        self.lists[name] = ModelState(frozenset({"m2", "m1"}), AT)

    async def _reload(self) -> list[str]:
        return self.problems


def _check_policy(entry: Mapping[str, Any]) -> Iterable[str]:
    if entry["policy"] == "nonsense":
        yield "policy: there is no policy 'nonsense'"


@pytest.fixture
def log() -> FakeRequestLog:
    """What the application reads."""
    return FakeRequestLog()


@pytest.fixture
def world() -> World:
    """What the application writes to."""
    return World()


@pytest.fixture
def numbers() -> FakeAnalytics:
    """What the application counts with."""
    return FakeAnalytics()


@pytest.fixture
def app(log: FakeRequestLog, numbers: FakeAnalytics, world: World) -> FastAPI:
    """The application."""
    return create_app(deps(log, numbers, world))


def deps(log: FakeRequestLog, numbers: FakeAnalytics, world: World) -> Deps:
    """What the application is made of."""
    digest = hashlib.sha256(TOKEN.encode()).digest()
    control = world.control()
    sign_in = SignIn(
        settings=lambda: world.admin, http=world.http, keys=LOGIN_KEYS, clock=lambda: world.now
    )
    return Deps(
        request_log=log,
        analytics=numbers,
        control=control,
        admin_digest=digest,
        sign_in=sign_in,
        try_out=world.try_out,
    )


def signed_in(app: FastAPI) -> httpx2.AsyncClient:
    """A client with the right token, to be entered."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx2.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without a token."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


@pytest.fixture
async def admin(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with the right token."""
    async with signed_in(app) as client:
        yield client
