import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config.build import plain
from headgate.config.problems import Findings
from headgate.config.tree import MAX_CHARACTERS, Node, Table, compose, from_plain

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def read(text: str) -> tuple[Node | None, list[str]]:
    findings = Findings("f")
    root = compose(text, {"NAME": "value"}, findings)
    return root, [f"{problem.line}: {problem.message}" for problem in findings.problems]


def test_every_node_knows_its_line() -> None:
    root, found = read("a: 1\nb:\n  - x\n  - y: 2\n")
    assert not found
    assert isinstance(root, Table)
    entry = root.find("b")
    assert entry is not None
    assert (entry.line, entry.value.line) == (2, 3)
    assert plain(root) == {"a": 1, "b": ["x", {"y": 2}]}


def test_a_document_of_nothing_is_nothing() -> None:
    assert read("# only a comment\n") == (None, [])


def test_variables_are_replaced_in_values_and_not_in_keys() -> None:
    root, found = read("'${NAME}': {a: ${NAME}, b: [${NAME}, '${NAME}']}")
    assert not found
    assert root is not None
    assert plain(root) == {"${NAME}": {"a": "value", "b": ["value", "value"]}}


def test_a_value_from_the_environment_is_never_read_as_yaml() -> None:
    findings = Findings("f")
    root = compose("a: ${X}\nb: 1\n", {"X": "{c: 1}\nd: 2 # &x"}, findings)
    assert root is not None
    assert plain(root) == {"a": "{c: 1}\nd: 2 # &x", "b": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", "3: 'a' stands here and in line 1"),
        ("a: !!python/object/apply:os.system [ls]\n", "1: the tag !!python/object/apply:os.system"),
        ("a: !env NAME\n", "1: the tag !env is not allowed"),
        ("a: *nowhere\n", "1: the alias *nowhere is not defined before"),
        ("a: &a [*a]\n", "1: the alias *a contains itself"),
        ("a: 1\n---\nb: 2\n", "2: holds more than one document"),
        ("a: [1\nb: 2\n", "is not YAML"),
        ("a: 'x\n", "is not YAML"),
        ("a: \x00", "is not YAML"),
        ("? [a]\n: 1\n", "1: a key must be text"),
        ("x: ${OTHER}", "1: the environment variable OTHER is not set"),
        ("<<: 5\n", "'<<' takes a mapping"),
        ("- " * 100 + "x", "nested deeper than 64"),
        ("[" * 100_000, "nested deeper than 64"),
        (BOMB, "grows to more than"),
        ("x" * (MAX_CHARACTERS + 1), "larger than"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, found: str) -> None:
    _, problems = read(text)
    assert len(problems) == 1
    assert found in problems[0]


def test_anchors_and_merge_keys_serve_as_usual() -> None:
    text = "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\nz: {<<: [*x, {c: 4}]}\n"
    root, found = read(text)
    assert not found
    assert root is not None
    assert plain(root) == {
        "x": {"a": 1, "b": 2},
        "y": {"a": 1, "b": 3},
        "z": {"a": 1, "b": 2, "c": 4},
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@settings(max_examples=50)
@given(JSON)
def test_a_decoded_value_keeps_its_meaning(value: object) -> None:
    assert plain(from_plain(value)) == value


@settings(max_examples=100)
@given(st.text(alphabet="ab:[]{},-&*!<>|'\"#? \n\t$%@`~", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    root, found = read(text)
    assert root is not None or found or not plain_words(text)


def plain_words(text: str) -> bool:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return any(line and not line.startswith("%") for line in lines)
