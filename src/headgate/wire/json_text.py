"""JSON as text: decoding what hostile or careless peers send, and editing without decoding."""

import functools
import json
import re
from typing import Any

import msgspec

MAX_DEPTH = 64

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_INNERMOST = re.compile(rb"\{\}|\[\]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_TOKEN_OR_PUNCTUATION = re.compile(_STRING + rb"|[{}\[\],]", re.DOTALL)
_ESCAPED_ASCII = re.compile(rb"\\u00[0-7]|\\/")
_ESCAPED_ANY = re.compile(rb"\\u|\\/")


def decode(data: bytes | str) -> Any:
    """The value of JSON text. Raises ValueError where it is not JSON.

    Lone surrogate escapes (tokenizers split pairs over deltas) are taken as they are: msgspec
    refuses them, the standard library does not.
    """
    try:
        return _decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        text = data if isinstance(data, str) else data.decode()
        if "\\ud" not in text and "\\uD" not in text:
            raise ValueError(str(error)) from error
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def encode(value: Any) -> bytes:
    """Compact JSON text; lone surrogates are kept as escapes."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def encode_text(value: Any) -> str:
    """Compact JSON text as a string."""
    return encode(value).decode()


def object_or_none(data: bytes | str) -> dict[str, Any] | None:
    """The JSON object in `data`; None where it is anything else or not JSON at all."""
    try:
        value = decode(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def depth_exceeds(body: bytes, limit: int = MAX_DEPTH) -> bool:
    """Whether valid JSON `body` nests deeper than `limit`."""
    if body.count(b"{") + body.count(b"[") <= limit:
        return False
    # The brackets alone; then the innermost pairs go, a level at a time, all in C: a loop over
    # the brackets took 5.3 ms for 370 kB of an agent's request, this takes 1.6.
    brackets = _STRINGS.sub(b"", body).translate(None, _NO_BRACKETS)
    for _ in range(limit):
        inner = _INNERMOST.sub(b"", brackets)
        if len(inner) == len(brackets):
            break
        brackets = inner
    return bool(brackets)


def repeated_key(body: bytes, keys: frozenset[str]) -> str | None:
    """The first of `keys` that the top-level object of valid JSON `body` says twice, or None."""
    suspects = {
        key
        for key, quoted, named in _quoted(keys)
        if body.count(quoted) > 1 and len(named.findall(body)) > 1
    }
    if _ESCAPED_ASCII.search(body):
        suspects = set(keys)
    if not suspects:
        return None
    seen: set[str] = set()
    for key, _, _ in _top_level(body):
        if key in suspects and key in seen:
            return key
        seen.add(key)
    return None


@functools.lru_cache(maxsize=64)
def _quoted(keys: frozenset[str]) -> tuple[tuple[str, bytes, re.Pattern[bytes]], ...]:
    """Each key as text, quoted, and as it stands before a value: many are values, too."""
    quoted = ((key, b'"%b"' % key.encode()) for key in keys)
    return tuple((key, text, re.compile(re.escape(text) + rb"\s*:")) for key, text in quoted)


def replace_string(body: bytes, key: str, old: str, new: str) -> bytes:
    """`body`, an object, with the top-level string field `key` (now `old`) set to `new`;
    unchanged where it has no such field.

    Where the field stands literally, and nothing like it elsewhere, its place is found by one
    search; escapes may hide it behind a nested one, and then the fields are walked.
    """
    pattern = rb'"%b"\s*:\s*(%b)' % (re.escape(key.encode()), re.escape(encode(old)))
    spots = list(re.finditer(pattern, body))
    hidden = _ESCAPED_ASCII if old.isascii() else _ESCAPED_ANY
    if len(spots) == 1 and hidden.search(body) is None:
        return _put(body, spots[0].span(1), new)
    found = next(((s, e) for name, s, e in _top_level(body) if name == key), None)
    return body if found is None else _put(body, found, new)


def add_field(body: bytes, key: str, value: Any) -> bytes:
    """`body`, an object, with the top-level field `key` added; it must not have it yet."""
    start = body.index(b"{") + 1
    comma = b"" if body[start:].lstrip().startswith(b"}") else b","
    return body[:start] + encode(key) + b":" + encode(value) + comma + body[start:]


def replace_field(body: bytes, key: str, value: Any) -> bytes:
    """`body`, an object, with the top-level field `key` set to `value`, wherever it stands."""
    for name, start, end in _top_level(body):
        if name == key:
            return _put(body, (start, end), value)
    return add_field(body, key, value)


def _put(body: bytes, span: tuple[int, int], value: Any) -> bytes:
    return body[: span[0]] + encode(value) + body[span[1] :]


def _top_level(body: bytes) -> list[tuple[str, int, int]]:
    """Key and value span of each field of the top-level object; none where it is no object."""
    fields: list[tuple[str, int, int]] = []
    if not body.lstrip().startswith(b"{"):
        return fields
    depth = 0
    key: str | None = None
    start = 0
    position = 0
    while match := _TOKEN_OR_PUNCTUATION.search(body, position):
        position = match.end()
        token = match.group()
        if depth == 1 and key is None and token[:1] == b'"':
            key = str(decode(token))
            colon = body.index(b":", position)
            start = position = colon + 1
        elif token in b"{[":
            depth += 1
        elif token in b"}]," and depth == 1 and key is not None and token != b"]":
            fields.append((key, *_trim(body, start, match.start())))
            key = None
        if token in b"}]":
            depth -= 1
    return fields


def _trim(body: bytes, start: int, end: int) -> tuple[int, int]:
    value = body[start:end]
    return start + len(value) - len(value.lstrip()), end - len(value) + len(value.rstrip())


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
