"""Tools and tool choices in both directions."""

from typing import Any

from headgate.dialects.chat.content import read_mark
from headgate.dialects.chat.lenient import Json, object_in, objects_in, rest_of, text_in
from headgate.dialects.losses import Losses, check_hosted
from headgate.model.custom_input import SCHEMA
from headgate.model.fault import Untranslatable, bad_request
from headgate.model.parts import Extras
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef
from headgate.model.tool_names import ToolNames


class LegacyFunction(Tool, frozen=True):
    """A tool given in ``functions``: its caller reads ``function_call`` in replies."""


class FlatCustom(Tool, frozen=True):
    """A custom tool given in the flat form of another API on this one's path: its caller reads
    function calls whose arguments are the raw input (router-for-me/CLIProxyAPI#658)."""


_FUNCTION = ("name", "description", "parameters", "strict")
_TOOL = ("type", "function", "custom", "cache_control")
_KINDS = (
    ("web_search", "web_search"),
    ("code_interpreter", "code_execution"),
    ("code_execution", "code_execution"),
    ("file_search", "file_search"),
    ("image_generation", "image_generation"),
    ("computer", "computer"),
    ("mcp", "mcp"),
)


def read_tools(body: Json) -> tuple[Tool | HostedTool, ...]:
    """The tools in ``tools`` and in the older ``functions``."""
    tools = [_read_tool(entry) for entry in objects_in(body.get("tools"))]
    for entry in objects_in(body.get("functions")):
        extras = rest_of(entry, _FUNCTION)
        tools.append(LegacyFunction(*_words(entry, "functions"), extras=extras))
    return tuple(tools)


def _read_tool(entry: Json) -> Tool | HostedTool:
    kind = entry.get("type", "function")
    if kind == "function":
        return _read_function(entry)
    if kind == "custom":
        return _read_custom(entry)
    name = text_in(kind)
    ours = next((ours for native, ours in _KINDS if name.startswith(native)), name)
    return HostedTool(ours, "chat", entry)


def _read_function(entry: Json) -> Tool:
    inner = entry.get("function")
    body = inner if isinstance(inner, dict) else entry
    inside = rest_of(body, (*_FUNCTION, *_TOOL))
    outside = rest_of(entry, (*_FUNCTION, *_TOOL)) or {}
    extras = {**outside, **({"function": inside} if inside and body is inner else {})}
    return Tool(*_words(body, "tools"), cache=read_mark(entry), extras=extras or None)


def _words(body: Json, field: str) -> tuple[str, str | None, Extras | None, bool | None]:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise bad_request("Every function needs a name.", field)
    parameters = body.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise bad_request("The parameters of a function are a JSON Schema object.", field)
    strict = body.get("strict")
    description = body.get("description")
    return (
        name,
        description if isinstance(description, str) else None,
        parameters,
        strict if isinstance(strict, bool) else None,
    )


def _read_custom(entry: Json) -> Tool:
    inner = entry.get("custom")
    body = inner if isinstance(inner, dict) else entry
    name, description, _, _ = _words({**body, "parameters": None}, "tools")
    form = body.get("format")
    flat = {**form, **object_in(form.get("grammar"))} if isinstance(form, dict) else None
    if flat is not None:
        flat.pop("grammar", None)
    kind = Tool if body is inner else FlatCustom
    return kind(name, description, custom=True, format=flat)


def read_choice(body: Json, tools: tuple[Tool | HostedTool, ...]) -> ToolChoice | None:
    """The choice in ``tool_choice`` or the older ``function_call``."""
    value = body.get("tool_choice")
    if value is None:
        value = body.get("function_call")
        if isinstance(value, dict):
            return ToolChoice("tool", ToolRef(text_in(value.get("name"))))
    if value is None:
        return None
    if isinstance(value, str):
        return _read_mode(value)
    if not isinstance(value, dict):
        raise bad_request("tool_choice is a word or an object.", "tool_choice")
    return _read_forced(value, tools)


def _read_mode(word: str) -> ToolChoice:
    match word:
        case "auto":
            return ToolChoice("auto")
        case "none":
            return ToolChoice("none")
        case "required" | "any":
            return ToolChoice("required")
        case _:
            raise bad_request(
                "tool_choice is 'auto', 'none', 'required', or an object that names a tool.",
                "tool_choice",
            )


