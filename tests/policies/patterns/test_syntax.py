import pytest

from headgate.policies.patterns.prefix import write
from headgate.policies.patterns.syntax import PatternRefused, parse, shortest


@pytest.mark.parametrize(
    "source",
    [
        "abc",
        "a+b?c*",
        "a+?b{2,3}?",
        r"[^]a-z\]]+x",
        r"[[:alpha:]]\pL\p{Greek}\x41\x{263a}\101",
        r"^a$|\bb\B|\Ac\z",
        "a(?:b|c)d",
        "(?i)foo|bar",
        "a(?i:b)c",
        "(a)(?P<name>b)(?<other>c)",
        "a{b}",
    ],
)
def test_what_re2_takes_is_understood(source: str) -> None:
    again = write(parse(source))
    assert write(parse(again)) == again


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("(?=a)", "looks ahead or behind"),
        ("(?<!a)b", "looks ahead or behind"),
        ("a**", "repeats a repetition"),
        ("*a", "nothing to repeat"),
        ("a|{2}", "nothing to repeat"),
        ("(a", "'(' that is not closed"),
        ("a)", "')' too many"),
        ("[a", "'[' that is not closed"),
        ("a\\", "ends with a backslash"),
        ("a(?i)b", "flags in the middle"),
        ("(?#x)", "unknown group"),
        (r"\Qa\E", "not supported"),
        ("(" * 60 + "a" + ")" * 60, "nested deeper"),
        ("a" * 4001, "longer than"),
    ],
)
def test_what_has_no_place_in_a_stream_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(PatternRefused) as refusal:
        parse(source)
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("source", "length"),
    [("abc", 3), ("a*", 0), ("a{3}b?", 3), ("ab|c", 1), (r"\b", 0), ("(?i:ab)", 2)],
)
def test_the_shortest_match_is_known(source: str, length: int) -> None:
    assert shortest(parse(source)) == length
