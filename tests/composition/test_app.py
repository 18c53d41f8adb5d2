"""A worker put together: it starts, serves, drains, reads its configuration again, and ends."""

import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headgate.backends.zero import zero_config
from headgate.composition.app import (
    BUILT_IN_MOCK,
    Launch,
    Worker,
    database_url,
    has_users,
    make_service,
)
from headgate.config import Config, parse
from headgate.model.book_query import RequestQuery
from headgate.server.lifespan import Lifespan
from headgate.server.service import CannotServe
from headgate.storage.admin_token import token_digest
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import open_database
from headgate.storage.migrate import migrate
from headgate.storage.request_log import RequestLog as RequestLogReader
from headgate.storage.secret_key import derive
from tests.pipeline.samples import asking
from tests.server.callers import Told, ask
from tests.storage.directory.samples import key, user

CHAT = "/v1/chat/completions"
OTHER = """\
backends:
  up: {base_url: http://127.0.0.1:9, speaks: [chat], api_key: k, models: [m]}
"""


def launch(data: Path, path: Path | None = None, config: Config | None = None) -> Launch:
    return Launch(
        config=config or zero_config({}),
        path=None if path is None else str(path),
        data=data,
        admin_digest=token_digest("token"),
        secret_keys=(derive(b"a secret key for tests"),),
    )


@contextlib.asynccontextmanager
async def serving(given: Launch) -> AsyncIterator[Worker]:
    worker = Worker(given)
    lifespan = Lifespan(worker)
    await lifespan.start()
    try:
        yield worker
    finally:
        await lifespan.stop()


async def models(worker: Worker) -> list[str]:
    told = await ask(worker, "GET", "/v1/models")
    return [entry["id"] for entry in told.body["data"]]


async def chat(worker: Worker, model: str = "mock", **fields: Any) -> Told:
    return await ask(worker, "POST", CHAT, asking(model=model, **fields))


async def test_without_a_configuration_the_mock_answers_and_the_books_know_it(
    tmp_path: Path,
) -> None:
    given = launch(tmp_path)
    async with serving(given) as worker:
        assert await models(worker) == ["mock"]
        whole = await chat(worker)
        assert (whole.status, whole.body["choices"][0]["message"]["content"]) == (200, "Hi")
        stream = await chat(worker, stream=True)
        assert stream.body.endswith(b"data: [DONE]\n\n")
    database = open_database(database_url(given))
    page = await RequestLogReader(database).find(RequestQuery())
    await database.aclose()
    assert {row.id for row in page.rows} == {
        told.headers[b"x-request-id"].decode() for told in (whole, stream)
    }
    assert {(row.outcome, row.backend_id, row.attempts) for row in page.rows} == {
        ("complete", "mock", 1)
    }
    for row in page.rows:
        second = int(row.id.removeprefix("req_")[:8], 16)
        assert abs(second - row.created_at) < 60, "what comes together lies together in the key"


async def test_the_admin_api_opens_with_the_token_of_the_launch(tmp_path: Path) -> None:
    async with serving(launch(tmp_path)) as worker:
        path = "/admin/analytics/requests"
        assert (await ask(worker, "GET", path)).status == 401
        assert (await ask(worker, "GET", path, authorization="Bearer token")).status == 200


async def test_a_drain_makes_it_not_ready_and_the_cut_is_survived(tmp_path: Path) -> None:
    worker = Worker(launch(tmp_path))
    service = make_service(launch(tmp_path))
    worker.drain()
    worker.cut()
    worker.reload()
    async with serving(launch(tmp_path)) as worker:
        assert (await ask(worker, "GET", "/health/ready")).status == 200
        worker.drain()
        worker.cut()
        assert (await ask(worker, "GET", "/health/ready")).status == 503
    assert isinstance(service.app, Worker)
    assert service.on_drain == service.app.drain
    assert service.on_drain_deadline == service.app.cut
    assert service.on_reload == service.app.reload


