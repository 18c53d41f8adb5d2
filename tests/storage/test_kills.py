"""No exchange that the ledger took is lost, whenever its process is killed.

``HEADGATE_KILLS=200`` kills more often than the suite has time for.
"""

import os
import pathlib
import subprocess
import sys

import pytest
from sqlalchemy import select

from headgate.storage.engine import open_database
from headgate.storage.ledger import Ledger
from headgate.storage.migrate import migrate
from headgate.storage.tables import attempts, exchanges
from tests.chance import chosen_seed
from tests.storage import killed_writer

KILLS = int(os.environ.get("HEADGATE_KILLS", "20"))
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.timeout(30 + 3 * KILLS)
async def test_every_exchange_that_was_intended_is_there_once(
    database_url: str, tmp_path: pathlib.Path
) -> None:
    folder, seed = tmp_path / "journal", chosen_seed()
    said = _kill(database_url, folder, seed)
    intended = {line[2:] for line in said if line.startswith("i ")}
    finished = {line[2:] for line in said if line.startswith("c ")}
    database = open_database(database_url)
    await migrate(database)
    ledger = Ledger(database, folder)
    await ledger.recover()
    await ledger.aclose()
    rows = await database.fetch(select(exchanges.c.id, exchanges.c.outcome))
    tries = await database.fetch(select(attempts.c.exchange_id, attempts.c.outcome))
    await database.aclose()

    outcomes = {row["id"]: row["outcome"] for row in rows}
    assert len(rows) == len(outcomes)
    assert intended <= outcomes.keys(), f"seed {seed}: exchanges are lost"
    assert len(outcomes.keys() - intended) <= KILLS, "only the last of each was not said yet"
    assert {outcomes[key] for key in finished} <= {"complete"}, f"seed {seed}: a close is lost"
    unfinished = [outcomes[key] for key in intended - finished]
    assert set(unfinished) <= {"killed", "complete"}
    assert unfinished.count("complete") <= KILLS
    assert {row["exchange_id"]: row["outcome"] for row in tries}.keys() == outcomes.keys()
    assert [path.name for path in folder.iterdir() if path.suffix != ".log"] == []


def _kill(url: str, folder: pathlib.Path, seed: int) -> list[str]:
    arguments = [url, str(folder), str(KILLS), str(seed)]
    run = subprocess.run(
        [sys.executable, "-m", killed_writer.__name__, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20 + 3 * KILLS,
    )
    assert "Traceback" not in run.stderr, run.stderr
    return run.stdout.splitlines()
