"""A whole reply of a backend, read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.dialects.destination import Source
from headgate.dialects.facts import Facts
from headgate.dialects.responses import endings, items, opaque
from headgate.dialects.responses.errors import fault_in_band
from headgate.dialects.responses.usage import read_usage
from headgate.model.custom_input import unwrap
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Part, Refusal, ToolCall
from headgate.model.reply import Choice, Reply
from headgate.wire import json_text
from headgate.wire.json_fields import count, objects, text


class _Glance(msgspec.Struct, gc=False):
    id: Any = ""
    model: Any = ""
    status: Any = ""
    usage: Any = None
    error: Any = None
    output: msgspec.Raw = msgspec.Raw(b"")


_glance = msgspec.json.Decoder(_Glance).decode


def read_reply(body: bytes, source: Source) -> Reply:
    """The reply in `body`. Raises Refused where it reports a failure though its status did not,
    StreamBroken where it is no reply at all."""
    value = json_text.object_or_none(body)
    if value is None:
        raise StreamBroken("the reply is not a JSON object")
    fault = endings.failure(value)
    if fault is not None:
        raise Refused(fault)
    if not isinstance(value.get("output"), list):
        raise StreamBroken("the reply has no output")
    parts = tuple(part for item in objects(value, "output") for part in read_item(item, source))
    called = any(isinstance(part, ToolCall) for part in parts)
    refused = any(isinstance(part, Refusal) for part in parts)
    return Reply(
        id=text(value, "id"),
        model=text(value, "model"),
        created=count(value, "created_at"),
        choices=(Choice(0, parts, endings.read_finish(value, called, refused)),),
        usage=read_usage(value.get("usage")),
        extras=endings.finish_extras(value),
        unfinished=text(value, "status") in endings.GOING_ON,
    )


def read_facts(body: bytes) -> Facts:
    """What a whole reply that is relayed lets us know. Raises StreamBroken on what is no reply."""
    glance = _look_at(body)
    output = bytes(glance.output)
    if not output.startswith(b"[") and not glance.error:
        raise StreamBroken("the reply has no output")
    facts = Facts(events=1, output_bytes=len(output))
    facts.id = glance.id if isinstance(glance.id, str) else ""
    facts.model = glance.model if isinstance(glance.model, str) else ""
    facts.native_finish = glance.status if isinstance(glance.status, str) else None
    facts.usage = read_usage(glance.usage)
    if glance.error or glance.status == "failed":
        facts.fault = fault_in_band(glance.error)
    else:
        facts.finished = facts.terminated = True
    return facts


def _look_at(body: bytes) -> _Glance:
    try:
        return _glance(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = json_text.object_or_none(body)  # takes lone surrogates, which are JSON too
    if value is None:
        raise StreamBroken("the reply is not a JSON object")
    known = {key: value[key] for key in _Glance.__struct_fields__ if key in value}
    return _Glance(**{**known, "output": msgspec.Raw(json_text.encode(value.get("output")))})


def read_item(item: Mapping[str, Any], source: Source) -> list[Part]:
    """The parts of one output item, tool names as the caller knows them; none of one that does
    not say what it is."""
    kind = text(item, "type")
    if kind == "message":
        content = item.get("content")
        sound = content if isinstance(content, str) else objects(item, "content")
        return items.read_message({**item, "content": sound}, "output")
    if kind == "reasoning":
        return items.read_reasoning(
            item, lambda encrypted, id_: opaque.from_backend(encrypted, source.vendor, id_)
        )
    if kind in items.CALLS:
        return [as_the_caller_calls_it(items.read_call(item), source)]
    return [items.read_whole(item)] if kind else []


def as_the_caller_calls_it(call: ToolCall, source: Source) -> ToolCall:
    """The call under the caller's own name for the tool."""
    ref = source.tools.get(call.name) if call.namespace is None else None
    if ref is None:
        return call
    unwrapped = ref.custom and not call.custom
    return msgspec.structs.replace(
        call,
        name=ref.name,
        namespace=ref.namespace,
        custom=ref.custom,
        arguments=unwrap(call.arguments) if unwrapped else call.arguments,
    )
