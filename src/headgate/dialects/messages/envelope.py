"""The few fields of a request that are always needed, without decoding the rest."""

import re
from typing import Any

import msgspec

from headgate.dialects.dialect import Envelope
from headgate.dialects.json_body import read_object
from headgate.model.fault import Refused, bad_request
from headgate.model.session_name import session_in
from headgate.wire import json_text

CONTROL = frozenset({"model", "messages", "stream", "max_tokens"})
"""Fields that steer the gateway: said twice they would mean two things."""

_FIELD = re.compile(r"required field `(\w+)`|at `\$\.(\w+)")


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Head(msgspec.Struct):
    model: str
    messages: msgspec.Raw
    stream: bool | None = None
    max_tokens: int | None = None
    metadata: _Metadata | None = None
    session_id: Any = None


_decode = msgspec.json.Decoder(_Head).decode


def read_envelope(body: bytes) -> Envelope:
    """See `headgate.dialects.dialect.Envelope`."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise bad_request("The body must be UTF-8 text.") from error
    head = _head(body)
    if json_text.depth_exceeds(body):
        raise bad_request(f"The body must not nest deeper than {json_text.MAX_DEPTH} levels.")
    twice = json_text.repeated_key(body, CONTROL)
    if twice is not None:
        raise bad_request(f"`{twice}` is given twice. Say it once.", twice)
    if bytes(head.messages)[:1] != b"[":
        raise bad_request("`messages` must be a list of messages.", "messages")
    if not head.model:
        raise bad_request("`model` must not be empty.", "model")
    user = head.metadata.user_id if head.metadata else None
    return Envelope(
        model=head.model,
        stream=head.stream is True,
        include_usage=True,
        max_tokens=head.max_tokens,
        user=user,
        session=(head.session_id or None) if isinstance(head.session_id, str) else None,
        session_hint=None if user is None else session_in(user),
    )


def field_refusal(error: msgspec.ValidationError) -> Refused:
    """The refusal of a body whose field is missing or of the wrong type."""
    text = str(error)
    match = _FIELD.search(text)
    if match is None:
        return bad_request("The body must be a JSON object.")
    field = match.group(1) or match.group(2)
    if match.group(1):
        return bad_request(f"`{field}` is missing.", field)
    return bad_request(f"`{field}` has the wrong type: {text.partition(' - at')[0]}.", field)


def _head(body: bytes) -> _Head:
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        raise field_refusal(error) from error
    except (msgspec.DecodeError, RecursionError):
        return _careless_head(body)


def _careless_head(body: bytes) -> _Head:
    """The head of a body whose strings hold lone surrogates, which some clients let through."""
    value = read_object(body)
    fields: dict[str, Any] = {key: value[key] for key in CONTROL if key in value}
    if isinstance(fields.get("messages"), list):
        fields["messages"] = []
    try:
        return _decode(json_text.encode(fields))
    except msgspec.ValidationError as error:
        raise field_refusal(error) from error
    except msgspec.DecodeError as error:
        raise bad_request("`model` is not valid text.", "model") from error
