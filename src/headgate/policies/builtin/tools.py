"""Which tools may be offered and called: `allow_tools` names those that may, `deny_tools` those
that may not."""

import fnmatch
from typing import Annotated, Literal

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.parts import ToolCall
from headgate.model.request import HostedTool, Request, Tool, ToolChoice
from headgate.policies.keys import BOTH, EntryRefused, PolicyKeys, Side
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import DROP, Policy, Reads, Refuse, ToolVerdict


class ToolsKeys(PolicyKeys, frozen=True, kw_only=True):
    """The keys of ``allow_tools`` and ``deny_tools``."""

    tools: Annotated[
        tuple[str, ...], key("Names of tools, or kinds of the vendor's own, as globs.")
    ]
    action: Annotated[
        Literal["drop", "refuse"], key("A tool that may not be: leave it out, or end the exchange.")
    ] = "drop"
    answer: Annotated[str | None, key("Text that stands in the place of a dropped call.")] = None
    apply_to: Annotated[tuple[Side, ...], key("Offered tools, calls, or both.")] = BOTH


class ToolGate(Policy):
    """See the module. `allows`: whether `keys.tools` are those that may be."""

    def __init__(self, keys: ToolsKeys, allows: bool) -> None:
        self._keys = keys
        self._allows = allows
        self.answers_calls = bool(keys.answer)

    @override
    def reads(self) -> frozenset[Reads]:
        return frozenset(("tool_calls",)) if "response" in self._keys.apply_to else frozenset()

    @override
    def on_request(self, request: Request) -> Request:
        if "request" not in self._keys.apply_to:
            return request
        kept = tuple(tool for tool in request.tools if self._may(_names(tool)))
        if len(kept) == len(request.tools):
            return request
        if self._keys.action == "refuse":
            raise Refuse("it offers a tool that is not allowed")
        self.note("tool left out")
        choice = request.tool_choice
        if choice is not None:
            choice = self._choice(choice, kept)
        return msgspec.structs.replace(
            request,
            tools=kept,
            tool_choice=choice,
            parallel_tool_calls=request.parallel_tool_calls if kept else None,
        )

    @override
    def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        if self._may((call.name, f"{call.namespace}__{call.name}")):
            return None
        if self._keys.action == "refuse":
            raise Refuse("the answer calls a tool that is not allowed")
        self.note("call dropped")
        return self._keys.answer or DROP

    def _choice(self, choice: ToolChoice, kept: tuple[Tool | HostedTool, ...]) -> ToolChoice | None:
        """The choice among the tools that are left. Raises Refuse where it was forced."""
        if not kept:
            if choice.mode in ("tool", "required"):
                raise Refuse("it insists on a tool that is not allowed")
            return None
        if choice.tool is not None and not self._may((choice.tool.name,)):
            raise Refuse("it insists on a tool that is not allowed")
        allowed = tuple(ref for ref in choice.allowed if self._may((ref.name,)))
        return msgspec.structs.replace(choice, allowed=allowed)

    def _may(self, names: tuple[str, ...]) -> bool:
        named = any(fnmatch.fnmatchcase(name, glob) for name in names for glob in self._keys.tools)
        return named == self._allows


def _names(tool: Tool | HostedTool) -> tuple[str, ...]:
    if isinstance(tool, HostedTool):
        return (tool.kind, str(tool.native.get("type", "")))
    return (tool.name, f"{tool.namespace}__{tool.name}")


def _prepared(keys: ToolsKeys, allows: bool) -> Prepared:
    if not keys.tools and not allows:
        raise EntryRefused("tools", "names no tool")
    if keys.answer and keys.action == "refuse":
        raise EntryRefused("answer", "has no meaning with 'action: refuse'")
    return Prepared(lambda _occasion: ToolGate(keys, allows), judges=keys.action == "refuse")


def _prepare_allow(keys: ToolsKeys, _setting: Setting) -> Prepared:
    return _prepared(keys, allows=True)


def _prepare_deny(keys: ToolsKeys, _setting: Setting) -> Prepared:
    return _prepared(keys, allows=False)


ALLOW_TOOLS = Kind(keys=ToolsKeys, prepare=_prepare_allow)
DENY_TOOLS = Kind(keys=ToolsKeys, prepare=_prepare_deny)
