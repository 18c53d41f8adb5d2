"""A caller's request, whole."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from headgate.dialects.json_body import read_object
from headgate.dialects.messages import checks
from headgate.dialects.messages.envelope import field_refusal
from headgate.dialects.messages.own import NAME, without
from headgate.dialects.messages.parts_read import read_content, read_mark
from headgate.dialects.messages.tools_read import read_choice, read_tools
from headgate.model.effort import ORDER
from headgate.model.fault import bad_request
from headgate.model.parts import Part, Role, Text, ToolCall, ToolResult
from headgate.model.request import (
    Effort,
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
    ToolChoice,
)

BILLING = "x-anthropic-billing-header"
"""How the system block begins that agent clients add for their vendor's books. It varies by
request, and elsewhere it would only spoil prefix caches."""

Object = dict[str, Any]


class _Body(msgspec.Struct):
    model: str
    messages: list[Object]
    system: str | list[Object] | None = None
    stream: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    tools: list[Object] | None = None
    tool_choice: Object | None = None
    thinking: Object | None = None
    output_config: Object | None = None
    output_format: Object | None = None
    metadata: Object | None = None
    service_tier: str | None = None
    cache_control: Object | None = None


_FIELDS = frozenset(_Body.__struct_fields__)
_ROLES: tuple[Role, ...] = ("user", "assistant", "system")
_MODES: Mapping[str, Literal["adaptive", "enabled", "disabled"]] = {
    "adaptive": "adaptive",
    "enabled": "enabled",
    "disabled": "disabled",
}


def read_request(body: bytes) -> Request:
    """The request in `body`. Raises Refused with the field named."""
    raw = read_object(body)
    try:
        said = msgspec.convert({key: raw[key] for key in _FIELDS if key in raw}, _Body)
    except msgspec.ValidationError as error:
        raise field_refusal(error) from error
    except UnicodeEncodeError as error:  # the value that an error would name cannot be written
        raise bad_request("A field of the wrong type holds half a character.") from error
    choice, parallel = read_choice(said.tool_choice) if said.tool_choice else (None, None)
    return _assemble(said, raw, choice, parallel)


def _assemble(
    said: _Body, raw: Object, choice: ToolChoice | None, parallel: bool | None
) -> Request:
    metadata = said.metadata or {}
    shape = (said.output_config or {}).get("format") or said.output_format
    return Request(
        dialect=NAME,
        model=said.model,
        messages=_messages(said),
        stream=said.stream is True,
        include_usage=True,
        max_tokens=said.max_tokens,
        sampling=Sampling(
            temperature=said.temperature,
            top_p=said.top_p,
            top_k=said.top_k,
            stop=tuple(said.stop_sequences or ()),
        ),
        tools=read_tools(said.tools or []),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        reasoning=_reasoning(said.thinking, said.output_config or {}),
        response_format=_response_format(shape),
        safety_id=checks.text_or_none(metadata, "user_id", "metadata"),
        metadata=without(metadata, frozenset({"user_id"})) or None,
        service_tier=said.service_tier,
        cache=read_mark({"cache_control": said.cache_control}, "cache_control"),
        extras=_extras(said, raw, shape),
    )


def _messages(said: _Body) -> tuple[Message, ...]:
    system = [p for p in read_content(said.system, "system") if not _is_billing(p)]
    messages = [Message("system", tuple(system))] if system else []
    names: dict[str, str] = {}
    for number, message in enumerate(said.messages):
        messages.extend(_turn(message, f"messages.{number}", names))
    return tuple(messages)


def _is_billing(part: Part) -> bool:
    return isinstance(part, Text) and part.text.lstrip().lower().startswith(BILLING)


def _turn(message: Object, where: str, names: dict[str, str]) -> Iterator[Message]:
    """One message of the caller: its tool results, then the rest."""
    role = _role(message, where)
    parts = read_content(message.get("content"), f"{where}.content")
    names.update((part.id, part.name) for part in parts if isinstance(part, ToolCall))
    extras = without(message, frozenset({"role", "content"})) or None
    results = tuple(
        msgspec.structs.replace(part, name=names.get(part.call_id))
        for part in parts
        if isinstance(part, ToolResult)
    )
    rest = tuple(part for part in parts if not isinstance(part, ToolResult))
    if results:
        yield Message("tool", results, extras=None if rest else extras)
    if rest or not results:
        yield Message(role, rest, extras=extras)


def _role(message: Object, where: str) -> Role:
    role = next((known for known in _ROLES if known == message.get("role")), None)
    if role is not None:
        return role
    raise bad_request(f"`{where}.role` must be `user`, `assistant` or `system`.", f"{where}.role")


def _reasoning(thinking: Object | None, output: Object) -> ReasoningWish | None:
    wished = _effort(output)
    if thinking is None:
        return None if wished is None else ReasoningWish(wished)
    kind = checks.text_at(thinking, "type", "thinking")
    budget = checks.int_or_none(thinking, "budget_tokens", "thinking")
    mode = _MODES.get(kind)
    if mode is None:
        return ReasoningWish(wished, budget, extras=thinking)
    display = thinking.get("display")
    summary = None if display is None else "omitted" if display == "omitted" else "auto"
    rest = without(thinking, frozenset({"type", "budget_tokens", "display"}))
    return ReasoningWish(wished, budget, mode, summary, rest or None)


def _effort(output: Object) -> Effort | None:
    return next((known for known in ORDER if known == output.get("effort")), None)


def _response_format(shape: Any) -> ResponseFormat | None:
    if not isinstance(shape, dict) or shape.get("type") != "json_schema":
        return None
    where = "output_config.format"
    return ResponseFormat("json_schema", schema=checks.object_at(shape, "schema", where))


def _extras(said: _Body, raw: Object, shape: Any) -> Object:
    extras = without(raw, _FIELDS | {"session_id"})  # ours, and no field of the vendor's
    known = {"format"} | ({"effort"} if _effort(said.output_config or {}) else set())
    output = without(said.output_config or {}, frozenset(known))
    if isinstance(shape, dict) and shape.get("type") != "json_schema":
        output["format"] = shape
    if output:
        extras["output_config"] = output
    return extras
