from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from headgate.config import ConfigErrors, RewriteSettings, find_cycle, parse
from tests.config.documents import only_problem, problems, read

BACKENDS = "backends:\n  openai: {base_url: 'https://api.openai.com', models: [gpt-4o]}\n"


@pytest.mark.parametrize(
    ("text", "line", "words", "hint"),
    [
        (
            "models:\n  m:\n    targets:\n      - {backend: opnai, model: gpt-4o}", 6,
            "there is no backend 'opnai'", "openai",
        ),
        ("models:\n  m: {targets: []}", 4, "has no target", None),
        (
            "models:\n  m: {targets: [{backend: openai, model: gpt-4o, weight: 0}]}", 4,
            "every target has the weight 0", None,
        ),
        (
            "models:\n  m: {targets: [{backend: openai, model: gpt-4o}], fallback_on: [404]}", 4,
            "'404' is not one of", "429",
        ),
        (
            "rewrites:\n  - {source: a, target: gpt-4o}\n  - {source: a, target: gpt-4o}", 5,
            "the source 'a' stands twice", None,
        ),
        (
            "rewrites:\n  - {source: a, target: b}\n  - {source: b, target: a}", 4,
            "a cycle: a -> b -> a", None,
        ),
        ("rewrites:\n  - {source: a, target: gpt-4}", 4, "no model 'gpt-4'", "gpt-4o"),
        (
            "users:\n  - {name: a, api_key: 0123456789abcdef}\n"
            "  - {name: a, api_key: key-of-another-user}",
            5,
            "this name stands twice", None,
        ),
        (
            "users:\n  - {name: a, api_key: 0123456789abcdef}\n"
            "  - {name: b, api_key: 0123456789abcdef}",
            5,
            "has the same api_key as 'a'", None,
        ),
        (
            "users:\n  - name: a\n    api_key: 0123456789abcdef\n"
            "    backends: [openai,\n      opnai]",
            7,
            "there is no backend 'opnai'", "openai",
        ),
        (
            "users:\n  - {name: a, api_key: 0123456789abcdef, models: [gpt-4o, gpt-4]}", 4,
            "no model is called 'gpt-4'", "gpt-4o",
        ),
        ("policies:\n  chain:\n    - {polcy: redact}", 5, "the key 'policy' is missing", None),
    ],
)  # fmt: skip
def test_what_does_not_hold_between_sections_is_named(
    text: str, line: int, words: str, hint: str | None
) -> None:
    problem = only_problem(BACKENDS + text)
    assert problem.line == line
    assert words in problem.message
    if "404" not in words:
        assert problem.nearest == hint


def test_a_target_may_name_what_its_backend_does_not_offer_by_itself() -> None:
    read(BACKENDS + "models:\n  m: {targets: [{backend: openai, model: gpt-4}]}")


def test_a_glob_may_stand_for_models_to_come() -> None:
    read(BACKENDS + "users:\n  - {name: a, api_key: 0123456789abcdef, models: ['gpt-5*']}")


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("{}", "the key 'base_url' is missing"),
        ("{kind: azure}", "the kind azure has no address of its own"),
        ("{base_url: 'https://x', agent: 'a:b'}", "has a base_url and an agent"),
        ("{base_url: 'https://x', auth: sigv4}", "sigv4 needs the key 'aws'"),
        (
            "{base_url: 'https://x', api_key: k,"
            " aws: {access_key_id: a, secret_access_key: b, region: c}}",
            "another way to sign in",
        ),
        ("{base_url: 'https://x', speaks: []}", "names no dialect"),
        ("{base_url: 'https://x', speaks: [chat, chat]}", "names 'chat' twice"),
    ],
)
def test_a_backend_needs_one_way_to_be_reached(backend: str, words: str) -> None:
    assert words in only_problem(f"backends:\n  a: {backend}").message


@pytest.mark.parametrize(
    "backend", ["{agent: 'a.b:c'}", "{kind: openai}", "{base_url: 'http://x'}"]
)
def test_one_way_is_enough(backend: str) -> None:
    assert not problems(f"backends:\n  a: {backend}")


def test_a_backend_that_is_wrong_itself_is_still_a_backend() -> None:
    text = "backends:\n  a: 5\nmodels:\n  m: {targets: [{backend: a, model: x}]}\n"
    assert "mapping of keys" in only_problem(text).message


def test_where_a_backend_lists_its_own_models_no_name_is_unknown() -> None:
    text = "backends:\n  a: {kind: openai}\nrewrites:\n  - {source: a, target: b}\n"
    assert not problems(text + "users:\n  - {name: u, api_key: 0123456789abcdef, models: ['x*']}\n")


def test_a_rule_that_is_off_closes_no_cycle() -> None:
    text = "rewrites:\n  - {source: a, target: b}\n  - {source: b, target: a, active: false}\n"
    assert not problems(text)


def test_a_cycle_is_told_from_its_first_name() -> None:
    rules = [("z", "a"), ("a", "b"), ("b", "c"), ("c", "a")]
    settings = [RewriteSettings(source=source, target=target) for source, target in rules]
    assert find_cycle(settings) == ("a", "b", "c", "a")
    assert find_cycle(settings[:2]) == ()
    assert find_cycle([RewriteSettings(source="a", target="a")]) == ("a", "a")


def test_policies_are_judged_by_who_knows_them() -> None:
    def judge(entry: Mapping[str, Any]) -> Iterable[str]:
        return [f"unknown policy {entry['policy']!r}"] if entry["policy"] != "redact" else []

    text = "policies:\n  chain:\n    - {policy: redact}\n    - policy: other\n      x: 1\n"
    with pytest.raises(ConfigErrors) as caught:
        parse(text, {}, "f", judge)
    (problem,) = caught.value.problems
    assert (problem.line, problem.where) == (4, "policies.chain[1]")
    assert problem.message == "unknown policy 'other'"


def test_chain_entries_are_kept_as_they_are() -> None:
    chain = "policies: {chain: [{policy: p, off: off, n: 1, deep: {list: [1.5, null]}}]}"
    assert read(chain).policies.chain == (
        {"policy": "p", "off": "off", "n": 1, "deep": {"list": [1.5, None]}},
    )
