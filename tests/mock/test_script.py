"""A script is read exactly, and a wrong one is named."""

import pathlib
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.mock.script import KEYS, ScriptError, models_in, read_scripts, scripts_from

VALID: dict[str, object] = {
    "dialect": "messages",
    "events": [{"type": "ping"}],
    "text": ["Hel", "lo"],
    "status": 429,
    "json": {"any": [1, None]},
    "headers": {"retry-after": 3, "x-a": "b", "content-type": None},
    "delay_headers_ms": 1,
    "delay_first_ms": 2,
    "delay_ms": 3,
    "disconnect_after": 0,
    "stall_after": 1,
    "error_after": 2,
    "chunk_bytes": 7,
    "newline": "crlf",
    "no_terminator": True,
    "no_final_blank_line": True,
    "garbage": "<html>",
    "gzip": True,
    "ignore_usage": True,
    "repeat": 2,
}


def test_every_key_is_understood() -> None:
    assert set(VALID) == set(KEYS)
    (script,) = read_scripts(msgspec.json.encode(VALID))
    assert {key: getattr(script, key) for key in KEYS} == VALID


def test_no_key_is_needed() -> None:
    (script,) = read_scripts(b"{}")
    assert script.json is msgspec.UNSET
    assert script.repeat is None


def test_scripted_null_is_a_reply_and_not_a_silence() -> None:
    (script,) = read_scripts(b'{"json":null}')
    assert script.json is None


def test_the_objects_of_a_list_serve_one_answer_each_unless_they_say_otherwise() -> None:
    scripts = read_scripts(b'[{"text":"a"},{"text":"b","repeat":3}]')
    assert [script.repeat for script in scripts] == [1, 3]


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("disconect_after", "disconnect_after"), ("delay", "delay_ms"), ("event", "events")],
)
def test_an_unknown_key_is_named_with_the_nearest_one(key: str, nearest: str) -> None:
    with pytest.raises(ScriptError, match=f"'{key}'.*did you mean '{nearest}'") as raised:
        scripts_from({key: 1})
    assert raised.value.key == key


def test_an_unknown_key_like_no_other_lists_all() -> None:
    with pytest.raises(ScriptError, match="the keys are dialect, events"):
        scripts_from({"zzzzzzzz": 1})


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("disconnect_after", -1, ">= 0"),
        ("disconnect_after", True, "got `bool`"),
        ("status", "429", "got `str`"),
        ("status", 100, ">= 200"),
        ("chunk_bytes", 0, ">= 1"),
        ("repeat", 0, ">= 1"),
        ("newline", "lfcr", "one of lf, crlf, cr"),
        ("dialect", "chatt", "one of chat, messages, responses, gemini"),
        ("events", {}, "got `object`"),
        ("text", [1], "got `int`"),
        ("delay_ms", 10**12, "<="),
        ("headers", {"bad name": "x"}, "no header name"),
        ("headers", {"x": "a\r\nb"}, "not legal"),
        ("headers", {"Content-Length": "3"}, "set by the server"),
    ],
)
def test_a_wrong_value_is_refused_and_its_key_named(key: str, value: object, words: str) -> None:
    with pytest.raises(ScriptError) as raised:
        scripts_from({key: value})
    assert raised.value.key == key
    assert repr(key) in str(raised.value)
    assert words in str(raised.value)


@pytest.mark.parametrize("text", [b"", b"{", b"3", b'["a"]', b"null", b"\xff", b"[[]]"])
def test_what_is_no_script_is_refused_in_words(text: bytes) -> None:
    with pytest.raises(ScriptError, match="a script is"):
        read_scripts(text)


@given(st.binary(max_size=40))
def test_any_bytes_are_scripts_or_a_script_error(text: bytes) -> None:
    try:
        read_scripts(text)
    except ScriptError:
        pass


def test_the_models_that_scripts_speak_of_are_found_once() -> None:
    scripts = scripts_from(
        [
            {"events": [{"model": "a"}, {"message": {"model": "b"}}, {"response": {"model": "c"}}]},
            {"json": {"modelVersion": "d"}},
            {"events": [{"model": "a"}, {"model": 3}, "[DONE]", None]},
        ]
    )
    assert models_in(scripts) == ["a", "b", "c", "d"]


GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "mock.md"


def test_every_example_of_the_guide_is_a_script_and_every_key_has_its_row() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    assert len(examples) > 15
    for example in examples:
        read_scripts(example)
    for key in KEYS:
        assert f"\n| `{key}` |" in guide
