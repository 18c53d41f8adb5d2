"""A request written for a backend of this dialect."""

import re
from collections.abc import Mapping
from typing import Any

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import WrittenRequest
from headgate.dialects.responses.input_write import InputWriter
from headgate.dialects.responses.losses import spelled
from headgate.dialects.responses.notes import (
    HOME_VENDOR,
    NAME,
    OPENAI_DIALECTS,
    note_of,
    unknown_of,
)
from headgate.dialects.responses.request_read import LOGPROBS
from headgate.dialects.responses.tools_write import (
    Naming,
    write_tool_choice,
    write_tools,
    write_web_search,
)
from headgate.model import effort
from headgate.model.fault import Untranslatable
from headgate.model.ids import fit
from headgate.model.parts import Text
from headgate.model.request import Message, ReasoningWish, Request, Tool, ToolRef
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

ENCRYPTED = "reasoning.encrypted_content"

_LEAST_OUTPUT = 16
"""The vendor refuses a smaller ``max_output_tokens``."""

_REFUSED_ELSEWHERE = ("mcp_servers", "container", "skills")
_OF_ALL_OPENAI = frozenset({"prompt_cache_retention", "prompt_cache_options", "moderation"})
"""Fields beyond the hub's words that mean the same in both of the vendor's dialects."""
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})

Body = dict[str, Any]
Losses = dict[str, None]


def write_request(request: Request, destination: Destination) -> WrittenRequest:
    """The request in this dialect. Raises Untranslatable where the caller insists on what the
    dialect cannot say."""
    _refuse_untranslatable(request)
    native = request.dialect == NAME
    losses: Losses = {}
    names = _Names(request, native)
    body: Body = {"model": destination.model} if destination.quirks.model_in_body else {}
    _write_input(request, destination, names.wire, losses, body)
    _write_tools(request, names.wire, losses, body)
    _write_limits(request, destination, losses, body)
    _write_thinking(request, destination, losses, body)
    _write_shape(request, body)
    _write_rest(request, body)
    _write_storage(request, destination, body)
    _write_extras(request, losses, body)
    _write_sampling(request, destination, losses, body)
    for key in destination.quirks.refuses_fields & body.keys():
        del body[key]
        losses[key] = None
    return WrittenRequest(
        body=json_text.encode(body), losses=spelled(losses, request.dialect), tools=names.changed
    )


class _Names:
    """Tool names as they travel: the caller's own in this dialect, else what it takes."""

    def __init__(self, request: Request, native: bool) -> None:
        self._native = native
        self._names = ToolNames(request.tools)
        self.changed: Mapping[str, ToolRef] = (
            {}
            if native
            else {name: ref for name, ref in self._names.back.items() if name != ref.name}
        )

    def wire(self, name: str) -> str:
        return name if self._native else self._names.wire(name)


def _refuse_untranslatable(request: Request) -> None:
    if request.sampling.n is not None and request.sampling.n > 1:
        raise Untranslatable("n", "The target gives one answer only; ask for n = 1.")
    if "audio" in request.modalities or request.audio is not None:
        raise Untranslatable("modalities", "The target cannot speak; ask for text only.")
    if request.dialect == NAME:
        return
    for key in _REFUSED_ELSEWHERE:
        if request.extras.get(key):
            raise Untranslatable(key, f"The target has no counterpart of '{key}'.")


def _write_input(
    request: Request, destination: Destination, naming: Naming, losses: Losses, body: Body
) -> None:
    native = request.dialect == NAME
    note = note_of(request.extras)
    messages = request.messages
    skipped = 0
    if native and note.get("instructions") and _is_plain_system(messages):
        body["instructions"] = "".join(p.text for p in messages[0].parts if isinstance(p, Text))
        messages, skipped = messages[1:], 1
    writer = InputWriter(destination, native, naming, losses)
    written = writer.write(messages)
    for position, item, _ in reversed(note.get("additional_tools", ()) if native else ()):
        written.insert(min(max(position - skipped, 0), len(written)), [dict(item)])
    body["input"] = writer.finish([item for group in written for item in group])
    if not native and messages and messages[-1].role == "assistant":
        losses["messages.prefill"] = None


def _is_plain_system(messages: tuple[Message, ...]) -> bool:
    return (
        bool(messages)
        and messages[0].role == "system"
        and all(isinstance(part, Text) for part in messages[0].parts)
    )


def _write_tools(request: Request, naming: Naming, losses: Losses, body: Body) -> None:
    native = request.dialect == NAME
    added = note_of(request.extras).get("additional_tools", ()) if native else ()
    elsewhere = {name for _, _, names in added for name in names}
    tools = [
        tool
        for tool in request.tools
        if not isinstance(tool, Tool) or (tool.name, tool.namespace) not in elsewhere
    ]
    written = write_tools(tools, native, naming, losses)
    if request.web_search is not None:
        written.append(write_web_search(request.web_search))
    if written:
        body["tools"] = written
    choice = write_tool_choice(request, naming)
    if choice is not None and (native or written):
        body["tool_choice"] = choice
    if request.parallel_tool_calls is not None and (native or written):
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _write_limits(request: Request, destination: Destination, losses: Losses, body: Body) -> None:
    most = request.max_tokens
    if most is None:
        return
    if request.dialect != NAME and destination.vendor == HOME_VENDOR and most < _LEAST_OUTPUT:
        losses["max_tokens"] = None
        most = _LEAST_OUTPUT
    body["max_output_tokens"] = most


