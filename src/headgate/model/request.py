"""A request in the hub: the superset of what the three caller dialects can ask for.

A field is None where the caller did not say it, and a writer adds nothing that was not said
except what its target requires. Source: docs/decisions/0001-hub-events.md.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from headgate.model.parts import CacheMark, Extras, Part, Role

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Message(msgspec.Struct, frozen=True):
    """One turn. ``tool`` messages hold `ToolResult` parts only, one or more.

    System and developer messages stand where the caller put them (the head, as a rule).
    """

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    extras: Extras | None = None


class Tool(msgspec.Struct, frozen=True):
    """A tool that the caller runs. ``parameters`` is a JSON Schema.

    ``custom`` tools take raw text, shaped by ``format``, the flat form of the Responses dialect:
    ``{"type": "text"}`` or ``{"type": "grammar", "syntax": …, "definition": …}``.
    """

    name: str
    description: str | None = None
    parameters: Extras | None = None
    strict: bool | None = None
    custom: bool = False
    format: Extras | None = None
    namespace: str | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


class HostedTool(msgspec.Struct, frozen=True):
    """A tool that the vendor runs. ``kind`` is ours where it has counterparts, else the native
    type: ``web_search | code_execution | file_search | image_generation | computer | mcp | …``.
    ``native`` is the object as ``dialect`` spells it.
    """

    kind: str
    dialect: str
    native: Extras


class ToolRef(msgspec.Struct, frozen=True):
    """A tool by name, as tool choices and replies name it."""

    name: str
    namespace: str | None = None
    custom: bool = False


class ToolChoice(msgspec.Struct, frozen=True):
    """Whether a tool must be called: ``tool`` names one; ``allowed`` narrows ``auto|required``.

    ``hosted`` is the native object where the caller forces a vendor's tool.
    """

    mode: Literal["auto", "required", "none", "tool"]
    tool: ToolRef | None = None
    allowed: tuple[ToolRef, ...] = ()
    hosted: Extras | None = None


class ReasoningWish(msgspec.Struct, frozen=True):
    """How much to think. ``effort`` and ``budget_tokens`` are what the caller said, one or both.

    ``mode``: ``adaptive`` (the model decides), ``enabled`` (manual budget), ``disabled``, or None
    where only an effort was given. ``summary``: None (unsaid), ``auto | concise | detailed``, or
    ``omitted`` (the caller wants no reasoning text).
    """

    effort: Effort | None = None
    budget_tokens: int | None = None
    mode: Literal["adaptive", "enabled", "disabled"] | None = None
    summary: str | None = None
    extras: Extras | None = None


class ResponseFormat(msgspec.Struct, frozen=True):
    """The shape of the answer. ``schema`` with ``json_schema`` only."""

    kind: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: Extras | None = None
    strict: bool | None = None
    description: str | None = None


class Sampling(msgspec.Struct, frozen=True):
    """The dials of the sampler, each None where unsaid."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    logit_bias: Mapping[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    stop: tuple[str, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One inference request, as the caller meant it.

    ``dialect`` is the dialect that it was read from; ``extras`` its top-level fields that the hub
    has no word for, given back to that dialect alone (each of them is a loss elsewhere).
    ``safety_id`` is the pseudonymous end user for the vendor's abuse checks.
    """

    dialect: str
    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    sampling: Sampling = Sampling()
    tools: tuple[Tool | HostedTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    reasoning: ReasoningWish | None = None
    response_format: ResponseFormat | None = None
    verbosity: str | None = None
    modalities: tuple[str, ...] = ()
    audio: Extras | None = None
    prediction: Extras | None = None
    user: str | None = None
    safety_id: str | None = None
    metadata: Mapping[str, Any] | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    conversation: str | None = None
    background: bool | None = None
    include: tuple[str, ...] = ()
    truncation: str | None = None
    web_search: Extras | None = None
    cache: CacheMark | None = None
    extras: Extras = msgspec.field(default_factory=dict)
