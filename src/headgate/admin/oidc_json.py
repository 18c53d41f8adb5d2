"""JSON and base64url as JOSE wants them (RFC 7515): one reading of every text, or none."""

import base64
import json
import re
from typing import Any

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def read_object(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises ValueError where it is anything else, and where a name
    stands twice: two readers might take different ones."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def read_base64url(text: str) -> bytes:
    """The bytes that `text` stands for. Raises ValueError where it is not their one form: padding,
    other signs, or bits that mean nothing."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if write_base64url(data) != text:
        raise ValueError("not the one form of base64url")
    return data


def write_base64url(data: bytes) -> str:
    """`data` as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
