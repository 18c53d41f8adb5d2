"""The hub's request for a backend of this dialect."""

import re
from typing import Any

from headgate.dialects.chat.lenient import Json, object_in
from headgate.dialects.chat.messages_write import MessagesWriter
from headgate.dialects.chat.tools import write_choice, write_tools
from headgate.dialects.destination import Abilities, Destination
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.losses import Losses, refuse_unserved
from headgate.model.effort import effort_for, nearest
from headgate.model.fault import Untranslatable
from headgate.model.ids import fit
from headgate.model.request import (
    Effort,
    HostedTool,
    ReasoningWish,
    Request,
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolRef,
)
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

MOST_STOPS = 4
SCHEMA_TOOL = "answer"
"""The function whose arguments are the answer, where the model has no structured output."""

_SAFETY_ID = re.compile(r"[^\x00-\x1f]{1,64}\Z")
"""OpenAI refuses longer ones, and Claude Code's is JSON of 170 characters."""
_TIERS = {"standard_only": "default", "standard": "default"}
_KNOWN_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_SILENT_REFUSALS = frozenset({"stream_options", "store", "parallel_tool_calls"})


def write_request(request: Request, destination: Destination) -> WrittenRequest:
    """See `headgate.dialects.dialect.BackendHalf.write_request`."""
    return _Writing(request, destination).write()


