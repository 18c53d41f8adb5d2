"""Where each known bug of translating gateways is tested.

The cases were collected from the issue threads of other gateways, client libraries and servers,
and numbered; a test that is about one carries its number in its name (``test_t33_…``). What many
tests hold, or the faults' tests hold through a running gateway, is named here.
"""

import ast
import functools
import pathlib
import re
from collections import defaultdict
from collections.abc import Mapping

import pytest

from headgate.model.parts import Text
from tests.conformance import carry, clients, validators
from tests.conformance.carry import CALLERS
from tests.conformance.claims import TOLD
from tests.conformance.shapes import Shape
from tests.conformance.shapes.chat import call, chunk


def _numbers(text: str) -> list[str]:
    return text.split()


TESTS = pathlib.Path(__file__).resolve().parents[1]

CORE = _numbers(
    "T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11 T12 T14 T22 T23 T24 T25 T26 T31 T32 T33 T35 T36 "
    "T38 T39 T40 T42 T43 T44 T45 T46 T47 T48 T51 T53 T54 T55 T56 T57 T60 T61 T63 T64 T65 T66 T70 "
    "T73 T74 T75 T77 T78 T79 T81 T82 T83 T84 T85 T86 T88 T89 T91 T95"
)
"""The cases that no gateway may get wrong."""

REST = _numbers(
    "T13 T15 T16 T17 T18 T19 T20 T21 T27 T28 T29 T30 T34 T37 T41 T49 T50 T52 T58 T59 T62 T67 T68 "
    "T69 T71 T72 T76 T80 T87 T90 T92 T93 T94 T96 T97 T98"
)

ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    # A backend's waiting times and limits reach the caller under their own names.
    "T53": (
        "pipeline/test_passing.py::test_limits_and_waiting_times_pass_to_the_caller",
        "pipeline/test_failing.py::test_a_refusal_keeps_its_words_and_its_waiting_time",
        "pipeline/test_telling.py::test_the_backends_own_waiting_time_is_kept_as_it_said_it",
    ),
    "T54": ("pipeline/test_passing.py::test_limits_and_waiting_times_pass_to_the_caller",),
    # A caller leaves: the backend is told at once, and nobody takes it for a failure.
    "T55": (
        "faults/test_leaving.py::test_before_the_answer",
        "faults/test_leaving.py::test_after_events",
        "faults/test_leaving.py::test_in_the_middle_of_a_fast_stream",
    ),
    # Silence before the first event is broken, between whole frames only.
    "T56": (
        "faults/test_heartbeats.py::test_before_the_first_event",
        "faults/test_heartbeats.py::test_between_events",
    ),
    "T68": ("faults/test_heartbeats.py::test_never_inside_a_frame",),
    # Compressed answers although plain ones were asked for.
    "T57": (
        "faults/test_odd_answers.py::test_a_compressed_stream_is_unpacked",
        "faults/test_odd_answers.py::test_a_compressed_reply_is_unpacked",
        "upstream/test_inflate.py::test_what_was_packed_comes_back_wherever_it_is_cut",
    ),
    "T58": ("upstream/test_inflate.py::test_the_label_does_not_stay_on_what_was_unpacked",),
    # Versions and betas: the caller's own, once.
    "T59": (
        "dialects/messages/test_relayed.py::test_what_the_caller_says_passes_as_it_is",
        "dialects/messages/test_relayed.py::test_who_says_no_version_gets_the_oldest",
    ),
    "T61": (
        "dialects/messages/test_relayed.py::test_what_the_caller_says_passes_as_it_is",
        "pipeline/test_passing.py::"
        "test_features_pass_to_the_backend_and_nothing_of_the_callers_own",
    ),
    "T62": ("pipeline/test_telling.py::test_no_waiting_time_is_made_up",),
    # Comments of backends, and a last frame that lacks its end.
    "T64": (
        "faults/test_errors.py::test_comments_are_no_event",
        "conformance/test_streams.py::test_other_line_ends_and_comments_do_not_matter",
    ),
    "T67": ("wire/test_sse.py::test_the_splitter_gives_back_exactly_what_it_was_fed",),
}

