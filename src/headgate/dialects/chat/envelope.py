"""The few fields of a request that are always needed, without decoding the rest."""

from typing import Any

import msgspec

from headgate.dialects.chat.lenient import count_in, object_in, text_in
from headgate.dialects.dialect import Envelope
from headgate.model.fault import Refused, bad_request
from headgate.model.session_name import session_in
from headgate.wire import json_text

_BOUNDS = ("max_tokens", "max_completion_tokens")
CONTROL_FIELDS = frozenset(
    {"model", "messages", "input", "stream", "stream_options", "user", *_BOUNDS}
)
"""Fields that steer the gateway: said twice they would mean two things."""

_UNSAID = msgspec.Raw()


class _Head(msgspec.Struct, gc=False):
    model: Any = None
    stream: Any = None
    stream_options: Any = None
    max_completion_tokens: Any = None
    max_tokens: Any = None
    user: Any = None
    session_id: Any = None
    prompt_cache_key: Any = None
    metadata: Any = None
    messages: msgspec.Raw = _UNSAID
    input: msgspec.Raw = _UNSAID


_decode = msgspec.json.Decoder(_Head).decode


def read_envelope(body: bytes) -> Envelope:
    """See `headgate.dialects.dialect.CallerHalf.read_envelope`.

    Without a session the nearest things to it are a cache's key, an agent client's name for the
    user, and the user.
    """
    head = _decode_head(body)
    if not isinstance(head.model, str) or not head.model:
        raise bad_request("'model' must be a string that names a model.", "model")
    if head.stream is not None and not isinstance(head.stream, bool):
        raise bad_request("'stream' must be true or false.", "stream")
    _check_messages(head)
    repeated = json_text.repeated_key(body, CONTROL_FIELDS)
    if repeated is not None:
        raise bad_request(f"'{repeated}' stands twice in the body; send it once.", repeated)
    options = head.stream_options
    return Envelope(
        model=head.model,
        stream=bool(head.stream),
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        max_tokens=count_in(head.max_completion_tokens) or count_in(head.max_tokens),
        user=text_in(head.user) or None,
        session=text_in(head.session_id) or None,
        session_hint=_session_hint(head) or None,
    )


def _session_hint(head: _Head) -> str | None:
    if isinstance(head.prompt_cache_key, str) and head.prompt_cache_key:
        return head.prompt_cache_key
    named = text_in(object_in(head.metadata).get("user_id"))
    return session_in(named) if named else text_in(head.user)


def _decode_head(body: bytes) -> _Head:
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise bad_request("The body must be UTF-8 text.") from error
    try:
        head = _decode(body)
    except RecursionError as error:
        raise _too_deep() from error
    except msgspec.ValidationError as error:
        raise bad_request("The body must be a JSON object.") from error
    except msgspec.DecodeError as error:
        head = _decode_loosely(body, error)
    if json_text.depth_exceeds(body):
        raise _too_deep()
    return head


def _decode_loosely(body: bytes, error: msgspec.DecodeError) -> _Head:
    """The head of a body with lone surrogate escapes, which clients make when they cut a text in
    the middle of an emoji; the strict decoder refuses them."""
    try:
        value = json_text.decode(body)
    except ValueError:
        raise bad_request(f"The body must be JSON: {error}.") from error
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object.") from error
    raw = {
        field: msgspec.Raw(json_text.encode(value[field])[:1])
        for field in ("messages", "input")
        if field in value
    }
    known = {field: value[field] for field in _Head.__struct_fields__ if field in value}
    return _Head(**{**known, **raw})


def _too_deep() -> Refused:
    return bad_request(f"The body must not nest deeper than {json_text.MAX_DEPTH} levels.")


def _check_messages(head: _Head) -> None:
    messages = bytes(memoryview(head.messages)[:1])
    if messages == b"[":
        return
    if messages:
        raise bad_request("'messages' must be an array of messages.", "messages")
    given = bytes(memoryview(head.input)[:1])
    if not given:
        raise bad_request("'messages' is missing: an array of messages.", "messages")
    if given not in (b"[", b'"'):
        raise bad_request("'input' must be a string or an array of messages.", "input")
