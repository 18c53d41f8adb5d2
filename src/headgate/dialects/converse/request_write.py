"""A request in Converse's words.

Pictures by URL are carried from S3 alone; any other is refused, since nothing here does I/O and an
answer without it would be about something else.
"""

from typing import Any

from headgate.dialects.converse.messages_write import MessagesWriter
from headgate.dialects.converse.thinking import write_thinking
from headgate.dialects.converse.tools import WrittenTools, write_tools
from headgate.dialects.destination import Destination
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.losses import Losses, note_unsaid, refuse_unserved
from headgate.model.fault import Untranslatable
from headgate.model.request import Request
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

_TIERS = {"flex": "flex", "priority": "priority", "fast": "priority"}
_USUAL_TIERS = (None, "auto", "default", "standard", "standard_only")


def write_request(request: Request, destination: Destination) -> WrittenRequest:
    """`request` for `destination`. Raises Untranslatable where the caller's wish has no words."""
    refuse_unserved(request)
    _refuse(request)
    losses = Losses(request)
    note_unsaid(request, losses)
    names = ToolNames(request.tools)
    messages = MessagesWriter(request, destination, names, losses)
    tools = write_tools(request, destination, names, messages.tools_used, losses)
    body: dict[str, Any] = {"messages": messages.messages}
    if messages.system:
        body["system"] = messages.system
    if tools.config is not None:
        body["toolConfig"] = tools.config
    thinking = _thinking(request, destination, messages, tools, losses)
    on = thinking.get("thinking", {}).get("type") in ("enabled", "adaptive")
    inference, more = _inference(request, destination, on, losses)
    if inference:
        body["inferenceConfig"] = inference
    if thinking or more:
        body["additionalModelRequestFields"] = {**more, **thinking}
    _write_format(request, destination, tools, body)
    _write_tier(request, body, losses)
    return WrittenRequest(
        body=json_text.encode(body),
        losses=losses.names,
        tools=names.back,
        schema_tool=tools.schema_tool,
        one_tool_call=request.parallel_tool_calls is False,
    )


def _refuse(request: Request) -> None:
    if request.sampling.n not in (None, 1):
        raise Untranslatable("n", "This model gives one answer to a request.")
    if request.audio is not None or set(request.modalities) - {"text"}:
        raise Untranslatable("modalities", "This model answers in text alone.")


def _thinking(
    request: Request,
    destination: Destination,
    messages: MessagesWriter,
    tools: WrittenTools,
    losses: Losses,
) -> dict[str, Any]:
    """Manual thinking goes neither with a forced tool nor into a tool loop begun without it."""
    most = request.max_tokens or destination.abilities.most_output
    thinking = write_thinking(request.reasoning, destination.abilities, most, losses)
    manual = thinking.get("thinking", {}).get("type") == "enabled"
    if manual and (tools.forced or not messages.thought_in_loop):
        losses.add("reasoning")
        return {}
    return thinking


def _inference(
    request: Request, destination: Destination, thinking: bool, losses: Losses
) -> tuple[dict[str, Any], dict[str, Any]]:
    """``inferenceConfig``, and the dials that Bedrock hands on unread."""
    sampling, abilities = request.sampling, destination.abilities
    inference: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if request.max_tokens is not None or thinking:
        inference["maxTokens"] = request.max_tokens or abilities.most_output
    _write_heat(request, destination, inference, thinking, losses)
    if sampling.top_k is not None:
        if abilities.fixed_sampling:
            losses.add("top_k")
        else:
            more["top_k"] = sampling.top_k
    stops = [stop for stop in sampling.stop if stop.strip()]
    if len(stops) < len(sampling.stop):
        losses.add("stop")
    if stops:
        inference["stopSequences"] = stops
    for field in ("seed", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"):
        if getattr(sampling, field) not in (None, False):
            losses.add(field)
    return inference, more


def _write_heat(
    request: Request,
    destination: Destination,
    inference: dict[str, Any],
    thinking: bool,
    losses: Losses,
) -> None:
    """Temperature and top_p, which a thinking Claude takes only at their defaults."""
    sampling, abilities = request.sampling, destination.abilities
    both = sampling.temperature is not None and sampling.top_p is not None
    for field, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
        if value is None:
            continue
        second = field == "top_p" and both and abilities.one_of_temperature_top_p
        if abilities.fixed_sampling or second or (thinking and value != 1):
            losses.add(field)
        else:
            inference["topP" if field == "top_p" else field] = min(value, 1.0)


def _write_format(
    request: Request, destination: Destination, tools: WrittenTools, body: dict[str, Any]
) -> None:
    wanted = request.response_format
    if wanted is None or wanted.kind != "json_schema" or tools.schema_tool is not None:
        return
    if not destination.abilities.native_schema:
        return
    shape: dict[str, Any] = {"schema": json_text.encode_text(wanted.schema or {})}
    if wanted.name:
        shape["name"] = wanted.name
    if wanted.description:
        shape["description"] = wanted.description
    body["outputConfig"] = {
        "textFormat": {"type": "json_schema", "structure": {"jsonSchema": shape}}
    }


def _write_tier(request: Request, body: dict[str, Any], losses: Losses) -> None:
    tier = request.service_tier
    if tier in _TIERS:
        body["serviceTier"] = {"type": _TIERS[tier]}
    elif tier not in _USUAL_TIERS:
        losses.add("service_tier")
