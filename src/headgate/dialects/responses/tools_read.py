"""Tools and tool choice of a request, read."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from headgate.dialects.responses.notes import NAME, extras_of, without
from headgate.model.fault import bad_request
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef
from headgate.wire.json_fields import fields, objects, text

_KINDS: Mapping[str, str] = {
    "code_interpreter": "code_execution",
    "computer_use_preview": "computer",
}

_MODES: Mapping[str, Literal["auto", "required", "none"]] = {
    "auto": "auto",
    "required": "required",
    "none": "none",
}


def read_tools(value: Any, param: str = "tools") -> tuple[Tool | HostedTool, ...]:
    """The tools in a ``tools`` list; those of a namespace carry its name."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise bad_request(f"'{param}' must be a list of tools.", param)
    tools: list[Tool | HostedTool] = []
    for number, tool in enumerate(value):
        where = f"{param}[{number}]"
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            raise bad_request(f"'{where}' must be an object with a 'type'.", where)
        tools.extend(_read_tool(tool, where))
    return tuple(tools)


def read_tool_choice(value: Any) -> ToolChoice | None:
    """The ``tool_choice``: a mode, one tool, a list of allowed tools, or a hosted tool."""
    if value is None:
        return None
    if isinstance(value, str) and value in _MODES:
        return ToolChoice(_MODES[value])
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise bad_request(
            "'tool_choice' must be 'auto', 'required', 'none' or an object with a 'type'.",
            "tool_choice",
        )
    kind = value["type"]
    if kind == "allowed_tools":
        return _read_allowed(value)
    if kind in ("function", "custom"):
        return ToolChoice("tool", _read_ref(value))
    return ToolChoice("required", hosted=value)


def _read_tool(tool: Mapping[str, Any], where: str) -> Iterator[Tool | HostedTool]:
    kind = tool["type"]
    if kind == "function":
        yield _read_function(tool, where)
    elif kind == "custom":
        yield _read_custom(tool, where)
    elif kind == "namespace" and _plain_namespace(tool):
        yield from _read_namespace(tool, where)
    else:
        kind = "web_search" if kind.startswith("web_search") else _KINDS.get(kind, kind)
        yield HostedTool(kind, NAME, tool)


def _read_function(tool: Mapping[str, Any], where: str) -> Tool:
    parameters = tool.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise bad_request("'parameters' must be a JSON Schema object.", f"{where}.parameters")
    strict = tool.get("strict")
    return Tool(
        _name(tool, where),
        _description(tool),
        parameters,
        strict if isinstance(strict, bool) else None,
        extras=extras_of({}, without(tool, "type", "name", "description", "parameters", "strict")),
    )


def _read_custom(tool: Mapping[str, Any], where: str) -> Tool:
    return Tool(
        _name(tool, where),
        _description(tool),
        custom=True,
        format=fields(tool, "format") or None,
        extras=extras_of({}, without(tool, "type", "name", "description", "format")),
    )


def _plain_namespace(tool: Mapping[str, Any]) -> bool:
    inside = tool.get("tools")
    return isinstance(inside, list) and all(
        isinstance(entry, dict) and entry.get("type") in ("function", "custom") for entry in inside
    )


def _read_namespace(tool: Mapping[str, Any], where: str) -> Iterator[Tool]:
    namespace = _name(tool, where)
    about = without(tool, "type", "name", "tools")
    for number, entry in enumerate(tool["tools"]):
        read = _read_function if entry["type"] == "function" else _read_custom
        inner = read(entry, f"{where}.tools[{number}]")
        yield Tool(
            inner.name,
            inner.description,
            inner.parameters,
            inner.strict,
            inner.custom,
            inner.format,
            namespace,
            extras=extras_of({"namespace": about} if about else {}, inner.extras),
        )


def _description(tool: Mapping[str, Any]) -> str | None:
    description = tool.get("description")
    return description if isinstance(description, str) else None


def _name(tool: Mapping[str, Any], where: str) -> str:
    name = text(tool, "name")
    if not name:
        raise bad_request("Every tool needs a 'name'.", f"{where}.name")
    return name


def _read_allowed(value: Mapping[str, Any]) -> ToolChoice:
    mode = _MODES.get(text(value, "mode"), "auto")
    entries = objects(value, "tools")
    named = [entry for entry in entries if entry.get("type") in ("function", "custom")]
    return ToolChoice(
        mode,
        allowed=tuple(_read_ref(entry) for entry in named),
        hosted=value if len(named) != len(entries) else None,
    )


def _read_ref(entry: Mapping[str, Any]) -> ToolRef:
    name = text(entry, "name")
    if not name:
        raise bad_request("'tool_choice' must name its tool.", "tool_choice.name")
    return ToolRef(name, text(entry, "namespace") or None, entry.get("type") == "custom")
