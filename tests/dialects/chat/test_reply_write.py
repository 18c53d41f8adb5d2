import json
from typing import Any

import pytest

from headgate.dialects.chat.reply_read import read_reply
from headgate.dialects.chat.reply_write import write_reply
from headgate.dialects.chat.stream_read import StreamReader
from headgate.dialects.chat.tools import FlatCustom, LegacyFunction
from headgate.dialects.destination import Source
from headgate.model.events import Finished
from headgate.model.parts import Citation, Image, Reasoning, Refusal, Text, ToolCall, Url, Vendor
from headgate.model.reply import Choice, Reply, unfold
from headgate.model.state import OpaqueState, unseal
from headgate.model.usage import Usage
from tests.dialects.chat.sample import SEED, client, context, encode, write
from tests.recordings import exchanges
from tests.streams import fold

HOME = Source(vendor="openrouter")
NORMALISED = {"id", "created", "model"}


def tell(*parts: Any, finish: Finished | None = None, **more: Any) -> dict[str, Any]:
    reply = Reply("r", "m", 1, (Choice(0, parts, finish or Finished("end")),), **more)
    choice = json.loads(write_reply(reply, context()).body)["choices"][0]
    assert isinstance(choice, dict)
    return choice


@pytest.mark.parametrize("row", exchanges("chat"))
def test_what_was_recorded_is_kept_but_for_what_is_normalised(row: dict[str, Any]) -> None:
    """Normalised are ids and names (ours), nulls and empty lists, indices of calls, the name of
    the reasoning field, lists of plain content, and empty placeholders."""
    said = row["response"]
    if "choices" not in said:
        return
    told = json.loads(write_reply(read_reply(encode(said), HOME), context()).body)
    for field in said.keys() - NORMALISED - {"choices", "usage"}:
        assert told.get(field) == said[field] or said[field] is None, field
    for counter in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert told["usage"][counter] == said["usage"][counter]
    for ours, theirs in zip(told["choices"], said["choices"], strict=True):
        for field in theirs.keys() - {"message", "finish_reason", "logprobs", "delta"}:
            assert ours.get(field) == theirs[field] or theirs[field] is None, field
        heard = {k for k, v in theirs["message"].items() if v and k not in ours["message"]}
        assert heard <= {"reasoning", "audio", "function_call"}


@pytest.mark.parametrize("row", exchanges("chat"))
def test_reading_what_was_written_gives_the_same_reply(row: dict[str, Any]) -> None:
    if "choices" not in row["response"]:
        return
    reply = read_reply(encode(row["response"]), HOME)
    again = read_reply(write_reply(reply, context()).body, HOME)
    assert [c.parts for c in again.choices] == [c.parts for c in reply.choices]
    assert [c.reason for c in again.choices] == [
        "end" if c.reason == "unknown" else c.reason for c in reply.choices
    ]
    assert again.usage is not None
    assert reply.usage is not None
    assert again.usage.total_tokens == reply.usage.total_tokens


@pytest.mark.parametrize("row", exchanges("chat"))
def test_told_as_a_stream_it_is_the_same_reply(row: dict[str, Any]) -> None:
    if "choices" not in row["response"]:
        return
    reply = read_reply(encode(row["response"]), HOME)
    reader = StreamReader(HOME)
    again = fold(reader.feed(write(unfold(reply))))
    for ours, theirs in zip(again.choices, reply.choices, strict=True):
        assert _words(ours) == _words(theirs)


def _words(choice: Choice) -> dict[str, str]:
    """All that is said of each kind, joined."""
    said: dict[str, str] = {}
    for part in choice.parts:
        if isinstance(part, ToolCall):
            words = f"{part.id} {part.name} {part.arguments};"
        elif isinstance(part, Text | Reasoning | Refusal):
            words = part.text
        else:
            continue
        kind = type(part).__name__
        said[kind] = said.get(kind, "") + words
    return {kind: words for kind, words in said.items() if words}