def _write_sampling(request: Request, destination: Destination, losses: Losses, body: Body) -> None:
    sampling = request.sampling
    native = request.dialect == NAME
    steered: Body = {"temperature": sampling.temperature, "top_p": sampling.top_p}
    penalties: Body = {
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
    }
    unsaid: Body = {
        "top_k": sampling.top_k,
        "seed": sampling.seed,
        "logit_bias": sampling.logit_bias or None,
        "stop": sampling.stop or None,
    }
    kept: Body = {"top_logprobs": sampling.top_logprobs}
    (unsaid if destination.abilities.fixed_sampling else kept).update(steered)
    (kept if native else unsaid).update(penalties)
    body.update((key, value) for key, value in kept.items() if value is not None)
    losses.update(dict.fromkeys(key for key, value in unsaid.items() if value is not None))


def _write_thinking(request: Request, destination: Destination, losses: Losses, body: Body) -> None:
    wish = request.reasoning
    if wish is None:
        return
    native = request.dialect == NAME
    if destination.abilities.thinking == "none" and not native:
        if wish.mode != "disabled" and wish.effort != "none":
            losses["reasoning"] = None
        return
    written: Body = dict(unknown_of(wish.extras)) if native else {}
    word = _effort(wish, destination)
    if word is not None:
        written["effort"] = word
    summary = wish.summary
    if summary is None and not native and wish.mode in ("adaptive", "enabled"):
        summary = "auto"
    if summary not in (None, "omitted"):
        written["summary"] = summary
    if written or native:
        body["reasoning"] = written


def _effort(wish: ReasoningWish, destination: Destination) -> str | None:
    said = wish.effort
    if wish.mode == "disabled":
        said = "none"
    elif said is None and wish.budget_tokens is not None:
        said = effort.effort_for(wish.budget_tokens)
    if said is None:
        return None
    return effort.nearest(said, destination.abilities.efforts)


def _write_shape(request: Request, body: Body) -> None:
    shape: Body = {}
    if request.dialect == NAME and isinstance(unknown := request.extras.get("text"), Mapping):
        shape.update(unknown)
    form = request.response_format
    if form is not None:
        shape["format"] = write_format(request)
    if request.verbosity is not None:
        shape["verbosity"] = request.verbosity
    if shape:
        body["text"] = shape


def write_format(request: Request) -> Body:
    """The ``text.format``, ``text`` where none was asked for."""
    form = request.response_format
    if form is None or form.kind != "json_schema":
        return {"type": "text" if form is None else form.kind}
    written: Body = {
        "type": "json_schema",
        "name": form.name or "response",
        "schema": form.schema or {},
    }
    if form.description is not None:
        written["description"] = form.description
    if form.strict is not None:
        written["strict"] = form.strict
    return written


_SAFETY_ID = re.compile(r"[^\x00-\x1f]{1,64}\Z")
"""OpenAI refuses longer ones, and Claude Code's is JSON of 170 characters."""


def _write_rest(request: Request, body: Body) -> None:
    safety_id = request.safety_id
    rest = {
        "user": request.user,
        "safety_identifier": fit(safety_id, _SAFETY_ID, prefix="user_") if safety_id else safety_id,
        "metadata": request.metadata,
        "prompt_cache_key": request.prompt_cache_key,
        "previous_response_id": request.previous_response_id,
        "conversation": request.conversation,
        "background": request.background,
        "truncation": request.truncation,
    }
    body.update((key, value) for key, value in rest.items() if value is not None)
    if request.stream:
        body["stream"] = True


def _write_storage(request: Request, destination: Destination, body: Body) -> None:
    """Without storage the state must come along, which only reasoning models give."""
    include = dict.fromkeys(request.include)
    if request.dialect == NAME:
        if request.store is not None:
            body["store"] = request.store
    else:
        body["store"] = False
        if destination.vendor == HOME_VENDOR and destination.abilities.thinking != "none":
            include[ENCRYPTED] = None
        if request.sampling.logprobs:
            include[LOGPROBS] = None
    if include:
        body["include"] = list(include)


def _write_extras(request: Request, losses: Losses, body: Body) -> None:
    if request.dialect == NAME:
        unknown = unknown_of(request.extras)
        body.update((key, value) for key, value in unknown.items() if key != "text")
        if request.service_tier is not None:
            body["service_tier"] = request.service_tier
        return
    _write_tier(request, losses, body)
    if request.prediction is not None:
        losses["prediction"] = None
    shared = _OF_ALL_OPENAI if request.dialect in OPENAI_DIALECTS else frozenset()
    for key, value in request.extras.items():
        if key in shared:
            body[key] = value
        elif key != request.dialect:
            losses[key] = None


def _write_tier(request: Request, losses: Losses, body: Body) -> None:
    tier = "default" if request.service_tier == "standard_only" else request.service_tier
    if tier in _TIERS:
        body["service_tier"] = tier
    elif tier is not None:
        losses["service_tier"] = None
