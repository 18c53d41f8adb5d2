import gc
import os
import time
from pathlib import Path

import pytest

from headgate.metrics import process
from headgate.metrics.process import process_gauges
from headgate.metrics.sample import Gauge


def values() -> dict[str, float]:
    return {gauge.name: gauge.values[0][1] for gauge in process_gauges()}


def test_the_process_is_described_under_the_usual_names() -> None:
    found = values()
    assert found["process_start_time_seconds"] <= time.time()
    assert found["process_cpu_seconds_total"] > 0
    assert found["process_resident_memory_bytes"] > 5e6
    assert found["process_max_fds"] > found["process_open_fds"] > 0
    assert isinstance(process_gauges()[0], Gauge)


def test_an_open_file_is_counted() -> None:
    gc.collect()  # what others left would be closed meanwhile
    before = values()["process_open_fds"]
    descriptors = os.pipe()
    try:
        assert values()["process_open_fds"] == before + 2
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def test_a_system_without_proc_tells_what_it_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "_PROC", tmp_path / "none")
    assert values()["process_resident_memory_bytes"] > 5e6
