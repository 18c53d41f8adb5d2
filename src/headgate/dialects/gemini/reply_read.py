"""A whole Gemini reply: the same meaning as the stream's, from one object."""

from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.facts import Facts
from headgate.dialects.gemini.assembly import Assembly
from headgate.dialects.gemini.ending import native_reason
from headgate.dialects.gemini.errors import fault_of
from headgate.dialects.gemini.usage import read_usage
from headgate.model.fault import Refused, StreamBroken
from headgate.model.reply import Fold, Reply
from headgate.model.usage import merge
from headgate.wire import json_text
from headgate.wire.json_fields import fields, objects, text


def read_reply(body: bytes, source: Source) -> Reply:
    """The reply in `body` (one object, or the array of a stream).

    Raises Refused where it holds an error instead, StreamBroken where it is no reply at all.
    """
    assembly = Assembly(source)
    fold = Fold()
    responses = _responses(body)
    for event in [event for each in responses for event in assembly.take(each)]:
        fold.add(event)
    if fold.failed is not None:
        raise Refused(fold.failed.fault)
    for event in assembly.end():
        fold.add(event)
    return fold.reply()


def read_facts(body: bytes) -> Facts:
    """What a whole reply says of itself. Raises StreamBroken where it is none."""
    facts = Facts(events=1, output_bytes=len(body))
    for response in _responses(body):
        note(facts, response)
    return facts


def note(facts: Facts, response: dict[str, Any]) -> None:
    """Notes what one response object says."""
    if response.get("error"):
        facts.fault = fault_of(response)
        return
    facts.id = text(response, "responseId") or facts.id
    facts.model = text(response, "modelVersion") or facts.model
    reasons = [
        native
        for candidate in objects(response, "candidates")
        if (native := native_reason(candidate.get("finishReason")))
    ]
    blocked = text(fields(response, "promptFeedback"), "blockReason")
    if reasons or blocked:
        facts.finished = True
        facts.native_finish = reasons[0] if reasons else blocked
    usage = read_usage(fields(response, "usageMetadata"))
    facts.usage = merge(facts.usage, usage) if usage is not None else facts.usage


def _responses(body: bytes) -> list[dict[str, Any]]:
    try:
        value = json_text.decode(body)
    except ValueError as error:
        raise StreamBroken("the reply is not JSON") from error
    responses = value if isinstance(value, list) else [value]
    found = [each for each in responses if isinstance(each, dict)]
    known = {"candidates", "promptFeedback", "error", "usageMetadata"}
    if not any(known & each.keys() for each in found):
        raise StreamBroken("the reply has neither candidates nor an error")
    return found
