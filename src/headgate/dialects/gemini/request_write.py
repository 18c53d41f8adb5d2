"""A request in Gemini's words.

Pictures by URL are carried only where Google can fetch them (Cloud Storage, its Files API,
YouTube); any other is refused, since nothing here does I/O and an answer without it would be about
something else.
"""

from typing import Any

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.gemini.contents import write_contents
from headgate.dialects.gemini.schema import degrade
from headgate.dialects.gemini.thinking import is_gemini_3, write_thinking
from headgate.dialects.gemini.tools import NAME, WrittenTools, write_tools
from headgate.dialects.losses import Losses, note_unsaid, refuse_unserved
from headgate.model.fault import Untranslatable
from headgate.model.request import Request, Sampling
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

MOST_STOPS = 5

_TIERS = {"flex": "flex", "priority": "priority", "fast": "priority"}
_USUAL_TIERS = (None, "auto", "default", "standard", "standard_only")
_MODALITIES = {"text": "TEXT", "image": "IMAGE"}
_SAMPLED = (
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("frequency_penalty", "frequencyPenalty"),
    ("presence_penalty", "presencePenalty"),
    ("seed", "seed"),
    ("n", "candidateCount"),
)
_FIXED = frozenset({"temperature", "top_p", "top_k"})


def write_request(request: Request, destination: Destination) -> WrittenRequest:
    """`request` for `destination`. Raises Untranslatable where the caller's wish has no words."""
    refuse_unserved(request)
    losses = Losses(request)
    note_unsaid(request, losses)
    names = ToolNames(request.tools, NAME)
    contents = write_contents(request, destination, names, losses)
    tools = write_tools(request, destination, names, losses)
    body: dict[str, Any] = {"contents": contents.contents}
    if contents.system:
        body["systemInstruction"] = {"parts": contents.system}
    if tools.tools:
        body["tools"] = tools.tools
    if tools.config:
        body["toolConfig"] = tools.config
    config = _generation(request, destination, tools, losses)
    if config:
        body["generationConfig"] = config
    _write_tier(request, destination, body, losses)
    return WrittenRequest(
        body=json_text.encode(body),
        losses=losses.names,
        tools=names.back,
        schema_tool=tools.schema_tool,
        one_tool_call=request.parallel_tool_calls is False,
    )


def _generation(
    request: Request, destination: Destination, tools: WrittenTools, losses: Losses
) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    _write_sampling(request.sampling, destination, config, losses)
    _write_format(request, destination, tools, config, losses)
    modalities = _modalities(request)
    if modalities:
        config["responseModalities"] = modalities
    thinking = write_thinking(request, destination.abilities, losses)
    if thinking is not None:
        config["thinkingConfig"] = thinking
    return config


def _write_sampling(
    sampling: Sampling, destination: Destination, config: dict[str, Any], losses: Losses
) -> None:
    for field, key in _SAMPLED:
        value = getattr(sampling, field)
        if value is None:
            continue
        refused = key in destination.quirks.refuses_fields
        if refused or (field in _FIXED and destination.abilities.fixed_sampling):
            losses.add(field)
        else:
            config[key] = value
    if sampling.logprobs or sampling.top_logprobs:
        config["responseLogprobs"] = True
        if sampling.top_logprobs:
            config["logprobs"] = sampling.top_logprobs
    if len(sampling.stop) > MOST_STOPS:
        raise Untranslatable(
            losses.name("stop"), f"This model takes at most {MOST_STOPS} stop sequences."
        )
    if sampling.stop:
        config["stopSequences"] = list(sampling.stop)


def _write_format(
    request: Request,
    destination: Destination,
    tools: WrittenTools,
    config: dict[str, Any],
    losses: Losses,
) -> None:
    """Structured output; not beside functions before Gemini 3, which refuses the pair."""
    wanted = request.response_format
    if wanted is None or wanted.kind == "text" or tools.schema_tool is not None:
        return
    functions = any("functionDeclarations" in tool for tool in tools.tools)
    if functions and not is_gemini_3(destination.abilities):
        losses.add("response_format")
        return
    config["responseMimeType"] = "application/json"
    if wanted.kind == "json_schema" and wanted.schema is not None:
        if "responseJsonSchema" in destination.quirks.refuses_fields:
            config["responseSchema"] = degrade(wanted.schema, "openapi")
        else:
            config["responseJsonSchema"] = degrade(wanted.schema, "json_schema")


def _modalities(request: Request) -> list[str]:
    if request.audio is not None or "audio" in request.modalities:
        raise Untranslatable("modalities", "This model answers no sound through this endpoint.")
    if set(request.modalities) <= {"text"}:
        return []
    return [_MODALITIES[each] for each in request.modalities if each in _MODALITIES]


def _write_tier(
    request: Request, destination: Destination, body: dict[str, Any], losses: Losses
) -> None:
    tier = request.service_tier
    if tier in _TIERS and "serviceTier" not in destination.quirks.refuses_fields:
        body["serviceTier"] = _TIERS[tier]
    elif tier not in _USUAL_TIERS:
        losses.add("service_tier")
