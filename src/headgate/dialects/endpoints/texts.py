"""The texts of a request to an endpoint: as the hub's request, for policies, and back.

A text field holds a string, a list of strings or of objects with a ``text``; token ids pass unseen
where no model makes text of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.endpoints.row import Row
from headgate.model.fault import Fault, Refused
from headgate.model.parts import Text
from headgate.model.request import Message, Request
from headgate.wire import json_text

Change = Callable[[str], str]


def texts_in(value: Any) -> list[str]:
    """The texts in a field."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    changed(value, note)
    return found


def tokens_in(value: Any) -> int:
    """How many token ids a field holds."""
    if not isinstance(value, list):
        return 0
    return sum(1 if type(one) is int else tokens_in(one) for one in value)


def changed(value: Any, change: Change) -> Any:
    """A field's value with every text changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [changed(one, change) if isinstance(one, str | dict) else one for one in value]
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return {**value, "text": change(value["text"])}
    return value


def read_request(row: Row, body: bytes) -> Request:
    """The request in the hub's words: a user message a text; the body itself in the extras."""
    said = json_text.object_or_none(body) or {}
    texts = (text for field in row.texts for text in texts_in(said.get(field)))
    return Request(
        dialect=row.name,
        model=str(said.get("model") or row.model),
        messages=tuple(Message("user", (Text(text),)) for text in texts),
        extras=said,
    )


def unread(row: Row, body: bytes) -> str | None:
    """The first field whose text is not in `body`: a form's that is too long to be kept, or what is
    no text (token ids) and a model makes text of; None where there is no such."""
    said = json_text.object_or_none(body) or {}
    for field in row.texts:
        value = said.get(field)
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict) and one.keys() == {"bytes"} for one in values):
            return field
        if row.generates and not all(map(_is_text, values)):
            return field
    return None


def _is_text(value: Any) -> bool:
    return value is None or (not isinstance(value, list) and bool(texts_in(value)))


def write_request(row: Row, request: Request, destination: Destination) -> WrittenRequest:
    """The body with the texts as they are now. Raises Refused where there are more or fewer."""
    texts = iter([_text_of(message) for message in request.messages])
    try:
        said = _with(row, request, texts)
    except StopIteration as error:
        raise _cannot_carry(row) from error
    if next(texts, None) is not None:
        raise _cannot_carry(row)
    return WrittenRequest(body=json_text.encode({**said, "model": destination.model}))


def _with(row: Row, request: Request, texts: Iterator[str]) -> dict[str, Any]:
    said = dict(request.extras)
    for field in row.texts:
        if field in said:
            said[field] = changed(said[field], lambda _: next(texts))
    return said


def _text_of(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


def _cannot_carry(row: Row) -> Refused:
    message = f"A policy in force adds to or takes from requests, which {row.path} cannot carry."
    return Refused(Fault(kind="policy_violation", message=message))
