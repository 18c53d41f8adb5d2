"""A backend's whole reply."""

from typing import Any

import msgspec

from headgate.dialects.destination import Source
from headgate.dialects.messages import signatures
from headgate.dialects.messages.citations import read_citations
from headgate.dialects.messages.errors import fault_in_band, is_error
from headgate.dialects.messages.finish import read_finish
from headgate.dialects.messages.own import NAME, owned, without
from headgate.dialects.messages.usage import read_usage
from headgate.model import custom_input
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Part, Reasoning, Text, ToolCall, Vendor
from headgate.model.reply import Choice, Reply
from headgate.model.request import ToolRef
from headgate.wire import json_fields, json_text

Block = dict[str, Any]

_TEXT = frozenset({"type", "text", "citations"})
_THINKING = frozenset({"type", "thinking", "signature", "data"})
_CALL = frozenset({"type", "id", "name", "input"})
_OPENING = frozenset({"id", "type", "role", "model", "content", "usage"})


def read_reply(body: bytes, source: Source) -> Reply:
    """The reply in `body`. Raises Refused where it is an error (gateways send them with status
    200) and StreamBroken where it is no reply."""
    value = json_text.object_or_none(body)
    if value is None:
        raise StreamBroken("the reply is not a JSON object")
    if is_error(value):
        raise Refused(fault_in_band(value))
    if not isinstance(value.get("content"), list):
        raise StreamBroken("the reply has no content")
    blocks = json_fields.objects(value, "content")
    parts = tuple(read_block(block, source) for block in blocks if json_fields.text(block, "type"))
    usage = json_fields.fields(value, "usage")
    stop = without(value, _OPENING)
    finish = read_finish(stop, any(isinstance(part, ToolCall) for part in parts))
    return Reply(
        json_fields.text(value, "id"),
        json_fields.text(value, "model"),
        None,
        (Choice(0, parts, finish),),
        read_usage(usage) if usage else None,
    )


def read_block(block: Block, source: Source) -> Part:
    """One block of a reply as a part; what no other dialect knows rides whole."""
    kind = block.get("type")
    if kind == "text":
        citations = read_citations(block.get("citations"))
        extras = owned(without(block, _TEXT))
        return Text(json_fields.text(block, "text"), citations, extras=extras)
    if kind == "thinking":
        state = signatures.from_backend(block.get("signature"), source.vendor, "signature")
        extras = owned(without(block, _THINKING))
        return Reasoning(json_fields.text(block, "thinking"), state=state, extras=extras)
    if kind == "redacted_thinking":
        state = signatures.from_backend(block.get("data"), source.vendor, "redacted")
        return Reasoning(state=state, extras=owned(without(block, _THINKING)))
    if kind == "tool_use":
        return _read_call(block, source)
    return Vendor(NAME, block)


def call_of(block: Block, source: Source) -> ToolCall:
    """The caller's tool that a ``tool_use`` block calls, still without arguments."""
    name = json_fields.text(block, "name")
    ref = source.tools.get(name) or ToolRef(name)
    extras = owned(without(block, _CALL))
    id_ = json_fields.text(block, "id")
    return ToolCall(id_, ref.name, "", ref.custom, ref.namespace, extras=extras)


def _read_call(block: Block, source: Source) -> Part:
    value = block.get("input")
    arguments = json_text.encode_text({} if value is None else value)
    if source.schema_tool is not None and block.get("name") == source.schema_tool:
        return Text(arguments)
    call = call_of(block, source)
    if call.custom:
        arguments = custom_input.unwrap(arguments)
    return msgspec.structs.replace(call, arguments=arguments)
