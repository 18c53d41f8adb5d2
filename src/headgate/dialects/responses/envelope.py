"""The few fields of a request that are always needed, and the edit that relaying demands."""

from typing import Any

import msgspec

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import Envelope, Ties
from headgate.dialects.json_body import read_object
from headgate.dialects.responses import opaque
from headgate.dialects.responses.notes import MINTED_REASONING
from headgate.model.fault import bad_request
from headgate.model.session_name import session_in
from headgate.model.state import PREFIX
from headgate.wire import json_text
from headgate.wire.json_fields import text

_TYING = ("store", "background", "previous_response_id", "conversation")
_CONTROL = frozenset({"model", "input", "stream", "max_output_tokens", "user", *_TYING})
"""Fields that steer the gateway: said twice they would mean two things."""
_SEALED = b'"' + PREFIX.encode()
_MINTED = b'"' + MINTED_REASONING.encode()


class _Fields(msgspec.Struct, gc=False):
    model: str
    input: msgspec.Raw = msgspec.Raw(b"")
    stream: bool | None = None
    max_output_tokens: Any = None
    user: Any = None
    safety_identifier: Any = None
    session_id: Any = None
    prompt_cache_key: Any = None
    conversation: Any = None
    metadata: Any = None
    store: Any = None
    previous_response_id: Any = None
    background: Any = None
    prompt: msgspec.Raw = msgspec.Raw(b"")


_decode = msgspec.json.Decoder(_Fields).decode
_convert_keys = frozenset(_Fields.__struct_fields__)


def read_envelope(body: bytes) -> Envelope:
    """The envelope of `body`. Raises Refused naming the field that is not what it must be."""
    try:
        fields = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fields = _read_odd(body)
    if not body.isascii():
        _check_utf8(body)
    _check(body, fields)
    return Envelope(
        model=fields.model,
        stream=fields.stream is True,
        include_usage=True,
        max_tokens=_whole(fields.max_output_tokens),
        user=_text(fields.safety_identifier) or _text(fields.user),
        session=_text(fields.session_id),
        session_hint=_session_hint(fields),
        ties=_ties(fields),
    )


def readdress(body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    """`body` for `destination`: every byte stays but the model's name, fields that the backend
    refuses, and reasoning that is another vendor's."""
    if destination.model != envelope.model:
        body = json_text.replace_string(body, "model", envelope.model, destination.model)
    if _SEALED in body or _MINTED in body:
        body = _without_foreign_state(body, destination.vendor)
    refused = [key for key in destination.quirks.refuses_fields if f'"{key}"'.encode() in body]
    return _without_fields(body, refused) if refused else body


def _read_odd(body: bytes) -> _Fields:
    """The fields where the strict decoder balks: names what is wrong, or takes the body after
    all (lone surrogate escapes are JSON, and tokenizers make them)."""
    _check_utf8(body)
    value = read_object(body)
    _require(isinstance(value.get("model"), str), value, "model", "a string that names a model")
    stream = value.get("stream")
    _require(stream is None or isinstance(stream, bool), value, "stream", "true or false")
    fields = {key: value[key] for key in _convert_keys & value.keys()}
    for key in ("input", "prompt"):
        if key in fields:
            fields[key] = msgspec.Raw(json_text.encode(fields[key]))
    return _Fields(**fields)


def _require(fits: bool, value: dict[str, Any], key: str, what: str) -> None:
    if not fits:
        found = "is missing; it" if key not in value else ""
        raise bad_request(f"'{key}' {found} must be {what}.".replace("  ", " "), key)


def _check_utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"The body is not UTF-8 at byte {error.start}.") from error


def _check(body: bytes, fields: _Fields) -> None:
    if not fields.model:
        raise bad_request("'model' must name a model.", "model")
    if bytes(memoryview(fields.input)[:1]) not in (b'"', b"["):
        _check_no_input(fields)
    if json_text.depth_exceeds(body):
        most = json_text.MAX_DEPTH
        raise bad_request(f"The body nests deeper than {most} levels.", _deepest(fields))
    if (twice := json_text.repeated_key(body, _CONTROL)) is not None:
        raise bad_request(f"'{twice}' is said twice; say it once.", twice)


def _check_no_input(fields: _Fields) -> None:
    """A stored prompt may stand for the input; nothing else may."""
    said = bytes(fields.input)
    if said or bytes(fields.prompt) in (b"", b"null"):
        found = "must be" if said else "is missing; it must be"
        raise bad_request(f"'input' {found} a string or a list of items.", "input")


def _deepest(fields: _Fields) -> str | None:
    return "input" if json_text.depth_exceeds(bytes(fields.input)) else None


def _session_hint(fields: _Fields) -> str | None:
    metadata = fields.metadata if isinstance(fields.metadata, dict) else {}
    user = _text(metadata.get("user_id"))
    return _text(fields.prompt_cache_key) or (session_in(user) if user else None)


def _ties(fields: _Fields) -> Ties:
    previous, conversation = fields.previous_response_id, fields.conversation
    if isinstance(conversation, dict):
        conversation = conversation.get("id")
    for value, name in ((previous, "previous_response_id"), (conversation, "conversation")):
        if value is not None and not isinstance(value, str):
            raise bad_request(f"'{name}' must be a string.", name)
    for value, name in ((fields.store, "store"), (fields.background, "background")):
        if value is not None and not isinstance(value, bool):
            raise bad_request(f"'{name}' must be true or false.", name)
    if previous and conversation:
        raise bad_request(
            "'previous_response_id' and 'conversation' exclude each other.", "previous_response_id"
        )
    if fields.background and fields.store is False:
        raise bad_request("'background' needs a response that is stored.", "background")
    return Ties(
        store=fields.store is not False,
        previous=previous or None,
        conversation=conversation or None,
        background=fields.background is True,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _without_foreign_state(body: bytes, vendor: str) -> bytes:
    value = json_text.decode(body)
    items = value.get("input")
    if not isinstance(items, list):
        return body
    kept = [mended for item in items if (mended := _mend(item, vendor)) is not None]
    return body if kept == items else json_text.encode({**value, "input": kept})


def _mend(item: Any, vendor: str) -> Any:
    """The item with its vendor's own state bare; None where it is reasoning of another's."""
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return item
    encrypted = text(item, "encrypted_content")
    if encrypted.startswith(PREFIX):
        state = opaque.from_caller(encrypted, None)
        bare = opaque.for_backend(state, vendor)
        if bare is None:
            return None
        mended = {key: field for key, field in item.items() if key != "id"}
        own_id = {"id": state.id} if state and state.id else {}
        return {**mended, **own_id, "encrypted_content": bare}
    return None if text(item, "id").startswith(MINTED_REASONING) and not encrypted else item


def _without_fields(body: bytes, keys: list[str]) -> bytes:
    value = json_text.decode(body)
    return json_text.encode({key: field for key, field in value.items() if key not in keys})
