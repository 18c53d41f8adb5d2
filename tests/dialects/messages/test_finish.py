import pytest

from headgate.dialects.messages.finish import read_finish, write_finish
from headgate.model.events import Finished
from headgate.model.finish import FinishReason

NATIVE = [
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "compaction",
]


@pytest.mark.parametrize("native", NATIVE)
def test_every_stop_reason_comes_back(native: str) -> None:
    stop = {"stop_reason": native, "stop_sequence": "END" if native == "stop_sequence" else None}
    called = native == "tool_use"
    written = write_finish(read_finish(stop, called), called)
    assert {key: written[key] for key in stop} == stop


@pytest.mark.parametrize(
    ("reason", "native"),
    [
        ("end", "end_turn"),
        ("length", "max_tokens"),
        ("context_full", "model_context_window_exceeded"),
        ("tools", "tool_use"),
        ("pause", "pause_turn"),
        ("refusal", "refusal"),
        ("filtered", "refusal"),
        ("unknown", "end_turn"),
    ],
)
def test_every_reason_has_a_word(reason: FinishReason, native: str) -> None:
    assert write_finish(Finished(reason, native="whatever"), False)["stop_reason"] == native


def test_t25_a_filter_elsewhere_is_a_refusal_with_details() -> None:
    written = write_finish(Finished("filtered", explanation="No."), False)
    assert written["stop_reason"] == "refusal"
    assert written["stop_details"] == {"type": "refusal", "category": None, "explanation": "No."}


def test_t26_the_vendors_refusal_is_a_filter_with_its_explanation() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Because."}
    finish = read_finish({"stop_reason": "refusal", "stop_details": details}, False)
    assert finish.reason == "filtered"
    assert finish.explanation == "Because."
    assert write_finish(finish, False)["stop_details"] == details


def test_t23_a_call_is_a_call_whatever_the_backend_says() -> None:
    finish = read_finish({"stop_reason": "end_turn"}, True)
    assert finish.reason == "tools"
    assert write_finish(finish, True)["stop_reason"] == "tool_use"


def test_t27_a_full_context_is_not_unknown() -> None:
    finish = read_finish({"stop_reason": "model_context_window_exceeded"}, True)
    assert finish.reason == "context_full"


def test_t28_a_reason_is_always_told() -> None:
    assert write_finish(None, False)["stop_reason"] == "end_turn"
    assert write_finish(None, True)["stop_reason"] == "tool_use"
    assert write_finish(Finished("unknown", native="odd"), False)["stop_reason"] == "end_turn"


def test_a_word_that_is_newer_than_we_are_comes_back() -> None:
    finish = read_finish({"stop_reason": "brand_new", "container": {"id": "c"}}, False)
    assert finish.reason == "unknown"
    assert write_finish(finish, False) == {
        "stop_reason": "brand_new",
        "stop_sequence": None,
        "container": {"id": "c"},
    }


def test_a_stop_sequence_that_is_not_known_is_an_ordinary_end() -> None:
    assert write_finish(Finished("stop_sequence"), False)["stop_reason"] == "end_turn"
    written = write_finish(Finished("stop_sequence", sequence="END"), False)
    assert (written["stop_reason"], written["stop_sequence"]) == ("stop_sequence", "END")


@pytest.mark.parametrize("value", [None, 5, [], {}])
def test_hostile_values_are_unknown(value: object) -> None:
    finish = read_finish(
        {"stop_reason": value, "stop_sequence": value, "stop_details": value}, False
    )
    assert finish.reason == "unknown"
    assert finish.native is None
