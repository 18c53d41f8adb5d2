"""Tools, tool choice and the tool that stands in for structured output."""

import re
from typing import Any

import msgspec

from headgate.dialects.destination import Destination
from headgate.dialects.gemini.schema import Subset, degrade, has_properties
from headgate.dialects.gemini.thinking import is_gemini_3
from headgate.dialects.losses import Losses, check_hosted
from headgate.model import custom_input
from headgate.model.request import HostedTool, Request, Tool, ToolChoice
from headgate.model.tool_names import ToolNames

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}\Z")

_HOSTED = {
    "web_search": "googleSearch",
    "code_execution": "codeExecution",
    "web_fetch": "urlContext",
}
_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


class WrittenTools(msgspec.Struct, frozen=True, kw_only=True):
    """``tools`` and ``toolConfig``, and the name of the schema tool where there is one."""

    tools: list[dict[str, Any]]
    config: dict[str, Any] | None = None
    schema_tool: str | None = None


def write_tools(
    request: Request, destination: Destination, names: ToolNames, losses: Losses
) -> WrittenTools:
    """The tools of `request` as the destination takes them."""
    writer = _Writer(request, destination, names, losses)
    return writer.write()


class _Writer:
    def __init__(
        self, request: Request, destination: Destination, names: ToolNames, losses: Losses
    ) -> None:
        self._request = request
        self._choice = request.tool_choice or ToolChoice("auto")
        self._destination = destination
        self._names = names
        self._losses = losses
        refused = destination.quirks.refuses_fields
        self._subset: Subset = "openapi" if "parametersJsonSchema" in refused else "json_schema"

    def write(self) -> WrittenTools:
        functions = [self._function(tool) for tool in self._offered()]
        hosted = self._hosted(bool(functions))
        stand_in = self._schema_tool(bool(functions))
        if stand_in is not None:
            functions.append(stand_in)
        tools: list[dict[str, Any]] = [{"functionDeclarations": functions}] if functions else []
        tools += [{name: {}} for name in hosted]
        return WrittenTools(
            tools=tools,
            config=self._config(functions, bool(hosted), stand_in),
            schema_tool=str(stand_in["name"]) if stand_in is not None else None,
        )

    def _offered(self) -> list[Tool]:
        tools = [tool for tool in self._request.tools if isinstance(tool, Tool)]
        if self._choice.allowed and self._choice.mode == "auto":
            allowed = {(ref.name, ref.namespace) for ref in self._choice.allowed}
            tools = [tool for tool in tools if (tool.name, tool.namespace) in allowed]
        if self._choice.mode == "none" and self._clashes():
            return []
        return tools

    def _clashes(self) -> bool:
        """Before Gemini 3, functions and structured output exclude each other."""
        wanted = self._request.response_format
        if wanted is None or wanted.kind == "text":
            return False
        return not is_gemini_3(self._destination.abilities)

    def _function(self, tool: Tool) -> dict[str, Any]:
        if tool.strict:
            self._losses.add("tools", "strict")
        if tool.format and tool.format.get("type") == "grammar":
            self._losses.add("tools", "format")
        self._losses.add_extras("tools", tool.extras)
        parameters = custom_input.SCHEMA if tool.custom else tool.parameters
        return self._declare(
            self._names.wire(tool.name, tool.namespace), tool.description, parameters
        )

    def _declare(self, name: str, description: str | None, parameters: Any) -> dict[str, Any]:
        declared: dict[str, Any] = {"name": name}
        if description:
            declared["description"] = description
        if has_properties(parameters):
            key = "parameters" if self._subset == "openapi" else "parametersJsonSchema"
            declared[key] = degrade(parameters, self._subset)
        return declared

    def _hosted(self, functions: bool) -> list[str]:
        wanted: dict[str, None] = {}
        if self._request.web_search is not None:
            wanted["googleSearch"] = None
        for tool in self._request.tools:
            if isinstance(tool, HostedTool):
                self._host(tool, wanted)
        if wanted and functions and not is_gemini_3(self._destination.abilities):
            self._losses.add("web_search" if self._request.web_search is not None else "tools")
            return []
        return list(wanted)

    def _host(self, tool: HostedTool, wanted: dict[str, None]) -> None:
        name = _HOSTED.get(tool.kind)
        if name is not None:
            wanted[name] = None
        else:
            check_hosted(tool, forced=self._choice.hosted is not None)
            self._losses.add("tools", tool.kind)

    def _schema_tool(self, functions: bool) -> dict[str, Any] | None:
        """The function whose arguments are the answer, where the schema cannot be native."""
        wanted = self._request.response_format
        if wanted is None or wanted.kind != "json_schema":
            return None
        native = self._destination.abilities.native_schema
        if native and not (functions and self._clashes()):
            return None
        if functions and self._choice.mode in ("required", "tool"):
            return None
        name = "json_answer"
        while name in self._names.back:
            name += "_"
        about = wanted.description or "Gives the final answer. Call it once all else is done."
        return self._declare(name, about, wanted.schema)

    def _config(
        self, functions: list[dict[str, Any]], hosted: bool, stand_in: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        config: dict[str, Any] = {}
        if functions and stand_in is not None:
            config["functionCallingConfig"] = {"mode": "ANY"}
        elif functions and self._request.tool_choice is not None:
            config["functionCallingConfig"] = self._calling()
        if hosted and functions:
            config["includeServerSideToolInvocations"] = True
        return config or None

    def _calling(self) -> dict[str, Any]:
        """The caller's choice among the functions; a vendor's own tool cannot be forced here."""
        choice = self._choice
        if choice.mode == "tool":
            if choice.tool is None:
                self._losses.add("tool_choice")
                return {"mode": "AUTO"}
            return {"mode": "ANY", "allowedFunctionNames": [self._wire(choice.tool)]}
        calling: dict[str, Any] = {"mode": _MODES[choice.mode]}
        if choice.allowed and choice.mode == "required":
            calling["allowedFunctionNames"] = [self._wire(ref) for ref in choice.allowed]
        return calling

    def _wire(self, ref: Any) -> str:
        return self._names.wire(ref.name, ref.namespace)
