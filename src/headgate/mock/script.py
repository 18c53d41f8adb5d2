"""What the next answers do: the script record, read from JSON that may be wrong."""

import difflib
import re
from typing import Annotated, Any, Literal

import msgspec

from headgate.mock.lookup import items, member
from headgate.wire import json_text

DialectName = Literal["chat", "messages", "responses", "gemini"]
Newline = Literal["lf", "crlf", "cr"]

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One script; every key is optional and docs/mock.md says what each does.

    Counts (``*_after``) are of frames, the terminator being one. What is sent is, first that is
    given: ``garbage``, ``json``, the error of a ``status`` from 400, ``events``, ``text``, echo.
    """

    dialect: DialectName | None = None
    events: list[Any] | None = None
    text: str | list[str] | None = None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    json: Any = msgspec.UNSET
    headers: dict[str, str | int | None] = {}
    delay_headers_ms: _Milliseconds = 0
    delay_first_ms: _Milliseconds = 0
    delay_ms: _Milliseconds = 0
    disconnect_after: _Count | None = None
    stall_after: _Count | None = None
    error_after: _Count | None = None
    chunk_bytes: _Positive | None = None
    newline: Newline = "lf"
    no_terminator: bool = False
    no_final_blank_line: bool = False
    garbage: bool | str = False
    gzip: bool = False
    ignore_usage: bool = False
    repeat: _Positive | None = None


KEYS = tuple(Script.__struct_fields__)


class ScriptError(ValueError):
    """A script that cannot be followed; ``key`` is the one to mend."""

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


def read_scripts(text: bytes | str) -> tuple[Script, ...]:
    """The scripts in JSON `text`: one object, or a list of objects for one answer each.

    Raises ScriptError, which names the key and, for an unknown one, the nearest that exists.
    """
    try:
        value = json_text.decode(text)
    except ValueError as error:
        raise ScriptError(f"a script is JSON: {error}") from error
    return scripts_from(value)


def scripts_from(value: Any) -> tuple[Script, ...]:
    """`read_scripts` for JSON that is decoded already."""
    if isinstance(value, list):
        # In a list a script serves one answer unless it says otherwise.
        return tuple(_script({"repeat": 1, **_object(one)}) for one in value)
    return (_script(_object(value)),)


def models_in(scripts: tuple[Script, ...]) -> list[str]:
    """The model names that the scripts' own payloads say, each once."""
    names: dict[str, None] = {}
    for script in scripts:
        for payload in items([*(script.events or []), script.json]):
            for holder in (payload, member(payload, "message"), member(payload, "response")):
                name = holder.get("model") or holder.get("modelVersion")
                if isinstance(name, str) and name:
                    names[name] = None
    return list(names)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ScriptError("a script is a JSON object, or a list of them")
    return value


def _script(value: dict[str, Any]) -> Script:
    for key in value:
        if key not in KEYS:
            raise ScriptError(f"unknown script key {key!r}{_nearest(key)}", key)
    try:
        script = msgspec.convert(value, Script)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from error
    _check_headers(script.headers)
    return script


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; the keys are {', '.join(KEYS)}"


def _named(message: str) -> ScriptError:
    found = re.fullmatch(r"(.*) - at `\$\.(\w+)(.*)`", message, re.DOTALL)
    if not found:
        return ScriptError(message)
    what, key, inside = found.groups()
    choice = _CHOICES.get(key)
    hint = f" (one of {', '.join(choice)})" if choice else ""
    return ScriptError(f"script key {key!r}{inside}: {what}{hint}", key)


_CHOICES: dict[str, tuple[str, ...]] = {
    "dialect": ("chat", "messages", "responses", "gemini"),
    "newline": ("lf", "crlf", "cr"),
}

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_FRAMING = ("content-length", "transfer-encoding")


def _check_headers(headers: dict[str, str | int | None]) -> None:
    for name, value in headers.items():
        if name.lower() in _FRAMING:
            raise ScriptError(f"script key 'headers': {name} is set by the server", "headers")
        if not _HEADER_NAME.fullmatch(name):
            raise ScriptError(f"script key 'headers': {name!r} is no header name", "headers")
        if isinstance(value, str) and not _HEADER_VALUE.fullmatch(value):
            raise ScriptError(f"script key 'headers': the value of {name} is not legal", "headers")