async def test_before_it_has_started_nothing_is_served(tmp_path: Path) -> None:
    assert (await ask(Worker(launch(tmp_path)), "GET", "/health")).messages == []


async def test_a_changed_configuration_is_taken_and_a_bad_one_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "headgate.yaml"
    file.write_text(OTHER)
    config = parse(OTHER, {}, str(file))
    async with serving(launch(tmp_path, file, config)) as worker:
        assert await models(worker) == ["m"]
        file.write_text(OTHER.replace("[m]", "[new]"))
        worker.reload()
        assert await models(worker) == ["new"]
        file.write_text("no_such_key: 1\n")
        with caplog.at_level(logging.ERROR):
            worker.reload()
        assert "no_such_key" in caplog.text
        assert await models(worker) == ["new"]


async def test_without_a_file_there_is_nothing_to_read_again(tmp_path: Path) -> None:
    async with serving(launch(tmp_path)) as worker:
        worker.reload()
        assert await models(worker) == ["mock"]


async def test_the_mock_stands_beside_backends_of_the_environment(tmp_path: Path) -> None:
    config = parse(OTHER, {}, "environment")
    async with serving(launch(tmp_path, None, config)) as worker:
        assert await models(worker) == ["m", "mock"]


async def test_a_file_without_backends_has_the_mock(tmp_path: Path) -> None:
    async with serving(launch(tmp_path, tmp_path / "headgate.yaml")) as worker:
        assert await models(worker) == ["mock"]


async def test_a_database_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = msgspec.structs.replace(zero_config({}), database=f"sqlite:///{tmp_path}/file/a.db")
    with pytest.raises(CannotServe, match=r"^the application could not start: .+"):
        await Lifespan(Worker(launch(tmp_path, None, config))).start()


def test_the_database_is_a_file_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert database_url(launch(tmp_path)) == f"sqlite:///{tmp_path}/headgate.db"
    config = msgspec.structs.replace(zero_config({}), database="postgresql://db.test/headgate")
    assert database_url(launch(tmp_path, None, config)) == "postgresql://db.test/headgate"


def test_the_mock_needs_no_key_and_has_no_address() -> None:
    assert (BUILT_IN_MOCK.auth, BUILT_IN_MOCK.models) == ("none", ("mock",))
    assert BUILT_IN_MOCK.base_url.endswith(".invalid")


async def test_a_user_in_the_database_counts_as_one_and_asking_makes_no_folder(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    config = zero_config({})
    assert not await has_users(config, data)
    assert not data.exists()
    assert await has_users(parse("users: [{name: a, api_key: 0123456789abcdef}]", {}, "f"), data)
    given = launch(data)
    async with serving(given):
        pass
    assert not await has_users(config, data)
    database = open_database(database_url(given))
    await DirectoryStore(database).add_user(user(), key())
    await database.aclose()
    assert await has_users(config, data)


async def test_another_secret_key_than_the_databases_is_one_sentence(tmp_path: Path) -> None:
    given = launch(tmp_path)
    async with serving(given):
        pass
    database = open_database(database_url(given))
    await DirectoryStore(database).add_user(user(), key())
    await database.aclose()
    other = msgspec.structs.replace(given, secret_keys=(derive(b"another secret key"),))
    with pytest.raises(CannotServe, match="another secret key"):
        await Lifespan(Worker(other)).start()


async def test_a_name_in_file_and_database_is_one_sentence_at_the_start(tmp_path: Path) -> None:
    config = parse("users: [{name: alice, api_key: 0123456789abcdef}]", {}, "f")
    given = launch(tmp_path, tmp_path / "headgate.yaml", config)
    database = open_database(database_url(given))
    await migrate(database)
    await DirectoryStore(database).add_user(user(name="alice"), key())
    await database.aclose()
    with pytest.raises(CannotServe, match=r"the database: users\.alice: .* configuration's file"):
        await Lifespan(Worker(given)).start()
