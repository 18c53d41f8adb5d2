"""``toolConfig``: tools, tool choice, the tool that stands in for structured output, and the stub
that Bedrock demands where a history with tools comes without any."""

from collections.abc import Iterable
from typing import Any

import msgspec

from headgate.dialects.converse.messages_write import cache_point
from headgate.dialects.destination import Destination
from headgate.dialects.losses import Losses, check_hosted
from headgate.model import custom_input
from headgate.model.request import HostedTool, Request, Tool, ToolChoice
from headgate.model.tool_names import ToolNames

_NO_PARAMETERS = {"type": "object", "properties": {}}


class WrittenTools(msgspec.Struct, frozen=True, kw_only=True):
    """``toolConfig``, and the name of the schema tool where there is one; ``forced``: a tool must
    be called, which manual thinking forbids."""

    config: dict[str, Any] | None = None
    schema_tool: str | None = None
    forced: bool = False


def write_tools(
    request: Request,
    destination: Destination,
    names: ToolNames,
    used: Iterable[str],
    losses: Losses,
) -> WrittenTools:
    """The tools of `request`; `used` are the names in its history."""
    choice = request.tool_choice or ToolChoice("auto")
    specs = [
        written
        for tool in _offered(request, choice, losses)
        for written in _specify(tool, names, losses)
    ]
    stand_in = _schema_tool(request, destination, names, bool(specs), losses)
    if stand_in is not None:
        specs.append(stand_in)
    if not specs:
        return WrittenTools(config=_stub(used))
    config: dict[str, Any] = {"tools": specs}
    wanted = {"any": {}} if stand_in is not None else _choose(choice, names)
    if wanted is not None:
        config["toolChoice"] = wanted
    return WrittenTools(
        config=config,
        schema_tool=None if stand_in is None else stand_in["toolSpec"]["name"],
        forced=wanted is not None and "auto" not in wanted,
    )


def _offered(request: Request, choice: ToolChoice, losses: Losses) -> list[Tool]:
    """The tools that may be called: none where the choice is none, since Bedrock has no word
    for it, and the allowed ones where only some are."""
    tools: list[Tool] = []
    for tool in request.tools:
        if isinstance(tool, Tool):
            tools.append(tool)
        else:
            check_hosted(tool, forced=choice.hosted is not None)
            _lose_hosted(tool, losses)
    if request.web_search is not None:
        losses.add("web_search")
    if choice.mode == "none":
        return []
    if choice.allowed:
        allowed = {(ref.name, ref.namespace) for ref in choice.allowed}
        tools = [tool for tool in tools if (tool.name, tool.namespace) in allowed]
    return tools


def _lose_hosted(tool: HostedTool, losses: Losses) -> None:
    losses.add("tools", tool.kind)


def _specify(tool: Tool, names: ToolNames, losses: Losses) -> list[dict[str, Any]]:
    if tool.format and tool.format.get("type") == "grammar":
        losses.add("tools", "format")
    losses.add_extras("tools", tool.extras)
    parameters = custom_input.SCHEMA if tool.custom else tool.parameters
    spec = _spec(names.wire(tool.name, tool.namespace), tool.description, parameters)
    if tool.strict:
        spec["strict"] = True
    mark = [cache_point(tool.cache)] if tool.cache is not None else []
    return [{"toolSpec": spec}, *mark]


def _spec(name: str, description: str | None, parameters: Any) -> dict[str, Any]:
    schema = {"type": "object", **parameters} if parameters else _NO_PARAMETERS
    spec: dict[str, Any] = {"name": name, "inputSchema": {"json": schema}}
    if description:
        spec["description"] = description
    return spec


def _schema_tool(
    request: Request,
    destination: Destination,
    names: ToolNames,
    others: bool,
    losses: Losses,
) -> dict[str, Any] | None:
    """The tool whose input is the answer, where the model has no structured output of its own.

    Where the caller forces another tool, the answer of this turn is that call and needs no shape.
    """
    wanted = request.response_format
    if wanted is None or wanted.kind == "text":
        return None
    if wanted.kind == "json_object":
        losses.add("response_format")
        return None
    choice = request.tool_choice
    forced = choice is not None and choice.mode in ("required", "tool")
    if destination.abilities.native_schema or (others and forced):
        return None
    name = "json_answer"
    while name in names.back:
        name += "_"
    about = wanted.description or "Gives the final answer. Call it once all else is done."
    return {"toolSpec": _spec(name, about, wanted.schema)}


def _choose(choice: ToolChoice, names: ToolNames) -> dict[str, Any] | None:
    if choice.mode == "tool" and choice.tool is not None:
        return {"tool": {"name": names.wire(choice.tool.name, choice.tool.namespace)}}
    return {"any": {}} if choice.mode == "required" else None


def _stub(used: Iterable[str]) -> dict[str, Any] | None:
    """Tools of the history without their schemas, so that it is accepted at all."""
    specs = [{"toolSpec": _spec(name, None, None)} for name in used]
    return {"tools": specs} if specs else None
