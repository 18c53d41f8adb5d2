"""A request that stays in this dialect: its bytes, with another model and what the host demands."""

from typing import Any

from headgate.dialects.destination import Destination, Quirks
from headgate.dialects.dialect import Envelope
from headgate.dialects.messages import betas, signatures, turns
from headgate.wire import json_text

Object = dict[str, Any]


def readdress(body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    """`body` for `destination`: byte for byte but for the model's name, unless the host shapes
    bodies differently or the history carries reasoning that is sealed."""
    quirks = destination.quirks
    if _is_plain(quirks) and signatures.SEALED not in body:
        if destination.model == envelope.model:
            return body
        return json_text.replace_string(body, "model", envelope.model, destination.model)
    value: Object = json_text.decode(body)
    changed = _reopen(value, destination)
    if _is_plain(quirks) and not changed:
        return json_text.replace_string(body, "model", envelope.model, destination.model)
    return json_text.encode(_host(value, destination))


def _is_plain(quirks: Quirks) -> bool:
    return quirks.model_in_body and not (
        quirks.body_version or quirks.refuses_fields or quirks.refuses_betas
    )


def _host(value: Object, destination: Destination) -> Object:
    quirks = destination.quirks
    shaped: Object = {}
    if quirks.body_version is not None:
        shaped["anthropic_version"] = quirks.body_version
    for key, field in value.items():
        if key in quirks.refuses_fields or (quirks.refuses_betas and betas.of_field(key, field)):
            continue
        shaped[key] = field
    if quirks.model_in_body:
        shaped["model"] = destination.model
    else:
        shaped.pop("model", None)
    return shaped


def _reopen(value: Object, destination: Destination) -> bool:
    """Unseals the target's own reasoning and takes everybody else's out; whether there was any."""
    changed = False
    messages = value.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            shown = [_shown(block, destination) for block in content]
            changed = changed or shown != content
            message["content"] = [block for block in shown if block is not None]
    thinking = value.get("thinking")
    manual = isinstance(thinking, dict) and thinking.get("type") == "enabled"
    if changed and manual and turns.lacks_thinking(value["messages"]):
        # The loop's thoughts were another vendor's; without them the model may not think now.
        del value["thinking"]
    return changed


def _shown(block: Any, destination: Destination) -> Any:
    if not isinstance(block, dict) or block.get("type") not in ("thinking", "redacted_thinking"):
        return block
    quirks = destination.quirks
    return signatures.reopen(block, destination.vendor, quirks.wants_reasoning_back)
