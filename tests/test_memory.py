from pathlib import Path

from headgate.memory import remembering
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
    record = stored("resp_1")
    knowledge = KnowledgeScene().knowledge
    async with remembering(gateway, database, knowledge):
        assert gateway.memory is not None
        gateway.memory.keep(kept(record))
    assert await ResponseMemory(database).get(OWNER, "resp_1") == record
    await database.aclose()
