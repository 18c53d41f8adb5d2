import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.parts import Text, ToolCall
from headgate.model.reply import unfold
from headgate.model.request import Message
from headgate.policies.builtin.redact import ALL_PATTERNS
from headgate.policies.detectors import DETECTORS
from headgate.policies.patterns.finder import Finder
from tests.policies.drive import (
    TEXTS,
    cut,
    opened,
    pour,
    reply,
    request,
    run,
    said,
    stream,
    texts,
    whole,
)

FINDER = Finder([p for name in ALL_PATTERNS for p in DETECTORS[name]], 4096)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 1000))
def test_what_the_caller_gets_holds_nothing_that_is_looked_for(text: str, seed: int) -> None:
    streamed = run(stream(opened({"policy": "redact"}), cut(unfold(reply(Text(text))), seed)))
    data = streamed.text.encode()
    assert FINDER.find(data, 0, len(data)) is None


def test_every_pattern_is_looked_for_unless_some_are_named() -> None:
    text = "a@b.org 10.0.0.1"
    assert said(run(opened({"policy": "redact"}).request(request(text)))) == ["[EMAIL] [IP]"]
    only = opened({"policy": "redact", "patterns": ["ip"]})
    assert said(run(only.request(request(text)))) == ["a@b.org [IP]"]


def test_regexes_of_one_s_own_stand_under_their_names() -> None:
    running = opened({"policy": "redact", "patterns": [], "regexes": {"case": r"\bC-\d{4}\b"}})
    assert said(run(running.request(request("case C-1234 and C-12345")))) == [
        "case [CASE] and C-12345"
    ]
    assert running.reports[0].findings == {"case": 1}


def test_a_hash_is_the_same_for_the_same_text_and_tells_nothing_without_the_key() -> None:
    running = opened({"policy": "redact", "as": "hash", "hash_key": "k"})
    mark = hmac.new(b"k", b"a@b.org", hashlib.sha256).hexdigest()[:12]
    answer = run(whole(running, reply(Text("a@b.org and a@b.org"))))
    assert answer == reply(Text(f"[EMAIL:{mark}] and [EMAIL:{mark}]"))


@pytest.mark.parametrize("seed", range(5))
def test_tokens_come_back_as_what_the_caller_said(seed: int) -> None:
    async def work() -> tuple[list[str], list[str], str]:
        running = opened({"policy": "redact", "as": "token"})
        asked = await running.request(request("from a@b.org", "to c@d.org, a@b.org"))
        answer = reply(
            Text("[EMAIL_2] wrote to [EMAIL_1], [EMAIL_9] and x@y.org"),
            ToolCall("1", "send", '{"to":"[EMAIL_1]"}'),
        )
        streamed = (await pour(running, cut(unfold(answer), seed))).reply
        call = streamed.choices[0].parts[1]
        assert isinstance(call, ToolCall)
        return said(asked), texts(streamed), call.arguments

    assert run(work()) == (
        ["from [EMAIL_1]", "to [EMAIL_2], [EMAIL_1]"],
        ["c@d.org wrote to a@b.org, [EMAIL_9] and [EMAIL]"],
        '{"to":"a@b.org"}',
    )


def test_tokens_come_back_even_where_answers_are_not_searched() -> None:
    async def work() -> list[str]:
        running = opened({"policy": "redact", "as": "token", "apply_to": ["request"]})
        await running.request(request("a@b.org"))
        return texts(await running.reply(reply(Text("[EMAIL_1] x@y.org"))))

    assert run(work()) == ["a@b.org x@y.org"]


def test_only_the_roles_that_are_named_are_searched() -> None:
    messages = tuple(Message(role, (Text("a@b.org"),)) for role in ("system", "user"))
    running = opened({"policy": "redact", "roles": ["user"]})
    assert said(run(running.request(request(messages=messages)))) == ["a@b.org", "[EMAIL]"]


def test_arguments_stay_json_and_raw_input_is_text() -> None:
    calls = (
        ToolCall("1", "a", '{"to": "a@b.org", "card": 4111111111111111, "n": 1.50}'),
        ToolCall("2", "b", "to a@b.org", custom=True),
    )
    answer = run(whole(opened({"policy": "redact"}), reply(*calls)))
    assert answer == reply(
        ToolCall("1", "a", '{"to": "[EMAIL]", "card": "[CREDIT_CARD]", "n": 1.50}'),
        ToolCall("2", "b", "to [EMAIL]", custom=True),
    )
