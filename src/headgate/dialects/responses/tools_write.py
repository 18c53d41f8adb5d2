"""Tools and tool choice of a request, written, and their echo in a response."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headgate.dialects.losses import check_hosted
from headgate.dialects.responses.notes import NAME, note_of, unknown_of, without
from headgate.model.fault import Untranslatable
from headgate.model.parts import Extras
from headgate.model.request import HostedTool, Request, Tool, ToolChoice, ToolRef
from headgate.wire.json_fields import fields, text

Naming = Callable[[str], str]

_NO_PARAMETERS: Extras = {"type": "object", "properties": {}}

_CHOICE_TYPES: Mapping[str, str] = {
    "web_search": "web_search",
    "code_execution": "code_interpreter",
    "image_generation": "image_generation",
}
"""What forces a hosted tool, by our word for its kind."""


def write_tools(
    tools: Iterable[Tool | HostedTool], native: bool, naming: Naming, losses: dict[str, None]
) -> list[dict[str, Any]]:
    """The ``tools`` list. Neighbours of one namespace stand in it together.

    `native`: the request came in this dialect, so that its unknown fields go back and what it
    left out stays out; `losses` learns of the rest.
    """
    written: list[dict[str, Any]] = []
    for tool in tools:
        if isinstance(tool, HostedTool):
            hosted = _write_hosted(tool, losses)
            if hosted is not None:
                written.append(hosted)
            continue
        entry = _write_tool(tool, native, naming, losses)
        if tool.namespace is None:
            written.append(entry)
        elif (
            written
            and written[-1].get("type") == "namespace"
            and (written[-1]["name"] == tool.namespace)
        ):
            written[-1]["tools"].append(entry)
        else:
            about = note_of(tool.extras).get("namespace") or {}
            head = {"type": "namespace", "name": tool.namespace}
            written.append({**head, **about, "tools": [entry]})
    return written


def write_web_search(options: Extras) -> dict[str, Any]:
    """The hosted search tool for search wishes that stand beside the messages elsewhere."""
    tool: dict[str, Any] = {"type": "web_search"}
    if size := text(options, "search_context_size"):
        tool["search_context_size"] = size
    if place := fields(options, "user_location"):
        tool["user_location"] = {"type": "approximate", **fields(place, "approximate")}
    return tool


def write_tool_choice(request: Request, naming: Naming) -> Any:
    """The ``tool_choice``, or None where none was said."""
    choice = request.tool_choice
    if choice is None:
        return None
    if choice.hosted is not None:
        return _write_hosted_choice(request, choice, choice.hosted)
    if choice.allowed:
        allowed = [write_ref(ref, naming) for ref in choice.allowed]
        return {"type": "allowed_tools", "mode": choice.mode, "tools": allowed}
    if choice.mode == "tool" and choice.tool is not None:
        return write_ref(choice.tool, naming)
    return "required" if choice.mode == "tool" else choice.mode


def write_ref(ref: ToolRef, naming: Naming) -> dict[str, Any]:
    """A tool by name, as choices say it."""
    kind = "custom" if ref.custom else "function"
    if ref.namespace is not None:
        return {"type": kind, "name": ref.name, "namespace": ref.namespace}
    return {"type": kind, "name": naming(ref.name)}


def echo_tools(request: Request) -> list[dict[str, Any]]:
    """The tools as a response repeats them: strict readers want every field of a function."""
    written = write_tools(request.tools, True, str, {})
    return [_complete(tool) for tool in written]


def _write_tool(
    tool: Tool, native: bool, naming: Naming, losses: dict[str, None]
) -> dict[str, Any]:
    name = tool.name if tool.namespace else naming(tool.name)
    written: dict[str, Any] = {"type": "custom" if tool.custom else "function", "name": name}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.custom:
        if tool.format is not None:
            written["format"] = tool.format
    else:
        written.update(_function_fields(tool, native))
    unknown = unknown_of(tool.extras)
    if native:
        return {**written, **unknown}
    losses.update(dict.fromkeys(f"tools.{key}" for key in unknown))
    return written


def _function_fields(tool: Tool, native: bool) -> dict[str, Any]:
    if native:
        said = {} if tool.strict is None else {"strict": tool.strict}
        return {**({} if tool.parameters is None else {"parameters": tool.parameters}), **said}
    # Left out, OpenAI takes strict for true here, which no other dialect does.
    parameters = {**_NO_PARAMETERS, **(tool.parameters or {})}
    return {"parameters": parameters, "strict": bool(tool.strict)}


def _write_hosted(tool: HostedTool, losses: dict[str, None]) -> dict[str, Any] | None:
    if tool.dialect == NAME:
        return dict(tool.native)
    if tool.kind == "web_search":
        return _write_search(tool.native, losses)
    if tool.kind == "code_execution":
        return {"type": "code_interpreter", "container": {"type": "auto"}}
    check_hosted(tool)
    losses[f"tools.{tool.kind}"] = None
    return None


def _write_search(native: Extras, losses: dict[str, None]) -> dict[str, Any]:
    tool: dict[str, Any] = {"type": "web_search"}
    if domains := native.get("allowed_domains"):
        tool["filters"] = {"allowed_domains": domains}
    if place := fields(native, "user_location"):
        tool["user_location"] = {**place, "type": "approximate"}
    for key in ("max_uses", "blocked_domains"):
        if native.get(key):
            losses[f"tools.{key}"] = None
    return tool


def _write_hosted_choice(request: Request, choice: ToolChoice, hosted: Extras) -> Any:
    if request.dialect == NAME:
        return dict(hosted)
    named = hosted.get("name")
    for tool in request.tools:
        if not isinstance(tool, HostedTool) or tool.kind not in _CHOICE_TYPES:
            continue
        if named in (tool.native.get("name"), None):
            return {"type": _CHOICE_TYPES[tool.kind]}
    raise Untranslatable("tool_choice", "The target cannot be made to use this hosted tool.")


def _complete(tool: dict[str, Any]) -> dict[str, Any]:
    if tool.get("type") == "namespace":
        return {**tool, "tools": [_complete(entry) for entry in tool["tools"]]}
    if tool.get("type") != "function":
        return tool
    full = {"description": None, "parameters": None, "strict": True}
    return {"type": "function", "name": tool["name"], **full, **without(tool, "type", "name")}
