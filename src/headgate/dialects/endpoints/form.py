"""A form's fields as the JSON that says the same, so that forms and JSON are read by one reader."""

from typing import Any

from headgate.wire import json_text
from headgate.wire.multipart import Field, FormScanner

ONCE = frozenset(("model", "stream"))
"""What steers the gateway: said twice it would mean two things."""

_TRUTH = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


def read_form(scanner: FormScanner) -> bytes:
    """The fields read so far; of a file its name, type and size."""
    said: dict[str, Any] = {}
    for field in scanner.fields:
        _add(said, field.name, _value(field))
    for file in scanner.files:
        about = {"filename": file.filename, "content_type": file.content_type, "bytes": file.size}
        _add(said, file.name, about)
    return json_text.encode(said)


def _value(field: Field) -> Any:
    if field.value is None:
        return {"bytes": field.end - field.start}
    text = field.value.decode("utf-8", "replace")
    return _TRUTH.get(text, text) if field.name == "stream" else text


def _add(said: dict[str, Any], name: str, value: Any) -> None:
    if name not in said:
        said[name] = value
    elif isinstance(said[name], list):
        said[name].append(value)
    else:
        said[name] = [said[name], value]
