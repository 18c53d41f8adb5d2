import asyncio
import sqlite3
import threading

import pytest

from headgate.storage.sqlite_thread import SqliteThread, Wanted


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


async def test_all_work_is_done_in_one_thread_on_one_connection() -> None:
    thread = SqliteThread(_in_memory)
    places = {
        await thread.run(lambda connection, _: (threading.get_ident(), id(connection)))
        for _ in range(5)
    }
    await thread.aclose()
    assert len(places) == 1
    assert next(iter(places))[0] != threading.get_ident()


async def test_work_that_was_given_up_is_told_and_what_waits_behind_it_is_done() -> None:
    thread = SqliteThread(_in_memory)
    begun, go_on = threading.Event(), threading.Event()
    told: list[bool] = []

    def _work(connection: sqlite3.Connection, wanted: Wanted) -> None:
        begun.set()
        go_on.wait(30)
        told.append(wanted())

    running = asyncio.ensure_future(thread.run(_work))
    await asyncio.to_thread(begun.wait, 30)
    waiting = asyncio.ensure_future(thread.run(_work))
    behind = asyncio.ensure_future(thread.run(lambda _, wanted: wanted()))
    await asyncio.sleep(0)
    for task in (running, waiting):
        task.cancel()
    await asyncio.wait((running, waiting))
    go_on.set()
    assert await behind
    assert told == [False]
    await thread.aclose()


async def test_a_connection_that_cannot_be_made_is_tried_again() -> None:
    answers = iter([None, _in_memory])

    def _connect() -> sqlite3.Connection:
        make = next(answers)
        if make is None:
            raise sqlite3.OperationalError("not yet")
        return make()

    thread = SqliteThread(_connect)
    with pytest.raises(sqlite3.OperationalError, match="not yet"):
        await thread.run(lambda *_: 1)
    assert await thread.run(lambda *_: 1) == 1
    await thread.aclose()


async def test_after_it_was_closed_there_is_a_new_connection() -> None:
    thread = SqliteThread(_in_memory)
    await thread.run(lambda connection, _: connection.execute("CREATE TABLE t (x)").close())
    await thread.aclose()
    await thread.aclose()
    tables = await thread.run(
        lambda connection, _: connection.execute("SELECT * FROM sqlite_master").fetchall()
    )
    assert tables == []
    await thread.aclose()
