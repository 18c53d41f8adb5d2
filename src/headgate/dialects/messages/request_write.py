"""A request to a backend, whole."""

from collections.abc import Iterator
from typing import Any

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.messages import betas, cache_marks, schema, tools_write, turns
from headgate.dialects.messages.losses import Losses
from headgate.dialects.messages.own import NAME
from headgate.dialects.messages.parts_write import write_part
from headgate.dialects.messages.relayed import VERSION
from headgate.dialects.messages.sampling_write import lose_the_rest, write_sampling
from headgate.dialects.messages.thinking_write import Thought, write_thinking
from headgate.dialects.messages.writing import Writing, is_note
from headgate.model.parts import Part
from headgate.model.request import Message, Request
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

Object = dict[str, Any]

_TOOL_NAME = 128
_SYSTEM = ("system", "developer")
_JSON_HINT = "Answer with one JSON object and nothing else."


def write_request(request: Request, destination: Destination) -> WrittenRequest:
    """The request in this dialect. Raises Untranslatable where it cannot say what was asked."""
    losses = Losses(request.dialect)
    names = ToolNames(request.tools, tools_write.NAME_FITS, _TOOL_NAME)
    writing = Writing(request.dialect == NAME, destination, names, losses)
    body = _head(request, writing)
    thought = write_thinking(request, writing, body["max_tokens"])
    _write_conversation(body, request, writing)
    synthetic = _write_tools(body, request, writing)
    _reconcile(body, thought, request, writing)
    body.update(write_sampling(request, writing, thought.on))
    lose_the_rest(request, losses)
    _write_extras(body, request, writing)
    cache_marks.limit(body)
    for field in destination.quirks.refuses_fields & body.keys():
        del body[field]
        if field != "stream":
            losses.add(field)
    return WrittenRequest(
        body=json_text.encode(body),
        losses=losses.found(),
        headers=_headers(body, destination),
        tools=names.back,
        schema_tool=synthetic,
    )


def _head(request: Request, writing: Writing) -> Object:
    goal = writing.destination
    body: Object = {}
    if goal.quirks.body_version is not None:
        body["anthropic_version"] = goal.quirks.body_version
    if goal.quirks.model_in_body:
        body["model"] = goal.model
    asked = request.max_tokens
    body["max_tokens"] = goal.abilities.most_output if asked is None else asked
    if request.stream:
        body["stream"] = True
    if request.cache is not None:
        body["cache_control"] = writing.mark(request.cache)
    return body


def _headers(body: Object, destination: Destination) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    if destination.quirks.body_version is None:
        headers.append(("anthropic-version", VERSION))
    wanted = () if destination.quirks.refuses_betas else betas.needed(body)
    if wanted:
        headers.append(("anthropic-beta", ",".join(wanted)))
    return tuple(headers)


def _write_conversation(body: Object, request: Request, writing: Writing) -> None:
    head = 0
    while head < len(request.messages) and request.messages[head].role in _SYSTEM:
        head += 1
    parts = [part for message in request.messages[:head] for part in message.parts]
    system = _system_blocks(parts, writing)
    if system:
        body["system"] = system
    written = turns.merge(_turns(request.messages[head:], writing))
    written = turns.merge(turns.drop_empty(turns.answer_calls(written)))
    body["messages"] = turns.begin_with_user(written)


def _system_blocks(parts: list[Part], writing: Writing) -> list[Object]:
    blocks = [block for part in parts for block in write_part(part, "system", writing)]
    return [block for block in blocks if block["type"] != "text" or block["text"].strip()]


def _turns(messages: tuple[Message, ...], writing: Writing) -> Iterator[turns.Turn]:
    for number, message in enumerate(messages):
        role = "assistant" if message.role == "assistant" else "user"
        if message.role in _SYSTEM:
            yield _system_turn(messages, number, writing)
            continue
        if message.name is not None:
            writing.losses.add("messages", "name")
        blocks = [b for part in message.parts for b in write_part(part, message.role, writing)]
        yield writing.finish({"role": role, "content": blocks}, None, message.extras, "messages")


def _system_turn(messages: tuple[Message, ...], number: int, writing: Writing) -> turns.Turn:
    """A system message amid the conversation: itself where the model takes it there, else a
    reminder in the user's turn, which keeps its place."""
    blocks = _system_blocks(list(messages[number].parts), writing)
    after_user = number > 0 and messages[number - 1].role in ("user", "tool")
    before = messages[number + 1].role if number + 1 < len(messages) else "assistant"
    if writing.destination.abilities.mid_system and after_user and before == "assistant":
        return {"role": "system", "content": blocks}
    words = [block for block in blocks if block["type"] == "text"]
    for block in words:
        block["text"] = f"<system-reminder>\n{block['text']}\n</system-reminder>"
    if len(words) < len(blocks):
        writing.losses.add("messages", "system")
    return {"role": "user", "content": words}


def _write_tools(body: Object, request: Request, writing: Writing) -> str | None:
    """Tools, choice and structured output; the name of the tool that stands in for the latter."""
    tools = tools_write.write_tools(request, writing)
    choice = tools_write.write_choice(request, writing, tools)
    shape = request.response_format
    synthetic = None
    if shape is not None and shape.kind == "json_schema":
        if writing.destination.abilities.native_schema:
            body["output_config"] = {"format": _format(request, writing)}
        else:
            synthetic = tools_write.SCHEMA_TOOL
            tools.append(tools_write.schema_tool(shape.schema, shape.description))
            choice = tools_write.force_schema_tool(choice, tools)
    elif shape is not None and shape.kind == "json_object":
        writing.losses.add("response_format")
        body.setdefault("system", []).append({"type": "text", "text": _JSON_HINT})
    if tools:
        body["tools"] = tools
    if choice is not None:
        body["tool_choice"] = choice
    return synthetic


def _format(request: Request, writing: Writing) -> Object:
    shape = request.response_format
    asked = shape.schema if shape is not None else None
    if writing.native:
        return {"type": "json_schema", "schema": asked}
    if schema.loses_meaning(asked):
        writing.losses.add("response_format", "schema", "additionalProperties")
    return {"type": "json_schema", "schema": schema.narrow(dict(asked or {}))}


def _reconcile(body: Object, thought: Thought, request: Request, writing: Writing) -> None:
    """Settles what cannot go together: manual thinking refuses forced tools and a tool loop
    without its thoughts; a prefilled answer refuses thinking and structured output."""
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    if thought.manual and (forced or turns.lacks_thinking(body["messages"])):
        thought.thinking = None
        writing.losses.add("reasoning")
    if thought.thinking is not None:
        body["thinking"] = thought.thinking
    if thought.effort is not None:
        body.setdefault("output_config", {})["effort"] = thought.effort
    if turns.ends_with_prefill(body["messages"]):
        shaped = "format" in body.get("output_config", {})
        if writing.destination.abilities.prefill and not thought.on and not shaped:
            body["messages"] = turns.trim_prefill(body["messages"])
        else:
            writing.losses.add("messages", "prefill")
            body["messages"] = turns.ask_to_go_on(body["messages"])


def _write_extras(body: Object, request: Request, writing: Writing) -> None:
    if not writing.native:
        keys = [key for key, value in request.extras.items() if not is_note(key, value)]
        writing.losses.add_extras(keys)
        return
    for key, value in request.extras.items():
        if writing.destination.quirks.refuses_betas and betas.of_field(key, value):
            writing.losses.add_extras([key])
        elif key == "output_config" and isinstance(value, dict):
            body[key] = {**value, **body.get(key, {})}
        else:
            body[key] = value
