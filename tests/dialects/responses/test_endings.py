from typing import Any

import pytest

from headgate.dialects.responses import endings
from headgate.model.events import Finished
from headgate.model.finish import FinishReason


@pytest.mark.parametrize(
    ("response", "called", "refused", "reason", "native"),
    [
        ({"status": "completed"}, False, False, "end", "completed"),
        ({"status": "completed"}, True, False, "tools", "completed"),
        ({"status": "completed"}, False, True, "refusal", "completed"),
        ({}, False, False, "end", "completed"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            True,
            False,
            "length",
            "max_output_tokens",
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            False,
            False,
            "filtered",
            "content_filter",
        ),
        ({"status": "incomplete"}, False, False, "length", "incomplete"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "steered"}},
            False,
            False,
            "unknown",
            "steered",
        ),
        ({"status": "queued"}, False, False, "unknown", "queued"),
    ],
)
def test_t31_why_a_response_ended(
    response: dict[str, Any], called: bool, refused: bool, reason: str, native: str
) -> None:
    finish = endings.read_finish(response, called, refused)
    assert (finish.reason, finish.native) == (reason, native)


@pytest.mark.parametrize(
    ("reason", "refusal", "status", "why"),
    [
        ("end", False, "completed", None),
        ("stop_sequence", False, "completed", None),
        ("tools", False, "completed", None),
        ("pause", False, "completed", None),
        ("unknown", False, "completed", None),
        ("length", False, "incomplete", "max_output_tokens"),
        ("context_full", False, "incomplete", "max_output_tokens"),
        ("filtered", False, "incomplete", "content_filter"),
        ("refusal", False, "incomplete", "content_filter"),
        ("refusal", True, "completed", None),
        ("broken_tool_call", False, "failed", None),
    ],
)
def test_every_reason_has_a_status(
    reason: FinishReason, refusal: bool, status: str, why: str | None
) -> None:
    assert endings.write_status(Finished(reason), refusal) == (status, why)


def test_a_reply_that_never_finished_is_told_as_whole() -> None:
    assert endings.write_status(None, False) == ("completed", None)


def test_t24_a_failed_response_is_a_fault() -> None:
    fault = endings.failure({"status": "failed", "error": {"code": "server_error", "message": "m"}})
    assert fault is not None
    assert fault.message == "m"
    assert endings.failure({"status": "cancelled"}) is not None
    assert endings.failure({"status": "completed", "error": {"message": "m"}}) is not None
    assert endings.failure({"status": "completed", "error": None}) is None
