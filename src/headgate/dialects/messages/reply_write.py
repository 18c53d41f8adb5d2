"""A whole reply to a caller."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from headgate.dialects.dialect import ReplyContext, Written
from headgate.dialects.messages import signatures
from headgate.dialects.messages.citations import write_citation
from headgate.dialects.messages.finish import write_finish
from headgate.dialects.messages.own import NAME, own
from headgate.dialects.messages.usage import write_usage
from headgate.model import custom_input
from headgate.model.fault import Fault, Refused
from headgate.model.ids import MESSAGES_TOOL_ID, fit, once
from headgate.model.parts import (
    Audio,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Vendor,
)
from headgate.model.reply import Reply
from headgate.wire import json_text

Block = dict[str, Any]

BROKEN_CALL = Fault(
    kind="upstream_error",
    message="The model made a tool call that cannot be read.",
    origin="upstream",
)


def write_reply(reply: Reply, context: ReplyContext) -> Written:
    """The reply in this dialect, which has one answer only. Raises Refused where the model broke
    its tool call: this dialect has no stop reason for that, only an error."""
    losses: list[str] = []
    if len(reply.choices) > 1:
        losses.append("n")
    choice = next((choice for choice in reply.choices if choice.index == 0), None)
    parts = choice.parts if choice else ()
    finish = choice.finish if choice else None
    if finish is not None and finish.reason == "broken_tool_call":
        raise Refused(BROKEN_CALL)
    content = write_parts(parts, losses)
    called = any(isinstance(part, ToolCall) for part in parts)
    body = {
        **opening(reply.id, context, content),
        **own(reply.extras),
        **write_finish(finish, called),
        "usage": write_usage(reply.usage, context.input_estimate),
    }
    return Written(json_text.encode(body), tuple(dict.fromkeys(losses)))


def opening(id_: str, context: ReplyContext, content: list[Block]) -> Block:
    """The fields with which a message begins. A message's own id is kept."""
    return {
        "id": id_ if id_.startswith("msg_") else f"msg_{context.id_seed[:24]}",
        "type": "message",
        "role": "assistant",
        "model": context.model,
        "content": content,
    }


def write_parts(parts: Iterable[Part], losses: list[str]) -> list[Block]:
    """The blocks of `parts`; names what has no words here in `losses`."""
    blocks: list[Block] = []
    given: set[str] = set()
    for part in parts:
        if isinstance(part, ToolCall):
            part = msgspec.structs.replace(part, id=call_id(part.id, given))
        write = _WRITERS.get(type(part))
        block = write(part, losses) if write else None
        if block is not None:
            blocks.append(block)
        elif write is None:
            losses.append(type(part).__name__.lower())
    return blocks


def call_id(id_: str, given: set[str]) -> str:
    """The id of a call as this dialect takes it; `given` are those that the reply has."""
    return once(fit(id_, MESSAGES_TOOL_ID, prefix="toolu_hg"), given)


def call_block(call: ToolCall) -> Block:
    """A ``tool_use`` block without its input; the call's id fits."""
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": {}, **own(call.extras)}


def _text(part: Text, losses: list[str]) -> Block | None:
    if part.logprobs:
        losses.append("logprobs")
    if not part.text:
        return None
    block: Block = {"type": "text", "text": part.text}
    cited = [write_citation(citation) for citation in part.citations]
    if None in cited:
        losses.append("citations")
    known = [citation for citation in cited if citation is not None]
    if known:
        block["citations"] = known
    return {**block, **own(part.extras)}


def _refusal(part: Refusal, losses: list[str]) -> Block | None:
    return {"type": "text", "text": part.text} if part.text else None


def _reasoning(part: Reasoning, losses: list[str]) -> Block | None:
    block = signatures.for_caller(part.text, part.state)
    return None if block is None else {**block, **own(part.extras)}


def _call(part: ToolCall, losses: list[str]) -> Block:
    text = custom_input.wrap(part.arguments) if part.custom else part.arguments
    value = json_text.object_or_none(text) if text.strip() else {}
    return {**call_block(part), "input": {"_raw": text} if value is None else value}


def _audio(part: Audio, losses: list[str]) -> Block | None:
    losses.append("audio")
    return {"type": "text", "text": part.transcript} if part.transcript else None


def _vendor(part: Vendor, losses: list[str]) -> Block | None:
    if part.dialect == NAME:
        return dict(part.payload)
    losses.append(part.kind)
    return None


_WRITERS: Mapping[type, Callable[[Any, list[str]], Block | None]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    ToolCall: _call,
    Audio: _audio,
    Vendor: _vendor,
}
