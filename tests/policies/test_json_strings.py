import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.policies.json_strings import find_strings, map_strings, put_strings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=100)
@given(VALUES)
def test_json_stays_json_whatever_its_strings_become(value: object) -> None:
    text = msgspec.json.encode(value).decode()
    changed = map_strings(text, lambda string: string + '"\\\n😀')
    msgspec.json.decode(changed)
    assert map_strings(text, lambda string: string) == text


def test_keys_and_everything_between_stay_as_they_were() -> None:
    text = '{ "mail" : "a@b.c",\n "n": [1.50, "x"] , "a\\"b":"y"}'
    assert map_strings(text, str.upper) == '{ "mail" : "A@B.C",\n "n": [1.50, "X"] , "a\\"b":"Y"}'


def test_a_long_number_that_changes_becomes_a_string() -> None:
    assert map_strings('{"n":4111111111111111,"m":12}', lambda _: "#") == '{"n":"#","m":12}'


def test_what_is_no_json_is_one_text() -> None:
    assert map_strings('{"a": "b', str.upper) == '{"A": "B'
    assert find_strings("nonsense") is None


def test_as_many_values_as_strings() -> None:
    found = find_strings('["a","b"]')
    assert found is not None
    assert put_strings('["a","b"]', found, ["a", "c"]) == '["a","c"]'
    with pytest.raises(ValueError, match="zip"):
        put_strings('["a","b"]', found, ["a"])


def test_half_a_surrogate_pair_survives() -> None:
    assert map_strings('{"a":"\\ud83d x"}', str.upper) == '{"a":"\\ud83d X"}'
