from headgate.config.problems import Findings, Problem
from headgate.policies.builtin.redact import RedactKeys
from headgate.policies.builtin.webhook import WebhookKeys
from headgate.policies.keys import ReadingKeys, read_keys, words


def test_an_entry_is_read_with_its_units() -> None:
    findings = Findings("")
    entry = {"policy": "redact", "max_hold": "50ms", "as": "token", "roles": ["user"]}
    keys = read_keys(RedactKeys, entry, "chain[0]", findings)
    assert keys is not None
    assert (keys.max_hold, keys.style, keys.role_set()) == (0.05, "token", frozenset(("user",)))


def test_what_is_wrong_leaves_no_record() -> None:
    findings = Findings("")
    assert (
        read_keys(RedactKeys, {"policy": "redact", "lookback": "x"}, "chain[0]", findings) is None
    )
    assert findings.problems[0].where == "chain[0].lookback"


def test_what_is_read_of_an_answer_depends_on_the_side() -> None:
    assert ReadingKeys(policy="x").answer_parts() == {"text", "reasoning", "tool_calls"}
    assert ReadingKeys(policy="x", apply_to=("request",)).answer_parts() == frozenset()
    assert ReadingKeys(policy="x").role_set() is None


def test_a_problem_is_one_sentence() -> None:
    assert words(Problem("", None, "a.b", "is wrong", "right")) == (
        "a.b: is wrong; did you mean 'right'?"
    )
    assert words(Problem("", None, "", "is wrong")) == "is wrong"


def test_secrets_are_never_shown() -> None:
    keys = WebhookKeys(policy="webhook", url="http://x", secret="hunter2", headers={"a": "hunter2"})
    assert "hunter2" not in repr(keys)
    redact = RedactKeys(policy="redact", hash_key="hunter2")
    assert "hunter2" not in repr(redact)
