import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model import events as ev
from headgate.model.fault import Refused
from headgate.model.parts import Reasoning, Text, ToolCall
from headgate.model.reply import Reply, unfold
from headgate.policies.chain import compile_chain
from headgate.policies.environment import Environment
from headgate.policies.occasion import Occasion
from tests import grammar
from tests.policies.drive import (
    OCCASION,
    REPLIES,
    Entry,
    Model,
    Service,
    opened,
    pour,
    reply,
    request,
    run,
    said,
    stream,
    streams_of,
    texts,
    whole,
)

WORLD = Environment(
    post=Service(
        lambda question: (
            {"action": "refuse", "reason": "no"}
            if "forbidden" in question.get("text", "")
            else {"action": "replace", "text": question.get("text", "").upper(), "arguments": "{}"}
        )
    ).post,
    ask_model=Model(lambda text: '{"allow": %s}' % ("false" if "gun" in text else "true")).ask,
)
EVERY: list[list[Entry]] = [
    [{"policy": "redact"}],
    [{"policy": "redact", "as": "hash", "hash_key": "k"}],
    [{"policy": "redact", "as": "token"}],
    [{"policy": "redact", "regexes": {"word": "for[a-z]+"}, "lookback": 40}],
    [{"policy": "redact", "parts": ["text"]}],
    [{"policy": "block", "words": ["forbidden", "bidden word"]}],
    [{"policy": "block", "regexes": {"x": "g.n"}, "topics": {"arms": ["gun", "rifle"]}}],
    [{"policy": "log_only", "words": ["forbidden"]}],
    [{"policy": "language", "allow": ["en"], "sample": 40}],
    [{"policy": "allow_tools", "tools": ["ls", "get*"]}],
    [{"policy": "deny_tools", "tools": ["rm*"], "answer": "That tool is not allowed."}],
    [{"policy": "deny_tools", "tools": ["rm*"], "action": "refuse"}],
    [{"policy": "require_json_schema", "schema": {"type": "object"}}],
    [{"policy": "judge", "model": "j", "rules": "none", "window": 20}],
    [{"policy": "webhook", "url": "http://hook", "replace": True, "window": 20}],
    [{"policy": "inject_system", "text": "x"}, {"policy": "max_tokens", "limit": 5}],
    [{"policy": "header", "header": "x-a", "value": "{user}"}, {"policy": "tag", "tags": {"a": "b"}}],
    [{"policy": "redact", "mode": "monitor"}, {"policy": "block", "words": ["gun"]}],
    [
        {
            "policy": "parallel",
            "policies": [
                {"policy": "block", "words": ["forbidden"]},
                {"policy": "language", "allow": ["en"], "sample": 40},
                {"policy": "judge", "model": "j", "rules": "none", "window": 30},
            ],
        }
    ],
    [
        {"policy": "redact", "patterns": ["email"]},
        {"policy": "deny_tools", "tools": ["rm"], "answer": "mail a@b.org"},
        {"policy": "redact", "regexes": {"mark": "EMAIL|mail"}},
        {"policy": "judge", "model": "j", "rules": "none", "window": 25},
    ],
]


chains = {id(entries): compile_chain(entries, WORLD) for entries in EVERY}


@pytest.mark.parametrize("entries", EVERY, ids=lambda entries: "+".join(e["policy"] for e in entries))
@settings(max_examples=25, deadline=None)
@given(given=REPLIES, seed=st.integers(0, 10_000))
def test_a_stream_gives_what_the_whole_text_gives_however_it_is_cut(
    entries: list[Entry], given: Reply, seed: int
) -> None:
    async def both() -> None:
        chain = chains[id(entries)]
        first, second = chain.opens(OCCASION), chain.opens(OCCASION)
        assert first is not None
        assert second is not None
        expected = await whole(first, given)
        streamed = await stream(second, streams_of(given, seed))
        if isinstance(expected, Reply):
            grammar.check(streamed.events, whole=True)
        assert streamed.result == expected

    run(both())
