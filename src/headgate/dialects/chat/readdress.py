"""A caller's request to a backend of the same dialect: its own bytes, but for the address.

Beyond the model's name only what the destination demands is changed. Sealed state is opened for
its issuer and taken out for everybody else.
"""

import re
from typing import Any

from headgate.dialects.chat.lenient import Json, object_in, objects_in
from headgate.dialects.chat.reasoning import unsealed
from headgate.dialects.chat.request_read import read_request
from headgate.dialects.chat.request_write import write_request
from headgate.dialects.destination import Destination
from headgate.dialects.dialect import Envelope
from headgate.model import ids
from headgate.wire import json_text

_SEALED = b'"hg1.'
_DEVELOPER = re.compile(rb'"role"\s*:\s*"developer"')
_MAX_COMPLETION = b'"max_completion_tokens"'


def readdress(body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    """See `headgate.dialects.dialect.BackendHalf.readdress`."""
    if b'"messages"' not in body:
        return write_request(read_request(body), destination).body
    if envelope.model != destination.model:
        body = json_text.replace_string(body, "model", envelope.model, destination.model)
    if _needs_editing(body, destination):
        body = _edited(body, destination)
    if envelope.stream and destination.quirks.usage_in_stream and not envelope.include_usage:
        body = with_usage(body)
    return body


def with_usage(body: bytes) -> bytes:
    """`body`, a request for a stream, that asks for the usage event."""
    if b'"stream_options"' not in body:
        return json_text.add_field(body, "stream_options", {"include_usage": True})
    given = object_in(json_text.decode(body).get("stream_options"))
    return json_text.replace_field(body, "stream_options", {**given, "include_usage": True})


def _needs_editing(body: bytes, destination: Destination) -> bool:
    quirks = destination.quirks
    return (
        _SEALED in body
        or any(b'"%b"' % field.encode() in body for field in _unwanted(destination))
        or (not quirks.developer_role and _DEVELOPER.search(body) is not None)
        or (quirks.nine_character_tool_ids and b'"tool_call' in body)
        or (quirks.max_tokens_field == "max_tokens" and _MAX_COMPLETION in body)
    )


def _unwanted(destination: Destination) -> frozenset[str]:
    quirks = destination.quirks
    options = frozenset() if quirks.usage_in_stream else frozenset({"stream_options"})
    return quirks.refuses_fields | options


def _edited(body: bytes, destination: Destination) -> bytes:
    """The rare path: decoded, mended, written anew; unchanged bytes where nothing was to mend."""
    before = json_text.decode(body)
    quirks = destination.quirks
    after: Json = {k: v for k, v in before.items() if k not in _unwanted(destination)}
    if quirks.max_tokens_field == "max_tokens" and "max_completion_tokens" in after:
        after["max_tokens"] = after.pop("max_completion_tokens")
    messages = after.get("messages")
    if isinstance(messages, list):
        after["messages"] = [
            _mended(message, destination) if isinstance(message, dict) else message
            for message in messages
        ]
    return body if after == before else json_text.encode(after)


def _mended(message: Json, destination: Destination) -> Json:
    message = unsealed(message, destination.vendor)
    if message.get("role") == "developer" and not destination.quirks.developer_role:
        message["role"] = "system"
    if destination.quirks.nine_character_tool_ids:
        _shorten_ids(message)
    return message


def _shorten_ids(message: Json) -> None:
    if isinstance(message.get("tool_call_id"), str):
        message["tool_call_id"] = _nine(message["tool_call_id"])
    if message.get("tool_calls"):
        calls = objects_in(message["tool_calls"])
        message["tool_calls"] = [{**call, "id": _nine(call.get("id"))} for call in calls]


def _nine(id_: Any) -> str:
    """The same id as `headgate.dialects.chat.messages_write` gives it."""
    return ids.fit(str(id_), ids.NINE_ALPHANUMERIC, 9, "h")