class _Writing:
    """One request while its body is put together."""

    def __init__(self, request: Request, destination: Destination) -> None:
        self._request = request
        self._native = request.dialect == "chat"
        self._destination = destination
        self._quirks = destination.quirks
        self._abilities = destination.abilities
        self._losses = Losses(request)
        self._names = ToolNames(request.tools)
        self._schema_tool: str | None = None
        self._body: Json = {}

    def write(self) -> WrittenRequest:
        request = self._request
        if not self._native:
            refuse_unserved(request)
        writer = MessagesWriter(request, self._destination, self._names, self._losses)
        self._body = {"model": self._destination.model, "messages": writer.write()}
        self._stream()
        self._sampling()
        self._tools()
        self._reasoning()
        self._format()
        self._rest()
        self._extras()
        one_call = self._refused()
        return WrittenRequest(
            body=json_text.encode(self._body),
            losses=self._losses.names,
            tools=self._names.back,
            schema_tool=self._schema_tool,
            one_tool_call=one_call,
        )

    def _say(self, field: str, value: Any) -> None:
        if value is not None:
            self._body[field] = value

    def _stream(self) -> None:
        if self._request.stream:
            self._body["stream"] = True
            if self._quirks.usage_in_stream:
                self._body["stream_options"] = {"include_usage": True}
        self._say(self._quirks.max_tokens_field, self._request.max_tokens)

    def _sampling(self) -> None:
        sampling = self._request.sampling
        fixed = self._abilities.fixed_sampling
        for field in ("temperature", "top_p", "top_k"):
            value = getattr(sampling, field)
            if value is not None and (fixed or (field == "top_k" and not self._native)):
                self._losses.add(field)
            else:
                self._say(field, value)
        for field in ("frequency_penalty", "presence_penalty", "seed", "logit_bias"):
            self._say(field, getattr(sampling, field))
        for field in ("logprobs", "top_logprobs", "n"):
            self._say(field, getattr(sampling, field))
        if "top_logprobs" in self._body:
            self._body.setdefault("logprobs", True)
        self._stop(sampling.stop)

    def _stop(self, stops: tuple[str, ...]) -> None:
        if not stops:
            return
        if len(stops) > MOST_STOPS and not self._native:
            message = f"This model takes at most {MOST_STOPS} stop sequences."
            raise Untranslatable(self._losses.name("stop"), message)
        self._body["stop"] = stops[0] if len(stops) == 1 else list(stops)

    def _tools(self) -> None:
        request = self._request
        marks = self._native or self._quirks.cache_marks
        tools = write_tools(request.tools, self._native, self._names, self._losses, marks)
        if not tools:
            self._refuse_forced(request.tool_choice)
            return
        self._body["tools"] = tools
        if request.tool_choice is not None:
            choice = write_choice(request.tool_choice, request.tools, self._native, self._names)
            self._body["tool_choice"] = choice
        self._say("parallel_tool_calls", request.parallel_tool_calls)

    def _refuse_forced(self, choice: ToolChoice | None) -> None:
        hosted = any(isinstance(tool, HostedTool) for tool in self._request.tools)
        if hosted and choice is not None and choice.mode in ("required", "tool"):
            message = "The tool that must be called is run by another vendor."
            raise Untranslatable("tool_choice", message)

    def _reasoning(self) -> None:
        wish = self._request.reasoning
        if wish is None:
            return
        native = object_in((wish.extras or {}).get("chat"))
        if self._native and native:
            self._body.update(native)
            return
        effort = effort_of(wish, self._abilities)
        if effort is None:
            return
        if self._abilities.thinking == "none":
            if effort != "none":
                self._losses.add("reasoning")
            return
        self._body["reasoning_effort"] = effort

    def _format(self) -> None:
        wished = self._request.response_format
        if wished is None:
            return
        if wished.kind != "json_schema":
            self._body["response_format"] = {"type": wished.kind}
        elif self._abilities.native_schema or self._native:
            self._body["response_format"] = {
                "type": "json_schema",
                "json_schema": _schema(wished),
            }
        elif "tools" not in self._body and wished.schema is not None:
            self._ask_by_tool(wished)
        else:
            self._losses.add("response_format")

    def _ask_by_tool(self, wished: ResponseFormat) -> None:
        """A forced function stands in for structured output."""
        tool = Tool(SCHEMA_TOOL, wished.description or "Gives the answer.", wished.schema)
        self._schema_tool = SCHEMA_TOOL
        self._body["tools"] = write_tools((tool,), False, self._names, self._losses)
        choice = ToolChoice("tool", ToolRef(SCHEMA_TOOL))
        self._body["tool_choice"] = write_choice(choice, (tool,), False, self._names)

    def _rest(self) -> None:
        request = self._request
        for field in ("verbosity", "user", "prompt_cache_key", "audio", "prediction"):
            self._say(field, getattr(request, field))
        if request.safety_id is not None:
            self._say("safety_identifier", fit(request.safety_id, _SAFETY_ID, prefix="user_"))
        self._say("web_search_options", request.web_search)
        if request.modalities:
            self._body["modalities"] = list(request.modalities)
        if self._native:
            self._say("store", request.store)
        if request.metadata and not self._native:
            self._losses.add("metadata")
        elif self._native:
            self._say("metadata", request.metadata)
        self._tier(request.service_tier)
        if request.truncation not in (None, "disabled"):
            self._losses.add("truncation")

    def _tier(self, tier: str | None) -> None:
        if tier is None:
            return
        tier = tier if self._native else _TIERS.get(tier, tier)
        if self._native or tier in _KNOWN_TIERS:
            self._body["service_tier"] = tier
        else:
            self._losses.add("service_tier")

    def _extras(self) -> None:
        extras = dict(self._request.extras)
        if not self._native:
            self._losses.add_extras(None, extras)
            return
        options = extras.pop("stream_options", None)
        if self._request.stream and isinstance(options, dict):
            self._body["stream_options"] = {**options, **self._body.get("stream_options", {})}
        self._body.update(extras)

    def _refused(self) -> bool:
        """Takes out what the backend answers with a 400; whether the reader must cut parallel
        calls because the switch is among it."""
        refused = self._quirks.refuses_fields & self._body.keys()
        one_call = "parallel_tool_calls" in refused and not self._body["parallel_tool_calls"]
        for field in sorted(refused):
            del self._body[field]
            if field not in _SILENT_REFUSALS:
                self._losses.add(field)
        return one_call


def effort_of(wish: ReasoningWish, abilities: Abilities) -> Effort | None:
    """The effort to ask for; None where the model may decide."""
    effort = wish.effort
    if wish.mode == "disabled":
        effort = "none"
    elif effort is None and wish.budget_tokens is not None:
        effort = effort_for(wish.budget_tokens)
    if effort is None:
        return None
    if effort == "none" and not abilities.thinking_off:
        some = tuple(other for other in abilities.efforts if other != "none")
        return nearest("none", some or ("low",))
    return nearest(effort, abilities.efforts)


def _schema(wished: ResponseFormat) -> Json:
    said = {
        "name": wished.name or "answer",
        "description": wished.description,
        "schema": wished.schema,
        "strict": wished.strict,
    }
    return {field: value for field, value in said.items() if value is not None}
