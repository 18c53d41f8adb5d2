"""A program that keeps books in children and kills them: ``URL FOLDER KILLS SEED``.

A child says on a pipe what it has taken (``i`` intended, ``c`` closed) after the ledger took it.
All that the children said, however they ended, goes to standard output.
"""

import asyncio
import os
import pathlib
import random
import signal
import sys

from headgate.storage.engine import open_database
from headgate.storage.journal import Most
from headgate.storage.ledger import Ledger, Pace
from headgate.storage.migrate import migrate
from tests.storage.samples import closed, intent, settled

PACE = Pace(flush_s=0.002, sync_s=0.01, segment_bytes=6_000, batch=Most(records=100))
OPEN = 20
PAUSE_S = 0.0005  # the database keeps up, so that segments go while exchanges are open


def main(url: str, folder: str, kills: int, seed: int) -> None:
    """Kills child after child, each at another point."""
    chance = random.Random(seed)
    for number in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            asyncio.run(_keep_books(url, pathlib.Path(folder), number, writing))
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            for _ in range(chance.randrange(1, 500)):
                sys.stdout.write(pipe.readline().decode())
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            sys.stdout.write(pipe.read().decode())


async def _keep_books(url: str, folder: pathlib.Path, number: int, pipe: int) -> None:
    database = open_database(url)
    await migrate(database)
    ledger = Ledger(database, folder, PACE)
    await ledger.recover()
    ledger.start()
    count = 0
    while True:
        exchange = f"{number}-{count}"
        ledger.intend(intent(exchange))
        os.write(pipe, b"i %b\n" % exchange.encode())
        if count >= OPEN:
            before = f"{number}-{count - OPEN}"
            row = closed(before, response_body="y" * (count % 50))
            if count % 2:
                ledger.settle(settled(before))
                ledger.close(row)
            else:
                ledger.close(row, settled(before))
            os.write(pipe, b"c %b\n" % before.encode())
        count += 1
        await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