def test_the_official_client_reads_it() -> None:
    reply = Reply(
        "r",
        "m",
        1,
        (Choice(0, (Text("Hi"), ToolCall("c", "f", "{}")), Finished("tools")),),
        Usage(3, 2, reasoning_tokens=1),
    )
    body = write_reply(reply, context()).body
    heard = client(body, "application/json").chat.completions.create(model="m", messages=[])
    assert (heard.id, heard.model, heard.created) == (f"chatcmpl-{SEED}", "alias", 7)
    assert heard.choices[0].message.content == "Hi"
    assert heard.choices[0].finish_reason == "tool_calls"
    assert heard.usage is not None
    assert heard.usage.completion_tokens_details is not None
    assert heard.usage.completion_tokens_details.reasoning_tokens == 1


def test_content_is_null_where_only_calls_are_and_empty_where_nothing_is() -> None:
    assert tell(ToolCall("c", "f"))["message"]["content"] is None
    assert tell()["message"] == {"role": "assistant", "content": "", "refusal": None}


def test_reasoning_is_text_and_its_state_an_entry() -> None:
    state = OpaqueState("anthropic", "sig")
    message = tell(Reasoning("hm", state=state), Text("a"))["message"]
    assert message["reasoning_content"] == "hm"
    (entry,) = message["reasoning_details"]
    assert (entry["index"], entry["type"], entry["text"]) == (0, "reasoning.text", "hm")
    assert unseal(entry["signature"]) == state


def test_state_before_a_call_names_the_call() -> None:
    state = OpaqueState("google", "sig")
    (entry,) = tell(Reasoning(state=state), ToolCall("c1", "f"))["message"]["reasoning_details"]
    assert entry["id"] == "c1"


def test_custom_and_legacy_calls_have_their_callers_form() -> None:
    call = ToolCall("c", "p", "raw", custom=True)
    assert tell(call)["message"]["tool_calls"][0]["custom"] == {"name": "p", "input": "raw"}
    reply = Reply(choices=(Choice(0, (call, call), Finished("tools")),))

    def message(*tools: Any) -> tuple[Any, tuple[str, ...]]:
        told = write_reply(reply, context(tools=tools))
        return json.loads(told.body)["choices"][0], told.losses

    flat, _ = message(FlatCustom("p", custom=True))
    assert flat["message"]["tool_calls"][0]["function"] == {"name": "p", "arguments": "raw"}
    legacy, losses = message(LegacyFunction("p"))
    assert legacy["message"]["function_call"] == {"name": "p", "arguments": "raw"}
    assert (legacy["finish_reason"], losses) == ("function_call", ("tool_calls",))


def test_t26_the_reason_of_a_refusal_is_told() -> None:
    choice = tell(finish=Finished("refusal", explanation="because"))
    assert (choice["finish_reason"], choice["message"]["refusal"]) == ("content_filter", "because")
    choice = tell(Refusal("No"), finish=Finished("refusal"))
    assert (choice["finish_reason"], choice["message"]["refusal"]) == ("stop", "No")


def test_pictures_citations_and_what_has_no_words_here() -> None:
    reply = Reply(
        choices=(
            Choice(
                0,
                (
                    Text("a", (Citation("u", "T"), Citation(dialect="messages"))),
                    Image(Url("https://i")),
                    Vendor("chat", {"type": "x"}),
                    Vendor("messages", {"type": "server_tool_use"}),
                ),
                Finished("end"),
            ),
        )
    )
    told = write_reply(reply, context())
    message = json.loads(told.body)["choices"][0]["message"]
    assert message["annotations"][0]["url_citation"]["url"] == "u"
    assert message["images"][0]["index"] == 0
    assert message["content"] == [{"type": "text", "text": "a"}, {"type": "x"}]
    assert told.losses == ("citations", "server_tool_use")


def test_foreign_extras_stay_inside() -> None:
    finish = Finished("end", extras={"messages": {"a": 1}, "b": 2})
    assert tell(finish=finish, extras={"container": 1}).keys() == {
        "index",
        "message",
        "logprobs",
        "finish_reason",
    }
