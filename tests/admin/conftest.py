"""The admin application over a request log in memory."""

import hashlib
from collections.abc import AsyncIterator

import httpx2
import pytest

from headgate.admin.app import create_app
from headgate.admin.auth import verifier
from headgate.admin.deps import Deps
from headgate.model.book_query import RequestDetail, RequestPage, RequestQuery
from headgate.model.store_faults import StoreUnreachable

TOKEN = "hga-correct-horse"


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


@pytest.fixture
def log() -> FakeRequestLog:
    """What the application reads."""
    return FakeRequestLog()


@pytest.fixture
async def stranger(log: FakeRequestLog) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without a token."""
    digest = hashlib.sha256(TOKEN.encode()).digest()
    app = create_app(Deps(request_log=log, verify_token=verifier(digest)))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


@pytest.fixture
async def admin(stranger: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """A client with the right token."""
    stranger.headers["authorization"] = f"Bearer {TOKEN}"
    return stranger
