"""Where a request is written to and a reply is read from: what a dialect must know of it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from headgate.model.request import Effort, ToolRef

Thinking = Literal["none", "effort", "budget", "adaptive", "adaptive_or_budget", "level"]


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How a backend differs from its dialect, each named for the behaviour.

    The defaults are the vendor's own endpoint of the dialect. Links stand in the catalog.
    """

    max_tokens_field: str = "max_completion_tokens"
    """The output cap's field in the chat dialect (compatible servers know ``max_tokens`` only)."""
    usage_in_stream: bool = True
    """Understands ``stream_options.include_usage``."""
    developer_role: bool = True
    """Knows the role ``developer``; else ``system`` is written."""
    wants_reasoning_back: bool = False
    """Wants ``reasoning_content`` of the current tool loop back (DeepSeek, Moonshot)."""
    reasoning_field: str = "reasoning_content"
    """The field in which a chat backend takes reasoning back."""
    nine_character_tool_ids: bool = False
    """Tool ids must be nine letters or digits (Mistral)."""
    refuses_fields: frozenset[str] = frozenset()
    """Top-level request fields (in the target's own spelling) that it answers with a 400."""
    refuses_betas: bool = False
    """Takes no ``anthropic-beta`` but those it knows (Bedrock, Vertex)."""
    cache_marks: bool = False
    """Takes ``cache_control`` on parts and tools although its dialect has none (OpenRouter)."""
    reasoning_before_each_call: bool = False
    """Wants a reasoning item before every function call (DeepSeek-like Responses gateways)."""
    takes_remote_images: bool = True
    """Fetches images by URL itself."""
    model_in_body: bool = True
    """The body names the model; else the path alone does (Bedrock, Vertex, Azure deployments)."""
    body_version: str | None = None
    """``anthropic_version`` to write into the body (Bedrock, Vertex)."""
    keeps_responses: bool = True
    """Keeps responses under their ids, so that a request may go on from one of its own."""
    counts_bare_requests: bool = False
    """Counts the tokens of a request as it is, without ``generateContentRequest`` around it
    (Vertex)."""
    counts_input_tokens: bool = False
    """Counts the tokens of a Responses request, at ``/v1/responses/input_tokens``."""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a model can do, as far as requests must respect it. Data: backends/abilities.py."""

    thinking: Thinking = "effort"
    efforts: tuple[Effort, ...] = ()
    """The efforts it accepts; empty: any."""
    thinking_off: bool = True
    """Thinking can be switched off."""
    fixed_sampling: bool = False
    """Refuses temperature, top_p and top_k."""
    one_of_temperature_top_p: bool = False
    most_output: int = 32_000
    """Output tokens to ask for where the dialect demands a cap and the caller named none."""
    prefill: bool = True
    """May continue a last assistant message."""
    mid_system: bool = False
    """Takes system messages inside the conversation (Anthropic)."""
    native_schema: bool = True
    """Structured output by schema is built in; else a forced tool stands in for it."""
    images: bool = True


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """The target of one attempt, as a writer of requests sees it.

    ``vendor`` owns opaque state (``anthropic``, ``openai``, ``google``, a catalog or backend
    name): state of another issuer is never written. ``model`` is the upstream's name.
    """

    model: str
    vendor: str
    quirks: Quirks = Quirks()
    abilities: Abilities = Abilities()


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The backend of one attempt, as a reader of replies sees it.

    ``tools`` maps tool names as they travelled to the caller's own, so that replies speak of the
    caller's tools. ``schema_tool`` is the travelling name of the synthetic tool that stands in
    for structured output: its arguments are the answer's text.
    ``one_tool_call``: the caller wants at most one and the target has no switch for it.
    """

    vendor: str = "unknown"
    tools: Mapping[str, ToolRef] = {}
    schema_tool: str | None = None
    one_tool_call: bool = False
