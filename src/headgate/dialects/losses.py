"""What a target cannot carry, under the names that the caller used."""

from collections.abc import Mapping
from typing import Any

from headgate.model.fault import Untranslatable
from headgate.model.request import HostedTool, Request

_NAMES: Mapping[str, Mapping[str, str]] = {
    "chat": {
        "reasoning": "reasoning_effort",
        "web_search": "web_search_options",
    },
    "messages": {
        "stop": "stop_sequences",
        "reasoning": "thinking",
        "response_format": "output_config.format",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    },
    "responses": {
        "messages": "input",
        "response_format": "text.format",
        "verbosity": "text.verbosity",
    },
}

_SILENT = frozenset(
    {
        "stream_options",
        "prompt_cache_options",
        "prompt_cache_retention",
        "client_metadata",
        "obfuscation",
        "diagnostics",
        "betas",
        "anthropic_beta",
        "anthropic_version",
        "defer_loading",
        "eager_input_streaming",
        "allowed_callers",
        "status",
        "phase",
        "id",
        "type",
        "annotations",
        "chat",
        "messages",
        "responses",
        "gemini",
        "converse",
    }
)
"""Extras that mean nothing elsewhere: caching, transport, and dialects' own bookkeeping."""

_UNSERVED = (
    ("mcp_servers", "MCP servers are run by another vendor."),
    ("container", "Containers are run by another vendor."),
    ("prompt", "Stored prompts are kept by another vendor."),
)


_BETWEEN = frozenset({"computer", "mcp"})


class Losses:
    """Collects the names of one request's losses, each once, in order."""

    def __init__(self, request: Request) -> None:
        self._names = _NAMES.get(request.dialect, {})
        self._found: dict[str, None] = {}

    def name(self, field: str) -> str:
        """The caller's name for the hub's `field`."""
        return self._names.get(field, field)

    def add(self, field: str, inner: str | None = None) -> None:
        """`field` of the hub (or what is called `inner` in it) could not be carried."""
        name = self.name(field)
        self._found[f"{name}.{inner}" if inner else name] = None

    def add_extras(self, field: str | None, extras: Mapping[str, Any] | None) -> None:
        """Unknown fields beside known ones; those that mean nothing elsewhere are no loss."""
        for key, value in (extras or {}).items():
            if value is not None and key not in _SILENT:
                self._found[f"{self.name(field)}.{key}" if field else key] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The caller's field names."""
        return tuple(self._found)


def refuse_unserved(request: Request) -> None:
    """Raises Untranslatable for what only the vendor of another dialect can serve."""
    if request.previous_response_id is not None:
        raise Untranslatable("previous_response_id", "The earlier response is not at hand.")
    if request.conversation is not None:
        raise Untranslatable("conversation", "Conversations are kept by another vendor.")
    if request.background:
        raise Untranslatable("background", "This model cannot answer in the background.")
    for key, message in _UNSERVED:
        if request.extras.get(key):
            raise Untranslatable(key, f"{message} Leave the field out for this model.")


def check_hosted(tool: HostedTool, forced: bool = False) -> None:
    """Raises Untranslatable for a vendor's tool that the target lacks and the answer hangs on:
    one that must be called (`forced`), or whose calls and results go between caller and vendor."""
    if forced or tool.kind in _BETWEEN:
        raise Untranslatable("tools", f"This model has no tool of the kind {tool.kind}.")


def note_unsaid(request: Request, losses: Losses) -> None:
    """Notes the fields that no dialect but their own can say."""
    if request.prediction is not None:
        losses.add("prediction")
    if request.verbosity is not None:
        losses.add("verbosity")
    if request.truncation not in (None, "disabled"):
        losses.add("truncation")
    if request.sampling.logit_bias:
        losses.add("logit_bias")
    losses.add_extras(None, request.extras)
    for message in request.messages:
        losses.add_extras("messages", message.extras)
        if message.name:
            losses.add("messages", "name")
