"""What a worker remembers for its callers, put to work: stored responses and conversations."""

import contextlib
import time
from collections.abc import AsyncIterator

from headgate.background import running
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.knowledge import Knowledge
from headgate.storage.engine import Database
from headgate.storage.response_memory import ResponseMemory
from headgate.storage.stored_retention import forget_unused


@contextlib.asynccontextmanager
async def remembering(
    gateway: Gateway, database: Database, knowledge: Knowledge
) -> AsyncIterator[None]:
    """The gateway remembers until the block ends; what is not written then is written."""
    memory = gateway.memory = ResponseMemory(database)

    def retention_s() -> float:
        return knowledge.config.responses.retention

    try:
        async with running(memory.write(), forget_unused(database, retention_s, time.time)):
            yield
    finally:
        await memory.aclose()
