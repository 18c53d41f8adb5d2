"""Recordings put to work: written by themselves, and what still waits at the end is written too."""

import pathlib

from headgate.composition.recordings import recording
from headgate.config.schema import LoggingSettings


async def test_what_was_taken_is_written_at_the_latest_when_the_worker_ends(
    tmp_path: pathlib.Path,
) -> None:
    async with recording(tmp_path, LoggingSettings) as recordings:
        recordings.keep("req_1", lambda: [b"one"], lambda: None)
    assert (tmp_path / "recordings" / "req_1.stream").read_bytes() == b"one"


async def test_the_settings_in_force_hold(tmp_path: pathlib.Path) -> None:
    settings = LoggingSettings(record_budget=2)
    async with recording(tmp_path, lambda: settings) as recordings:
        recordings.keep("req_1", lambda: [b"one"], lambda: None)
        assert await recordings.find("req_1") is None
        settings = LoggingSettings(record_budget=3)
        recordings.keep("req_1", lambda: [b"one"], lambda: None)
        assert await recordings.find("req_1") == b"one"
