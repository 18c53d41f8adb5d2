"""What a worker remembers for its callers, put to work: stored responses and conversations."""

import contextlib
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator

from headgate.composition.background import running
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.knowledge import Knowledge
from headgate.pipeline.runs import Runs
from headgate.storage.engine import Database
from headgate.storage.response_memory import ResponseMemory
from headgate.storage.stored_retention import forget_unused


@contextlib.asynccontextmanager
async def remembering(
    gateway: Gateway, database: Database, knowledge: Knowledge
) -> AsyncIterator[None]:
    """The gateway remembers until the block ends; what is not written then is written."""
    memory = gateway.memory = ResponseMemory(database)

    runs = gateway.runs = Runs(worker=worker_name(), is_gone=is_gone)

    def retention_s() -> float:
        return knowledge.config.responses.retention

    try:
        await runs.give_up_lost(memory, time.time())
        works = (
            memory.write(),
            runs.tend(memory, time.time),
            forget_unused(database, retention_s, time.time),
        )
        async with running(*works):
            yield
    finally:
        await memory.aclose()


def worker_name() -> str:
    """A name for this process that none had before it: its machine, its number, a word."""
    return f"{socket.gethostname()}|{os.getpid()}|{secrets.token_hex(4)}"


def is_gone(worker: str) -> bool:
    """Whether the process of that name ran on this machine and does not any more."""
    machine, _, rest = worker.partition("|")
    number = rest.partition("|")[0]
    if machine != socket.gethostname() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
