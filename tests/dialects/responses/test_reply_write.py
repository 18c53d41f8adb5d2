from typing import Any

import msgspec
import pytest

from headgate.model.events import Finished
from headgate.model.finish import FinishReason
from headgate.model.parts import (
    Audio,
    Image,
    Inline,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Vendor,
)
from headgate.model.reply import Choice, Reply
from headgate.model.state import OpaqueState, seal
from headgate.model.usage import Usage
from tests.dialects.responses import given


def _write(
    *parts: Part, finish: Finished | None = None, **fields: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    choice = Choice(0, parts, finish or Finished("end"))
    reply = Reply(**{"choices": (choice,), **fields})
    told = given.CALLER.write_reply(reply, given.context())
    return msgspec.json.decode(told.body), told.losses


def test_a_reply_of_another_dialect_gets_items_with_ids_of_ours() -> None:
    state = OpaqueState("anthropic", "sig")
    written, losses = _write(
        Reasoning("thought", False, state),
        Text("a"),
        Text("b"),
        ToolCall("c", "f", '{"a":1}', namespace="n"),
        ToolCall("d", "g", "raw", True),
        id="msg_77",
        usage=Usage(1, 2),
    )
    assert losses == ()
    assert written["id"] == f"resp_{given.SEED}000"
    assert written["model"] == "fast"
    assert written["created_at"] == 1000
    assert written["usage"]["total_tokens"] == 3
    reasoning, message, call, custom = written["output"]
    assert reasoning == {
        "type": "reasoning",
        "id": f"rs_hg{given.SEED}001",
        "summary": [{"type": "summary_text", "text": "thought"}],
        "encrypted_content": seal(state),
    }
    assert [part["text"] for part in message["content"]] == ["a", "b"]
    assert (message["role"], message["status"]) == ("assistant", "completed")
    assert call["id"].startswith("fc_")
    assert (call["call_id"], call["namespace"]) == ("c", "n")
    assert custom["id"].startswith("ctc_")
    assert custom["input"] == "raw"
    assert len({item["id"] for item in written["output"]}) == 4


def test_the_home_vendors_state_is_bare() -> None:
    state = OpaqueState("openai", "blob", "encrypted", "rs_1")
    written, _ = _write(Reasoning("", True, state))
    assert written["output"][0]["encrypted_content"] == "blob"


def test_what_says_nothing_is_no_item() -> None:
    written, losses = _write(Text(""), Reasoning(""), ToolCall("c", "f"))
    assert [item["type"] for item in written["output"]] == ["function_call"]
    assert losses == ()


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        ("end", "completed", None),
        ("tools", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("filtered", "incomplete", {"reason": "content_filter"}),
        ("broken_tool_call", "failed", None),
    ],
)
def test_a_reply_says_how_it_ended(reason: FinishReason, status: str, details: Any) -> None:
    written, _ = _write(Text("a"), finish=Finished(reason))
    assert written["status"] == status
    assert written["incomplete_details"] == details
    assert written["output"][0]["status"] == ("incomplete" if details else "completed")
    assert (written["error"] is None) == (status != "failed")


def test_t26_a_refusal_is_told_in_the_words_there_are() -> None:
    own, _ = _write(Refusal("no"), finish=Finished("refusal", explanation="policy"))
    assert own["status"] == "completed"
    assert own["output"][0]["content"] == [{"type": "refusal", "refusal": "no"}]
    other, _ = _write(finish=Finished("refusal", explanation="policy"))
    assert other["status"] == "incomplete"
    assert other["output"][0]["content"] == [{"type": "refusal", "refusal": "policy"}]
    silent, _ = _write(finish=Finished("refusal"))
    assert silent["incomplete_details"] == {"reason": "content_filter"}


def test_parts_without_items_are_lost_by_name() -> None:
    written, losses = _write(
        Vendor("messages", {"type": "server_tool_use"}), Audio("aa"), Text("a")
    )
    assert losses == ("server_tool_use", "audio")
    assert len(written["output"]) == 1


def test_a_picture_is_an_image_generation() -> None:
    written, _ = _write(Image(Inline("image/png", "aa")))
    (item,) = written["output"]
    assert (item["type"], item["result"], item["status"]) == (
        "image_generation_call",
        "aa",
        "completed",
    )


def test_one_answer_has_room_for_one() -> None:
    choices = (Choice(0, (Text("a"),)), Choice(1, (Text("b"),)))
    written, losses = _write(choices=choices)
    assert losses == ("n",)
    assert len(written["output"]) == 1


def test_no_answer_at_all_is_an_empty_one() -> None:
    written, losses = _write(choices=())
    assert (written["output"], losses) == ([], ())


def test_a_reply_that_goes_on_in_the_background_says_so() -> None:
    body = b'{"id":"resp_1","status":"queued","output":[],"background":true}'
    reply = given.BACKEND.read_reply(body, given.OPENAI)
    written = msgspec.json.decode(given.CALLER.write_reply(reply, given.context()).body)
    assert (written["status"], written["background"]) == ("queued", True)


def test_an_end_without_a_word_of_ours_is_told_as_it_came() -> None:
    details = {"reason": "steered"}
    body = {"id": "resp_1", "status": "incomplete", "incomplete_details": details, "output": []}
    reply = given.BACKEND.read_reply(msgspec.json.encode(body), given.OPENAI)
    written = msgspec.json.decode(given.CALLER.write_reply(reply, given.context()).body)
    assert (written["status"], written["incomplete_details"]) == ("incomplete", details)
