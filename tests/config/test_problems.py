import pytest

from headgate.config.problems import ConfigErrors, Findings, Problem, nearest, report


def test_a_problem_is_one_sentence_with_its_place() -> None:
    problem = Problem("h.yaml", 7, "server", "unknown key 'prot'", "port")
    assert str(problem) == "h.yaml:7: server: unknown key 'prot'; did you mean 'port'?"
    assert str(Problem("h.yaml", None, "", "is empty")) == "h.yaml: is empty"


def test_findings_come_by_line_and_once() -> None:
    findings = Findings("f")
    for line in (9, 2, 9, None):
        findings.add(line, "x", "is wrong")
    assert [problem.line for problem in findings.problems] == [None, 2, 9]
    with pytest.raises(ConfigErrors, match="3 problems"):
        findings.raise_any()


def test_nothing_found_raises_nothing() -> None:
    Findings("f").raise_any()


@pytest.mark.parametrize(
    ("word", "valid", "found"),
    [("heartbat", ["heartbeat", "host"], "heartbeat"), ("OpenAI", ["openai"], "openai"),
     ("zzz", ["openai"], None), ("x", [], None)],
)  # fmt: skip
def test_the_nearest_name_is_found(word: str, valid: list[str], found: str | None) -> None:
    assert nearest(word, valid) == found


def test_the_report_counts() -> None:
    assert report(None) == ["the configuration is valid"]
    one = ConfigErrors([Problem("f", 1, "a", "is wrong")])
    assert report(one) == ["f:1: a: is wrong", "1 problem"]
