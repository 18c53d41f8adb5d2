from typing import Any

import msgspec
import pytest

from headgate.model.parts import Text
from headgate.model.reply import unfold
from headgate.policies.chain import NO_CHAIN, Entry, check_entry, compile_chain
from headgate.policies.environment import Environment
from headgate.policies.keys import ChainRefused
from tests.policies.drive import OCCASION, opened, pour, reply, request, run, said, texts

WHERE = "tests.policies.strangers"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "the key 'policy' is missing"),
        ({"policy": 3}, "the key 'policy' is missing"),
        ({"policy": "redct"}, "policy: there is no policy 'redct'; did you mean 'redact'?"),
        ({"policy": "redact", "pattern": []}, "unknown key 'pattern'; did you mean 'patterns'?"),
        ({"policy": "redact", "patterns": ["emial"]}, "patterns[0]: 'emial' is not one of"),
        ({"policy": "redact", "patterns": []}, "patterns: names nothing to look for"),
        ({"policy": "redact", "regexes": {"x": "(?=a)"}}, "regexes.x: the regex looks ahead"),
        ({"policy": "redact", "regexes": {"x": "a*"}}, "regexes.x: the regex matches the empty"),
        ({"policy": "redact", "regexes": {"x": "a("}}, "regexes.x: the regex has a '('"),
        ({"policy": "redact", "as": "hash"}, "hash_key: is needed"),
        ({"policy": "redact", "as": "hsh"}, "as: 'hsh' is not one of"),
        ({"policy": "redact", "max_hold": 5}, "max_hold: 5 has no unit"),
        ({"policy": "redact", "lookback": 0}, "lookback: must be 1 or more"),
        ({"policy": "redact", "mode": "off"}, "mode: 'off' is not one of"),
        ({"policy": "redact", "when": {"usr": "a"}}, "when: unknown key 'usr'; did you mean"),
        ({"policy": "block"}, "has no words, regexes or topics"),
        ({"policy": "block", "words": [" "]}, "words: has an empty word"),
        ({"policy": "log_only", "words": ["a"], "max_hold": "1s"}, "max_hold: has no meaning"),
        ({"policy": "inject_system", "text": "a", "max_hold": "1s"}, "unknown key 'max_hold'"),
        ({"policy": "inject_system", "text": " "}, "text: is empty"),
        ({"policy": "rename_model", "models": {}}, "models: names no model"),
        ({"policy": "max_tokens", "limit": 0}, "limit: must be 1 or more"),
        ({"policy": "deny_tools", "tools": []}, "tools: names no tool"),
        (
            {"policy": "deny_tools", "tools": ["a"], "action": "refuse", "answer": "b"},
            "answer: has no meaning",
        ),
        ({"policy": "require_json_schema", "schema": {"typ": 1}}, "schema: typ is unknown"),
        ({"policy": "require_json_schema", "ask": True}, "ask: needs a schema"),
        ({"policy": "require_json_schema", "max_hold": "1s"}, "unknown key 'max_hold'"),
        ({"policy": "judge", "model": "m", "rules": ""}, "rules: is empty"),
        ({"policy": "judge", "model": "m"}, "the key 'rules' is missing"),
        ({"policy": "webhook", "url": "ftp://x"}, "url: a backend is called by http"),
        ({"policy": "webhook", "url": "http://x", "headers": {"a b": "c"}}, "headers.a b: is no"),
        ({"policy": "header", "header": "Authorization", "value": "a"}, "header: this header is"),
        ({"policy": "header", "header": "x", "value": "{usr}"}, "value: {usr} is unknown"),
        ({"policy": "tag", "tags": {}}, "tags: names no tag"),
        ({"policy": "language", "allow": ["xx"]}, "allow: cannot tell xx; knows"),
        ({"policy": "language", "allow": ["en"], "lookback": 100}, "lookback: is less than"),
        ({"policy": "sequence", "policies": []}, "policies: names no policy"),
        ({"policy": "sequence", "policies": [{"policy": "x"}]}, "policies[0].policy: there is no"),
        ({"policy": "parallel", "policies": [{"policy": "redact"}]}, "policies[0]: 'redact' may"),
        (
            {"policy": "branch", "cases": [{"policies": [], "whn": {}}]},
            "cases[0]: unknown key 'whn'; did you mean 'when'?",
        ),
        ({"policy": "branch", "cases": [], "otherwise": [{}]}, "otherwise[0]: the key 'policy'"),
        ({"policy": f"{WHERE}:Bad", "how": "a"}, "where: is missing"),
        ({"policy": f"{WHERE}:Shout", "tims": 1}, "tims: is unknown; did you mean 'times'?"),
        ({"policy": f"{WHERE}:Shout", "times": "a"}, "times: expected `int`, got `str`"),
        ({"policy": f"{WHERE}:Shut"}, "policy: 'tests.policies.strangers' has no 'Shut'; did you"),
        ({"policy": f"{WHERE}:NOT_A_POLICY"}, "policy: 'tests.policies.strangers:NOT_A_POLICY'"),
        ({"policy": "no.such:Class"}, "policy: 'no.such' cannot be imported"),
        ({"policy": "no such:Class"}, "policy: 'no such:Class' is no package.module:Class"),
        ({"policy": f"{WHERE}:Never"}, "cannot be made: RuntimeError: never"),
        ({"policy": f"{WHERE}:Shout", "max_hold": "x"}, "max_hold: must be a duration"),
    ],
)
def test_what_is_wrong_is_said_with_its_key_and_the_nearest_name(
    entry: dict[str, Any], said: str
) -> None:
    found = list(check_entry(entry))
    assert len(found) == 1, found
    assert found[0].startswith(said)


