"""Recordings of exchanges, put to work in a worker: written, bounded, deleted when they are old."""

import contextlib
import pathlib
from collections.abc import AsyncIterator, Callable

from headgate.composition.background import running
from headgate.config.schema import LoggingSettings
from headgate.storage.recordings import FOLDER, Recordings


@contextlib.asynccontextmanager
async def recording(
    data: pathlib.Path, settings: Callable[[], LoggingSettings]
) -> AsyncIterator[Recordings]:
    """Takes recordings until the block ends; what is not written then is written. `settings` are
    those in force."""
    recordings = Recordings(
        data / FOLDER,
        budget=lambda: settings().record_budget,
        retention_s=lambda: settings().retention,
    )
    try:
        async with running(recordings.write(), recordings.tend()):
            yield recordings
    finally:
        await recordings.flush()
