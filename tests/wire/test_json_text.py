"""JSON as text: decoding, and editing with the standard library as the oracle."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.wire.json_text import (
    add_field,
    decode,
    depth_exceeds,
    encode,
    encode_text,
    object_or_none,
    repeated_key,
    replace_field,
    replace_string,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(["model", 'mo"del', "a\\b", "stream", "{", "é", "x:y"]) | st.text(
    max_size=5
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=5)
STYLES = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 2]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
    }
)
KEYS = frozenset({"model", "stream"})


def dump(value: Any, style: dict[str, Any]) -> bytes:
    return json.dumps(value, **style).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b'{"a":Infinity}',
        b'{"a":NaN,"b":"\\ud800"}',
        b'"\xff"',
        b'"\xff \\ud800"',
        b'"\xed\xa0\x80"',
        b"[1,]",
        b"{'a':1}",
        b'"a\x01"',
        b"[" * 100_000,
        b'{"a":"\\ud800"' + b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)
    assert object_or_none(body) is None


def test_half_a_surrogate_pair_survives_both_ways() -> None:
    assert decode(b'{"a":"\\ud83d"}') == {"a": "\ud83d"}
    assert decode(encode({"a": "\ud83d"})) == {"a": "\ud83d"}
    assert decode(encode_text(["\ude00é"])) == ["\ude00é"]


@given(JSON, STYLES)
@settings(max_examples=60)
def test_decoding_agrees_with_the_standard_library(value: Any, style: dict[str, Any]) -> None:
    body = dump(value, style)

    assert decode(body) == value
    assert object_or_none(body) == (value if isinstance(value, dict) else None)
    assert json.loads(encode(value)) == value


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"]}[{":'])
def test_nesting_is_measured_whatever_stands_in_strings(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    at_limit = (opening * 64 + '"}{[["' + closing * 64).encode()

    assert not depth_exceeds(at_limit)
    assert depth_exceeds(b"[" + at_limit + b"]")
    assert not depth_exceeds(b"[" + at_limit + b"]", limit=65)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert not depth_exceeds(b"[" + b"{}," * 5000 + b"[]]")
    assert not depth_exceeds(json.dumps({"a": "[{" * 5000 + '\\"'}).encode())


@given(JSON)
@settings(max_examples=60)
def test_depth_agrees_with_the_decoded_value(value: Any) -> None:
    def depth(inner: Any) -> int:
        if isinstance(inner, dict):
            return 1 + max(map(depth, inner.values()), default=0)
        return 1 + max(map(depth, inner), default=0) if isinstance(inner, list) else 0

    body = json.dumps(value).encode()
    assert not depth_exceeds(body, depth(value))
    assert depth(value) == 0 or depth_exceeds(body, depth(value) - 1)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"model":"a","model":"b"}', "model"),
        (b'{"model":"a","mod\\u0065l":"b"}', "model"),
        (b'{"stream":true , "x":[1,{"y":"},"}] , "stream" : false}', "stream"),
        (b'{"\\ud800":1,"model":"a","model":"b"}', "model"),
        (b'{"model":"a","messages":[{"model":"b"}]}', None),
        (b'{"model":"model","x":"\\"model\\":1"}', None),
        (b'{"a":"model","model":"model","b":["model"]}', None),
        (b'{"model"\n:"a","b":"model","model" :"b"}', "model"),
        (b'{"x":1,"x":2}', None),
        (b'["model","model"]', None),
        (b"{}", None),
    ],
)
def test_a_control_field_said_twice_is_found(body: bytes, key: str | None) -> None:
    assert repeated_key(body, KEYS) == key


@given(st.lists(st.tuples(NAMES, JSON), max_size=6), STYLES)
@settings(max_examples=80)
def test_repetition_agrees_with_the_standard_library(
    pairs: list[tuple[str, Any]], style: dict[str, Any]
) -> None:
    fields = [dump(key, style) + b":" + dump(value, style) for key, value in pairs]
    body = b"{" + b" , ".join(fields) + b"}"
    names = [key for key, _ in pairs if key in KEYS]
    expected = next((name for n, name in enumerate(names) if name in names[:n]), None)

    assert repeated_key(body, KEYS) == expected


@given(OBJECTS, st.text(max_size=6), st.text(max_size=6), STYLES)
@settings(max_examples=100)
def test_replacing_a_string_changes_that_field_alone(
    fields: dict[str, Any], old: str, new: str, style: dict[str, Any]
) -> None:
    whole = {**fields, "model": old, "nested": {"model": old}}
    edited = json.loads(replace_string(dump(whole, style), "model", old, new))

    assert edited == {**whole, "model": new}
    assert list(edited) == list(whole)


@pytest.mark.parametrize(
    "body",
    [
        b'{"meta":{"model":"gpt-4"},"mod\\u0065l":"gpt-4"}',
        b'{"meta":{"model":"gpt-4"},"model":"gpt\\u002d4"}',
        b'{"model" : "gpt-4" ,"meta":{"model":"gpt-4"},"t":"\\"model\\":\\"gpt-4\\""}',
        b'\n\t{ "meta":{"model":"gpt-4"} , "model"\n:\n"gpt-4" }\n',
    ],
)
def test_the_nested_namesake_is_never_the_one_replaced(body: bytes) -> None:
    edited = json.loads(replace_string(body, "model", "gpt-4", "mine"))

    assert edited["model"] == "mine"
    assert edited["meta"]["model"] == "gpt-4"


def test_a_slash_may_be_escaped_in_the_only_literal_spot() -> None:
    body = b'{"meta":{"model":"a/b"},"model":"a\\/b"}'

    assert json.loads(replace_string(body, "model", "a/b", "c")) == {
        "meta": {"model": "a/b"},
        "model": "c",
    }


def test_every_other_byte_stays() -> None:
    body = b'{ "x" : 1.0e0, "model":"a" , "y":"\\u00e9\\/" }'

    assert replace_string(body, "model", "a", "b") == body.replace(b'"a"', b'"b"')
    assert replace_string(body, "absent", "a", "b") == body


@given(OBJECTS, JSON, STYLES)
@settings(max_examples=60)
def test_fields_are_added_and_replaced(
    fields: dict[str, Any], value: Any, style: dict[str, Any]
) -> None:
    body = dump(fields, style)

    assert json.loads(replace_field(body, "model", value)) == {**fields, "model": value}
    if "stream" not in fields:
        assert json.loads(add_field(body, "stream", value)) == {**fields, "stream": value}


@given(st.binary(max_size=40))
@settings(max_examples=80)
def test_hostile_bytes_give_a_value_or_a_value_error(body: bytes) -> None:
    try:
        decode(body)
    except ValueError:
        return
    assert repeated_key(body, KEYS) in (None, "model", "stream")