AWAITED: Mapping[str, str] = {}
"""Cases of what the gateway does not have yet: each leaves this list with its test."""


@functools.cache
def places() -> Mapping[str, list[str]]:
    """The tests of each case by their names, from every test file."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name in functions_in(path):
            for number in re.findall(r"_t(\d\d)(?=_)", name):
                found[f"T{number}"].append(f"{path.relative_to(TESTS)}::{name}")
    return found


@functools.cache
def functions_in(path: pathlib.Path) -> frozenset[str]:
    """The names of the tests in a file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    names = (n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in names if name.startswith("test_"))


@pytest.mark.parametrize("case", [*CORE, *REST])
def test_every_case_is_tested(case: str) -> None:
    assert (case in AWAITED) != bool(places().get(case) or ELSEWHERE.get(case))


@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_is_named_here_is_there(case: str) -> None:
    for place in ELSEWHERE[case]:
        path, _, name = place.partition("::")
        assert name in functions_in(TESTS / path), place


def test_the_list_is_whole() -> None:
    assert (len(CORE), len(REST)) == (62, 36)
    assert sorted([*CORE, *REST]) == [f"T{number:02}" for number in range(1, 99)]


# --- cases that concern every pair alike ---


@pytest.mark.parametrize("caller", CALLERS)
def test_t50_an_event_that_is_called_error_is_one(caller: str) -> None:
    words = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    error = b'event: error\ndata: {"error":{"message":"Rate limit.","type":"x","code":"y"}}\n\n'
    got = carry.stream([words + error], "chat", caller, TOLD[caller])
    assert got.outcome == "upstream_error"
    with pytest.raises(clients.ERRORS, match="Rate limit"):
        clients.STREAMS[caller](got.body)


@pytest.mark.parametrize("caller", CALLERS)
def test_t63_no_frame_has_an_id_or_a_retry(caller: str) -> None:
    """`validators.frames_of` takes nothing but ``event:`` and ``data:``; here it is seen to."""
    sent = b'id: 7\nretry: 9\ndata: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    got = carry.stream([sent + end], "chat", caller, TOLD[caller])
    assert validators.frames_of(got.body)
    assert b"id: " not in got.body
    assert b"retry" not in got.body


@pytest.mark.parametrize("caller", CALLERS)
def test_t65_t66_letters_and_frames_may_be_cut_anywhere(caller: str) -> None:
    words = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"日本 \U0001f600"}}]}\n\n'
    end = 'event: x\ndata: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    raw = (words + end).encode()
    for at in range(1, len(raw)):
        got = carry.stream([raw[:at], raw[at:]], "chat", caller, TOLD[caller])
        assert clients.STREAMS[caller](got.body).answers[0].text == "日本 \U0001f600"


@pytest.mark.parametrize("caller", CALLERS)
def test_t71_content_that_is_null_is_empty(caller: str) -> None:
    said = [
        chunk({"role": "assistant", "content": None}),
        chunk({"content": "a"}),
        chunk({}, "stop"),
    ]
    told = clients.STREAMS[caller](carried(caller, *said))
    assert told.answers[0].text == "a"
    half = carry.caller_half("chat")
    body = b'{"model":"m","messages":[{"role":"assistant","content":null},{"role":"user"}]}'
    parts = [part for message in half.read_request(body).messages for part in message.parts]
    assert [part for part in parts if isinstance(part, Text) and part.text] == []


@pytest.mark.parametrize("caller", CALLERS)
def test_t05_indices_have_no_gaps_with_thought_text_and_calls(caller: str) -> None:
    body = carried(
        caller,
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "yes"}),
        chunk({"tool_calls": [call(0, "a", "f", "{}"), call(1, "b", "f", "{}")]}),
        chunk({}, "tool_calls"),
    )
    validators.check(caller, body)
    told = clients.STREAMS[caller](body)
    assert (told.answers[0].thought, told.answers[0].text) == ("hm", "yes")
    assert len(told.answers[0].calls) == 2


def carried(caller: str, *payloads: dict[str, object]) -> bytes:
    """A stream of Chat Completions as a caller gets it."""
    raw = Shape("chat", "", payloads).sse.encode()
    return carry.stream([raw], "chat", caller, TOLD[caller]).body
