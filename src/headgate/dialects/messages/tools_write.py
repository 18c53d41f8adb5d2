"""Tools and tool choice of a request to a backend."""

import re
from typing import Any

from headgate.dialects.losses import check_hosted
from headgate.dialects.messages import betas, schema
from headgate.dialects.messages.own import NAME
from headgate.dialects.messages.writing import Writing
from headgate.model import custom_input
from headgate.model.parts import Extras
from headgate.model.request import HostedTool, Request, Tool, ToolChoice, ToolRef

Object = dict[str, Any]

NAME_FITS = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")

SCHEMA_TOOL = "json_output"
"""The synthetic tool whose arguments are the structured answer."""

_WEB_SEARCH = "web_search_20250305"
_CODE_EXECUTION = "code_execution_20250825"
_DOMAINS = ("allowed_domains", "blocked_domains")
_MOST_STRICT = 20
"""Strict tools that the vendor compiles for one request."""


def write_tools(request: Request, writing: Writing) -> list[Object]:
    """The tools offered: the caller's own, the vendor's, and web search where it was asked for.

    Where the caller allows only some of its tools, the others are left out.
    """
    allowed = _allowed(request.tool_choice, writing)
    tools: list[Object] = []
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            tools.extend(_hosted(tool, request, writing))
        elif not allowed or writing.names.wire(tool.name, tool.namespace) in allowed:
            tools.append(_own_tool(tool, writing))
    if request.web_search is not None:
        tools.extend(_web_search(request.web_search, "web_search", writing))
    _limit_strict(tools, writing)
    return tools


def write_choice(request: Request, writing: Writing, tools: list[Object]) -> Object | None:
    """The ``tool_choice``, None where nothing needs to be said.

    The switch for parallel calls stands in it, but never beside ``none``, which refuses it.
    """
    if not tools:
        return None
    chosen = _choice(request.tool_choice, writing, tools)
    if request.parallel_tool_calls is False:
        chosen = chosen or {"type": "auto"}
        if chosen["type"] != "none":
            chosen["disable_parallel_tool_use"] = True
    return chosen


def schema_tool(shape: Extras | None, description: str | None) -> Object:
    """The synthetic tool that stands in for structured output."""
    return {
        "name": SCHEMA_TOOL,
        "description": description or "Gives the answer. Call this tool to answer.",
        "input_schema": schema.object_schema(shape),
    }


def force_schema_tool(chosen: Object | None, tools: list[Object]) -> Object:
    """The choice that makes the model answer through the schema tool, the last of `tools`: by
    name where it is the only way, else by any tool, so that the caller's tools stay usable."""
    free = chosen is None or chosen["type"] in ("auto", "any")
    if free and len(tools) > 1:
        return {"type": "any", "disable_parallel_tool_use": True}
    if chosen is not None and chosen["type"] == "tool":
        return chosen
    return {"type": "tool", "name": SCHEMA_TOOL, "disable_parallel_tool_use": True}


def _own_tool(tool: Tool, writing: Writing) -> Object:
    written: Object = {"name": writing.names.wire(tool.name, tool.namespace)}
    description = _description(tool, writing)
    if description is not None:
        written["description"] = description
    parameters = custom_input.SCHEMA if tool.custom else tool.parameters
    written["input_schema"] = schema.object_schema(parameters)
    if tool.strict is not None and (tool.strict or writing.native):
        _write_strict(written, tool, writing)
    return writing.finish(written, tool.cache, tool.extras, "tools")


def _write_strict(written: Object, tool: Tool, writing: Writing) -> None:
    if not writing.destination.abilities.native_schema:
        if tool.strict:
            writing.losses.add("tools", "strict")
        return
    written["strict"] = tool.strict
    if not writing.native:
        written["input_schema"] = schema.narrow(written["input_schema"])


def _description(tool: Tool, writing: Writing) -> str | None:
    """A custom tool's grammar is told in words: nothing enforces it here."""
    definition = (tool.format or {}).get("definition")
    if not isinstance(definition, str):
        return tool.description
    writing.losses.add("tools", "format")
    syntax = (tool.format or {}).get("syntax", "")
    rule = f"The input must follow this {syntax} grammar:\n{definition}"
    return f"{tool.description}\n\n{rule}" if tool.description else rule


def _hosted(tool: HostedTool, request: Request, writing: Writing) -> list[Object]:
    if tool.dialect == NAME:
        if writing.destination.quirks.refuses_betas and betas.of_tool(tool.native):
            return _cannot_host(tool, request, writing)
        return [dict(tool.native)]
    if tool.kind == "web_search":
        return _web_search(tool.native, "tools", writing)
    if tool.kind == "code_execution" and not _has_files(tool.native):
        return [{"type": _CODE_EXECUTION, "name": "code_execution"}]
    return _cannot_host(tool, request, writing)


def _cannot_host(tool: HostedTool, request: Request, writing: Writing) -> list[Object]:
    kind = str(tool.native.get("type", tool.kind))
    choice = request.tool_choice
    if choice is not None and choice.hosted is not None and choice.hosted.get("type") == kind:
        message = f"The target has no counterpart of the tool `{kind}`."
        raise writing.refuse("tool_choice", message=message)
    if tool.dialect != NAME:
        check_hosted(tool)
    writing.losses.add("tools", kind)
    return []


def _has_files(native: Extras) -> bool:
    container = native.get("container")
    return not isinstance(container, dict) or bool(container.get("file_ids"))


def _web_search(asked: Extras, field: str, writing: Writing) -> list[Object]:
    written: Object = {"type": _WEB_SEARCH, "name": "web_search"}
    filters = asked.get("filters")
    for key in _DOMAINS:
        if isinstance(filters, dict) and filters.get(key):
            written[key] = filters[key]
    place = asked.get("user_location")
    if isinstance(place, dict):
        place = place.get("approximate", place)
        written["user_location"] = {**place, "type": "approximate"}
    if asked.get("search_context_size") not in (None, "medium"):
        writing.losses.add(field, "search_context_size")
    return [written]


def _limit_strict(tools: list[Object], writing: Writing) -> None:
    strict = [tool for tool in tools if tool.get("strict")]
    if writing.native:
        return
    for tool in strict[_MOST_STRICT:]:
        del tool["strict"]
        writing.losses.add("tools", "strict")


def _allowed(choice: ToolChoice | None, writing: Writing) -> frozenset[str]:
    if choice is None:
        return frozenset()
    return frozenset(writing.names.wire(ref.name, ref.namespace) for ref in choice.allowed)


def _choice(choice: ToolChoice | None, writing: Writing, tools: list[Object]) -> Object | None:
    if choice is None:
        return None
    if choice.hosted is not None and not choice.allowed:
        return _hosted_choice(choice.hosted, writing, tools)
    if choice.mode == "tool" and choice.tool is not None:
        return {"type": "tool", "name": _wire(choice.tool, writing)}
    return {"type": "any" if choice.mode == "required" else choice.mode}


def _hosted_choice(hosted: Extras, writing: Writing, tools: list[Object]) -> Object:
    kind = str(hosted.get("type", ""))
    name = "web_search" if kind.startswith("web_search") else "code_execution"
    if any(tool["name"] == name for tool in tools if "type" in tool):
        return {"type": "tool", "name": name}
    message = f"The target has no counterpart of the tool `{kind}`."
    raise writing.refuse("tool_choice", message=message)


def _wire(ref: ToolRef, writing: Writing) -> str:
    return writing.names.wire(ref.name, ref.namespace)
