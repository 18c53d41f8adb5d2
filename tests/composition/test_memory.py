import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from headgate.composition.memory import is_gone, remembering, worker_name
from headgate.storage.engine import Database, open_database
from headgate.storage.migrate import migrate
from headgate.storage.response_memory import ResponseMemory
from tests.pipeline.fakes import Scene
from tests.pipeline.test_knowledge import Scene as KnowledgeScene
from tests.storage.stored_samples import OWNER, kept, stored


async def opened(folder: Path) -> Database:
    database = open_database(f"sqlite:///{folder}/headgate.db")
    await migrate(database)
    return database


async def test_a_gateway_remembers_and_writes_what_is_left_at_its_end(tmp_path: Path) -> None:
    database = await opened(tmp_path)
    gateway = Scene().gateway
    record = stored("resp_1", used_at=time.time())
    knowledge = KnowledgeScene().knowledge
    async with remembering(gateway, database, knowledge):
        assert gateway.memory is not None
        gateway.memory.keep(kept(record))
    assert await ResponseMemory(database).get(OWNER, "resp_1") == record
    await database.aclose()


async def test_what_a_former_process_left_behind_has_failed(tmp_path: Path) -> None:
    database = await opened(tmp_path)
    memory = ResponseMemory(database)
    former = f"{socket.gethostname()}|{os.getpid()}|of-before"
    now = time.time()  # else it would be old enough to be forgotten
    left = stored("resp_1", status="queued", worker=former, alive_at=now, used_at=now)
    memory.keep(kept(left))
    await memory.settled()
    async with remembering(Scene().gateway, database, KnowledgeScene().knowledge):
        found = await memory.get(OWNER, "resp_1")
    assert found is not None
    assert found.status == "failed"
    await database.aclose()


def test_a_process_of_this_machine_is_known_to_be_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    host = socket.gethostname()
    assert is_gone(f"{host}|{process.pid}|a")
    assert is_gone(f"{host}|{os.getpid()}|a")
    assert not is_gone(f"{host}|1|a")
    assert not is_gone(f"{host}-2|{process.pid}|a")
    assert not is_gone(f"{host}|{10**30}|a")
    assert not is_gone("strange")
    assert worker_name() != worker_name()
