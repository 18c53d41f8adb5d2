"""What a client gives back in its next turn: opaque state reaches its issuer, and nobody else."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from headgate.backends.abilities import abilities_of
from headgate.dialects.table import DIALECTS
from headgate.model import events as ev
from headgate.model.parts import Reasoning
from headgate.model.request import Request
from headgate.model.state import OpaqueState
from tests.conformance import carry, chosen, natives, wishes
from tests.conformance.carry import CALLERS
from tests.conformance.claims import TOLD
from tests.conformance.histories import next_request
from tests.conformance.stories import stories
from tests.conformance.targets import target

ISSUING: tuple[tuple[str, str], ...] = (
    ("messages", "anthropic"),
    ("responses", "openai"),
    ("gemini", "google"),
)
"""Which vendor issues state in which dialect."""


def states_of(request: Request) -> Counter[tuple[str, str]]:
    """The opaque state in a request's history."""
    parts = [part for message in request.messages for part in message.parts]
    states = [part.state for part in parts if isinstance(part, Reasoning) and part.state]
    return Counter((state.issuer, state.value) for state in states)


@given(stories())
@settings(max_examples=80, deadline=None)
@pytest.mark.parametrize("caller", CALLERS)
def test_any_state_comes_back_with_the_callers_history(caller: str, events: list[ev.Event]) -> None:
    writer = carry.caller_half(caller).open_writer(TOLD[caller])
    body = b"".join(writer.write(event) for event in events) + writer.end()
    told = Counter((state.issuer, state.value) for state in _first_choices(events))
    assert states_of(next_request(caller, body)) == told


def _first_choices(events: list[ev.Event]) -> Iterator[OpaqueState]:
    keys = {e.key for e in events if isinstance(e, ev.BlockStarted) and e.choice == 0}
    for event in events:
        if isinstance(event, ev.StateAttached) and event.key in keys:
            yield event.state


def opaque_in(dialect: str, sse: str) -> set[str]:
    """The opaque state in a recorded stream, as its vendor spells it."""
    found: set[str] = set()
    for payload in natives.payloads(sse):
        match dialect:
            case "messages":
                delta = payload.get("delta") or {}
                found.add(delta.get("signature") or "")
                found.add((payload.get("content_block") or {}).get("data") or "")
            case "responses" if payload.get("type") == "response.output_item.done":
                item = payload["item"]
                if item["type"] == "reasoning":
                    found.add(item.get("encrypted_content") or "")
            case "gemini":
                found |= set(_signatures(payload))
            case _:
                pass
    return found - {""}


def _signatures(payload: Any) -> Iterator[str]:
    for candidate in payload.get("candidates") or ():
        for part in (candidate.get("content") or {}).get("parts") or ():
            if part.keys() & _CARRIED:
                yield part.get("thoughtSignature") or ""


_CARRIED = frozenset({"text", "functionCall", "inlineData"})
"""Parts that other dialects can carry; a signature on any other is lost with it."""


def _recorded() -> list[Any]:
    found = [
        pytest.param(param.values[0], vendor, id=param.id)
        for param in chosen.streams()
        for dialect, vendor in ISSUING
        if param.values[0] and param.values[0]["dialect"] == dialect
        if carry.vendor_of(param.values[0]["url"]) == vendor
        if opaque_in(dialect, param.values[0]["sse"])
    ]
    skip = pytest.mark.skip(reason="no recordings")
    return found or [pytest.param(None, "", marks=skip, id="none")]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(("row", "vendor"), _recorded())
def test_recorded_state_is_given_back_to_its_issuer_alone(
    row: dict[str, Any], vendor: str, caller: str
) -> None:
    told = carry.row_context(row, caller)
    raw = [row["sse"].encode()]
    got = carry.stream(raw, row["dialect"], caller, told, carry.source_of(row))
    request = next_request(caller, got.body)
    state = opaque_in(row["dialect"], row["sse"])
    for dialect, issuer in ISSUING:
        place = target(dialect, abilities=abilities_of(str(target(dialect).model)))
        body = DIALECTS[dialect].backend.write_request(request, place).body
        heard = set(wishes.strings_in(body))
        assert not any(text.startswith("hg1.") for text in heard)
        if issuer == vendor:
            assert state <= heard
        else:
            assert not state & heard
