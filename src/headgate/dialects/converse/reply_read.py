"""A whole Converse reply: told as the events of a stream, so that both mean the same."""

from collections.abc import Iterator
from typing import Any

from headgate.dialects.converse.assembly import Assembly
from headgate.dialects.converse.ending import read_finish
from headgate.dialects.converse.errors import read_error
from headgate.dialects.converse.usage import read_usage
from headgate.dialects.destination import Source
from headgate.dialects.facts import Facts
from headgate.model.fault import Refused, StreamBroken
from headgate.model.reply import Fold, Reply
from headgate.wire import json_text
from headgate.wire.json_fields import fields, objects, text


def read_reply(body: bytes, source: Source) -> Reply:
    """The reply in `body`. Raises Refused where it holds an error instead, StreamBroken where it
    is no reply at all."""
    reply = _decoded(body)
    assembly = Assembly(source)
    fold = Fold()
    for kind, payload in _events(reply):
        for event in assembly.take(kind, payload):
            fold.add(event)
    return fold.reply()


def read_facts(body: bytes) -> Facts:
    """What a whole reply says of itself. Raises StreamBroken where it is none."""
    try:
        reply = _decoded(body)
    except Refused as refused:
        return Facts(events=1, output_bytes=len(body), fault=refused.fault)
    return Facts(
        events=1,
        output_bytes=len(body),
        finished=bool(text(reply, "stopReason")),
        native_finish=read_finish(reply, False).native,
        usage=read_usage(fields(reply, "usage")),
    )


def _decoded(body: bytes) -> dict[str, Any]:
    reply = json_text.object_or_none(body)
    if reply is None:
        raise StreamBroken("the reply is not a JSON object")
    if "output" not in reply:
        if "message" in reply or "Message" in reply or "__type" in reply or "error" in reply:
            raise Refused(read_error(500, body))
        raise StreamBroken("the reply has neither output nor an error")
    return reply


def _events(reply: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "messageStart", {}
    message = fields(fields(reply, "output"), "message")
    for index, block in enumerate(objects(message, "content")):
        at = {"contentBlockIndex": index}
        start, deltas = _taken_apart(block)
        if start:
            yield "contentBlockStart", {**at, "start": start}
        for delta in deltas:
            yield "contentBlockDelta", {**at, "delta": delta}
        yield "contentBlockStop", at
    if text(reply, "stopReason"):
        yield "messageStop", reply
    yield "metadata", reply


def _taken_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The start and the deltas that a stream would have brought for `block`."""
    if "text" in block:
        return {}, [block]
    call = fields(block, "toolUse")
    if call and not text(call, "type"):
        given = call.get("input", {})
        words = given if isinstance(given, str) else json_text.encode_text(given)
        return block, [{"toolUse": {"input": words}}]
    reasoning = fields(block, "reasoningContent")
    if reasoning:
        plain = fields(reasoning, "reasoningText")
        return {}, [{"reasoningContent": {**reasoning, **plain}}]
    cited = fields(block, "citationsContent")
    if cited:
        citations = [{"citation": citation} for citation in objects(cited, "citations")]
        return {}, [*objects(cited, "content"), *citations]
    return block, []