def test_a_chain_is_refused_whole_with_all_that_is_wrong() -> None:
    entries: Any = [{"policy": "redact"}, {"policy": "redact", "patern": 1}, "x", {"policy": "y"}]
    with pytest.raises(ChainRefused) as refusal:
        compile_chain(entries, Environment())
    assert str(refusal.value).splitlines() == [
        "chain[1]: unknown key 'patern'; did you mean 'patterns'?",
        "chain[2]: must be a mapping of keys",
        "chain[3].policy: there is no policy 'y'",
    ]


def test_compositions_can_be_nested_but_not_for_ever() -> None:
    entry: dict[str, Any] = {"policy": "block", "words": ["a"]}
    for _ in range(21):
        entry = {"policy": "sequence", "policies": [entry]}
    assert "nested deeper" in next(iter(check_entry(entry)))
    assert list(check_entry(entry["policies"][0])) == []


def test_where_no_policy_is_in_force_nothing_is_opened() -> None:
    assert NO_CHAIN.opens(OCCASION) is None
    chain = compile_chain([{"policy": "redact", "when": {"user": "bob"}}], Environment())
    assert chain.opens(OCCASION) is None
    assert chain.opens(msgspec.structs.replace(OCCASION, user="bob")) is not None


def test_policies_that_touch_no_answer_leave_its_bytes_alone() -> None:
    running = opened(
        {"policy": "inject_system", "text": "x"},
        {"policy": "redact", "apply_to": ["request"]},
        {"policy": "redact", "as": "token", "apply_to": ["request"]},
        {"policy": "deny_tools", "tools": ["x"], "apply_to": ["request"]},
        {"policy": "require_json_schema"},
    )
    run(running.request(request("nothing of interest")))
    assert not running.changes_reply
    assert not running.watches_reply
    given = reply(Text("a@b.org"))
    assert run(running.reply(given)) is given


def test_a_request_that_nothing_changes_is_the_same_object() -> None:
    running = opened(
        {"policy": "redact"},
        {"policy": "block", "words": ["x1"]},
        {"policy": "max_tokens", "limit": 10},
        {"policy": "rename_model", "models": {"other": "x"}},
    )
    given = request("nothing of interest", max_tokens=5)
    assert run(running.request(given)) is given


def test_an_exchange_keeps_the_chain_that_it_began_with() -> None:
    first = opened({"policy": "redact"})
    opened({"policy": "block", "words": ["org"]})

    async def work() -> list[str]:
        await first.request(request())
        return texts((await pour(first, unfold(reply(Text("a@b.org "))))).reply)

    assert run(work()) == ["[EMAIL] "]


def test_the_first_case_that_fits_is_taken() -> None:
    def mark(text: str) -> dict[str, Any]:
        return {"policy": "inject_system", "text": text}

    entry = {
        "policy": "branch",
        "cases": [
            {"when": {"model": "claude*"}, "policies": [mark("claude")]},
            {"when": {"user": "a*"}, "unless": {"path": "*/x"}, "policies": [mark("a")]},
            {"when": {"user": "al*"}, "policies": [mark("al")]},
        ],
        "otherwise": [mark("other")],
    }

    def taken(**changes: Any) -> list[str]:
        occasion = msgspec.structs.replace(OCCASION, **changes)
        return said(run(opened(entry, occasion=occasion).request(request())))

    assert taken() == ["a"]
    assert taken(model="claude-x") == ["claude"]
    assert taken(path="/x") == ["al"]
    assert taken(user="bob") == ["other"]


def test_credentials_are_not_shown_to_policies() -> None:
    running = compile_chain([{"policy": "redact"}], Environment()).opens(
        msgspec.structs.replace(OCCASION, headers={"authorization": "Bearer k", "X-A": "b"})
    )
    assert running is not None
    run(running.request(request("x")))
    assert running.occasion.headers == {"x-a": "b"}


@pytest.mark.parametrize("side", ["when", "unless"])
@pytest.mark.parametrize("header", ["authorization", "X-Api-Key", "cookie"])
def test_a_condition_on_a_credential_is_refused(side: str, header: str) -> None:
    entry: Entry = {"policy": "redact", side: {"header": {header: "*"}}}
    inner: Entry = {"policy": "sequence", "policies": [entry]}
    for refused in (entry, inner, {**inner, "policies": [{"policy": "redact"}], side: entry[side]}):
        (said,) = check_entry(refused)
        assert said.endswith("is a credential, which no policy sees")
        assert f"{side}.header.{header}" in said
