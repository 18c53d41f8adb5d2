"""Recorded requests into every backend's dialect: written with all that was said, or refused."""

from typing import Any

import msgspec
import pytest

from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Untranslatable
from headgate.model.request import Request
from tests.conformance import carry, chosen
from tests.conformance.carry import BACKENDS
from tests.conformance.targets import target
from tests.conformance.wishes import Wish, unheard, wishes

ROWS = chosen.asked()
REFUSABLE = frozenset(
    {
        "background",
        "container",
        "conversation",
        "input",
        "mcp_servers",
        "messages",
        "modalities",
        "n",
        "previous_response_id",
        "tools",
    }
)
"""What only its own vendor can serve; files that lie with a vendor or on the web are in
``messages`` and ``input``."""


def read(row: dict[str, Any]) -> Request:
    """The recorded request."""
    body = msgspec.json.encode({"model": "alias", **row["request"]})
    return carry.caller_half(row["dialect"]).read_request(body)


def written(row: dict[str, Any], backend: str) -> WrittenRequest | None:
    """The request in a backend's dialect; None where it was refused by name."""
    try:
        return DIALECTS[backend].backend.write_request(read(row), target(backend))
    except Untranslatable as refusal:
        named = (refusal.fault.param or "").partition(".")[0]
        if backend == row["dialect"] or named not in REFUSABLE:
            raise
        return None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("row", ROWS)
def test_a_request_is_written_with_all_that_was_said_or_refused(
    row: dict[str, Any], backend: str
) -> None:
    result = written(row, backend)
    if result is None:
        return
    said = [
        wish for wish in wishes(row["dialect"], row["request"]) if not _moot(wish, row, backend)
    ]
    assert unheard(said, result.body) == []
    assert all(name and not name.endswith(".") for name in result.losses), result.losses


def _moot(wish: Wish, row: dict[str, Any], backend: str) -> bool:
    """Whether a dialect need not say it: Converse has no way to forbid tools but to name none."""
    forbidden = row["request"].get("tool_choice") in ("none", {"type": "none"})
    return backend == "converse" and forbidden and wish.kind in ("tool", "parameter")


@pytest.mark.parametrize("row", ROWS)
def test_what_is_written_reads_as_the_same_request(row: dict[str, Any]) -> None:
    """A → hub → A, once more: the second writing has nothing left to normalise."""
    dialect = row["dialect"]
    first = written(row, dialect)
    assert first is not None
    again = written({**row, "request": msgspec.json.decode(first.body)}, dialect)
    assert again is not None
    assert msgspec.json.decode(again.body) == msgspec.json.decode(first.body)
    assert again.losses == ()


def test_hardly_a_request_is_refused() -> None:
    tried = [(p.values[0], backend) for p in ROWS if p.values[0] for backend in BACKENDS]
    if not tried:
        pytest.skip("no recordings")
    refused = sum(written(row, backend) is None for row, backend in tried)
    assert refused / len(tried) < 0.05