def _read_forced(value: Json, tools: tuple[Tool | HostedTool, ...]) -> ToolChoice:
    kind = text_in(value.get("type"))
    if kind == "allowed_tools":
        body = object_in(value.get("allowed_tools")) or value
        allowed = tuple(_ref(entry) for entry in objects_in(body.get("tools")))
        mode = "required" if body.get("mode") == "required" else "auto"
        return ToolChoice("required" if mode == "required" else "auto", allowed=allowed)
    if kind in ("auto", "none", "required", "any"):
        return _read_mode(kind)
    if kind in ("function", "custom", "tool", ""):
        return ToolChoice("tool", _ref(value))
    return ToolChoice("tool", hosted=value)


def _ref(entry: Json) -> ToolRef:
    kind = text_in(entry.get("type"))
    body = object_in(entry.get(kind)) or object_in(entry.get("function")) or entry
    return ToolRef(text_in(body.get("name")), custom=kind == "custom")


def write_tools(
    tools: tuple[Tool | HostedTool, ...],
    native: bool,
    names: ToolNames,
    losses: Losses,
    marks: bool = False,
) -> list[Json]:
    """The entries of ``tools``. `native`: the request came in this dialect; `marks`: prompt-cache
    marks may be written."""
    written: list[Json] = []
    for tool in tools:
        if isinstance(tool, Tool):
            entry = _write_tool(tool, native, names, losses)
            if marks and tool.cache is not None and tool.cache.native is not None:
                entry["cache_control"] = tool.cache.native
            written.append(entry)
        elif tool.dialect == "chat":
            written.append({**tool.native})
        else:
            check_hosted(tool)
            losses.add("tools", tool.kind)
    return written


def _write_tool(tool: Tool, native: bool, names: ToolNames, losses: Losses) -> Json:
    name = names.wire(tool.name, tool.namespace)
    extras = dict(tool.extras or {}) if native else {}
    if not native:
        losses.add_extras("tools", tool.extras)
    if tool.custom and native and not isinstance(tool, FlatCustom):
        body: Json = {"name": name, **_said(description=tool.description)}
        return {"type": "custom", "custom": {**body, **_format(tool.format)}, **extras}
    parameters = SCHEMA if tool.custom else tool.parameters
    description = _with_grammar(tool) if tool.custom else tool.description
    function = {"name": name, **_said(description=description, parameters=parameters)}
    function.update(_said(strict=tool.strict))
    inside = extras.pop("function", None)
    function.update(inside if isinstance(inside, dict) else {})
    return {"type": "function", "function": function, **extras}


def _said(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _format(form: Extras | None) -> Json:
    if form is None:
        return {}
    if form.get("type") != "grammar":
        return {"format": {**form}}
    grammar = {key: value for key, value in form.items() if key != "type"}
    return {"format": {"type": "grammar", "grammar": grammar}}


def _with_grammar(tool: Tool) -> str | None:
    """The description of a function that stands for a custom tool: it tells the input's form,
    which a function cannot enforce."""
    form = tool.format or {}
    definition = text_in(form.get("definition"))
    if not definition:
        return tool.description
    syntax = text_in(form.get("syntax")) or "the following"
    grammar = f"The input must match this {syntax} grammar:\n{definition}"
    return f"{tool.description}\n\n{grammar}" if tool.description else grammar


def write_choice(
    choice: ToolChoice, tools: tuple[Tool | HostedTool, ...], native: bool, names: ToolNames
) -> Any:
    """The value of ``tool_choice``. Raises Untranslatable where a foreign tool is forced."""
    if choice.hosted is not None:
        if not native:
            raise Untranslatable("tool_choice", "The forced tool is run by another vendor.")
        return {**choice.hosted}
    customs = {
        tool.name for tool in tools if isinstance(tool, Tool) and _stays_custom(tool, native)
    }
    if choice.tool is not None:
        return _write_ref(choice.tool, customs, names)
    if choice.allowed:
        refs = [_write_ref(ref, customs, names) for ref in choice.allowed]
        allowed = {"mode": choice.mode, "tools": refs}
        return {"type": "allowed_tools", "allowed_tools": allowed}
    return choice.mode


def _stays_custom(tool: Tool, native: bool) -> bool:
    return tool.custom and native and not isinstance(tool, FlatCustom)


def _write_ref(ref: ToolRef, customs: set[str], names: ToolNames) -> Json:
    kind = "custom" if ref.name in customs else "function"
    return {"type": kind, kind: {"name": names.wire(ref.name, ref.namespace)}}
