"""A caller's request as the hub's.

Nulls are taken as unsaid, and the older and the foreign spellings that clients use on this path
as what they mean.
"""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.chat.lenient import Json, object_in, rest_of, strings_in, text_in
from headgate.dialects.chat.messages_read import History
from headgate.dialects.chat.tools import read_choice, read_tools
from headgate.dialects.json_body import read_object
from headgate.model.effort import ORDER
from headgate.model.fault import bad_request
from headgate.model.parts import Text
from headgate.model.request import (
    Effort,
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
)

_NUMBERS = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
_WHOLE = ("top_k", "seed", "top_logprobs", "n")
_TEXTS: Mapping[str, str] = {
    "verbosity": "verbosity",
    "user": "user",
    "safety_identifier": "safety_id",
    "service_tier": "service_tier",
    "prompt_cache_key": "prompt_cache_key",
}
_OBJECTS: Mapping[str, str] = {
    "audio": "audio",
    "prediction": "prediction",
    "metadata": "metadata",
    "web_search_options": "web_search",
}
_KNOWN = frozenset(
    {
        *_NUMBERS,
        *_WHOLE,
        *_TEXTS,
        *_OBJECTS,
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "logit_bias",
        "logprobs",
        "stop",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "parallel_tool_calls",
        "reasoning_effort",
        "reasoning",
        "thinking",
        "response_format",
        "modalities",
        "store",
        "session_id",
    }
)
_FLAT = frozenset({"input", "instructions", "max_output_tokens", "text", "include", "truncation"})
"""Fields of the flat form, known only where it is used."""


def read_request(body: bytes) -> Request:
    """See `headgate.dialects.dialect.CallerHalf.read_request`."""
    said = read_object(body)
    flat = "messages" not in said and "input" in said
    if flat:
        said = _unflatten(said)
    tools = read_tools(said)
    options = object_in(said.get("stream_options"))
    extras = rest_of(said, _KNOWN | _FLAT if flat else _KNOWN) or {}
    leftover = rest_of(options, ("include_usage",))
    if leftover:
        extras["stream_options"] = leftover
    response_format = _read_format(said, extras)
    rest: dict[str, Any] = {ours: _text(said, field) or None for field, ours in _TEXTS.items()}
    rest |= {ours: _object(said, field) for field, ours in _OBJECTS.items()}
    return Request(
        dialect="chat",
        model=_text(said, "model"),
        messages=_read_messages(said, History(tools)),
        stream=_flag(said, "stream") or False,
        include_usage=options.get("include_usage") is True,
        max_tokens=_first_whole(said, "max_completion_tokens", "max_tokens"),
        sampling=_read_sampling(said),
        tools=tools,
        tool_choice=read_choice(said, tools),
        parallel_tool_calls=_flag(said, "parallel_tool_calls"),
        reasoning=_read_reasoning(said),
        response_format=response_format,
        modalities=tuple(strings_in(said.get("modalities"))),
        store=_flag(said, "store"),
        extras=extras,
        **rest,
    )


def _unflatten(said: Json) -> Json:
    """A body of the flat form in this dialect's own fields."""
    text = object_in(said.get("text"))
    form = object_in(text.get("format"))
    given: Json = {
        "max_completion_tokens": said.get("max_output_tokens"),
        "verbosity": text.get("verbosity"),
        "response_format": {"type": form["type"], "json_schema": form} if "type" in form else None,
    }
    return {**given, **{key: value for key, value in said.items() if value is not None}}


def _read_messages(said: Json, history: History) -> tuple[Message, ...]:
    messages = said.get("messages")
    if messages is None and "input" in said:
        instructions = text_in(said.get("instructions"))
        head = (Message("system", (Text(instructions),)),) if instructions else ()
        return head + history.read_input(said["input"])
    if not isinstance(messages, list):
        raise bad_request("'messages' must be an array of messages.", "messages")
    return history.read(messages)


def _read_sampling(said: Json) -> Sampling:
    stop = said.get("stop")
    stops = (stop,) if isinstance(stop, str) else tuple(strings_in(stop))
    if stop is not None and not isinstance(stop, str | list):
        raise bad_request("'stop' must be a string or an array of strings.", "stop")
    numbers: dict[str, Any] = {field: _number(said, field) for field in _NUMBERS}
    numbers |= {field: _whole(said, field) for field in _WHOLE}
    return Sampling(
        logit_bias=_object(said, "logit_bias"),
        logprobs=_flag(said, "logprobs"),
        stop=stops,
        **numbers,
    )


def _read_reasoning(said: Json) -> ReasoningWish | None:
    """The wish in ``reasoning_effort``, or in the objects that other vendors take here, which are
    kept as they are for those who know them."""
    native = {f: said[f] for f in ("reasoning", "thinking") if isinstance(said.get(f), dict)}
    effort = said.get("reasoning_effort")
    if effort is None and not native:
        return None
    wish = object_in(native.get("reasoning"))
    thinking = object_in(native.get("thinking"))
    budget = wish.get("max_tokens", thinking.get("budget_tokens"))
    if effort is not None:
        native["reasoning_effort"] = effort
    known = _effort(effort if effort is not None else wish.get("effort"))
    plain = known is not None and native.keys() == {"reasoning_effort"}
    return ReasoningWish(
        effort=known,
        budget_tokens=budget if type(budget) is int else None,
        mode=_mode(wish, thinking),
        summary="omitted" if wish.get("exclude") is True else text_in(wish.get("summary")) or None,
        extras=None if plain else {"chat": native},
    )


def _effort(word: Any) -> Effort | None:
    """The effort in a word; None where it is a vendor's own."""
    if word is not None and not isinstance(word, str):
        raise bad_request("'reasoning_effort' must be a string.", "reasoning_effort")
    return next((effort for effort in ORDER if word == effort), None)


def _mode(wish: Json, thinking: Json) -> Any:
    kind = text_in(thinking.get("type"))
    if wish.get("enabled") is False:
        return "disabled"
    return kind if kind in ("adaptive", "enabled", "disabled") else None


def _read_format(said: Json, extras: Json) -> ResponseFormat | None:
    """The wished form of the answer; one that the hub has no word for stays an extra."""
    value = said.get("response_format")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("'response_format' must be an object.", "response_format")
    match value.get("type"):
        case "text":
            return ResponseFormat("text")
        case "json_object":
            return ResponseFormat("json_object")
        case "json_schema":
            return _read_schema(object_in(value.get("json_schema")))
        case _:
            extras["response_format"] = value
            return None


def _read_schema(body: Json) -> ResponseFormat:
    strict = body.get("strict")
    schema = body.get("schema")
    return ResponseFormat(
        "json_schema",
        text_in(body.get("name")) or None,
        schema if isinstance(schema, dict) else None,
        strict if isinstance(strict, bool) else None,
        text_in(body.get("description")) or None,
    )


def _text(said: Json, field: str) -> str:
    value = said.get(field)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"'{field}' must be a string.", field)
    return value or ""


def _flag(said: Json, field: str) -> bool | None:
    value = said.get(field)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"'{field}' must be true or false.", field)
    return value


def _object(said: Json, field: str) -> Json | None:
    value = said.get(field)
    if value is not None and not isinstance(value, dict):
        raise bad_request(f"'{field}' must be an object.", field)
    return value


def _number(said: Json, field: str) -> float | None:
    value = said.get(field)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise bad_request(f"'{field}' must be a number.", field)
    return value


def _whole(said: Json, field: str) -> int | None:
    value = _number(said, field)
    if value is None:
        return None
    if value != int(value):
        raise bad_request(f"'{field}' must be a whole number.", field)
    return int(value)


def _first_whole(said: Json, *fields: str) -> int | None:
    found = (_whole(said, field) for field in fields)
    return next((number for number in found if number is not None), None)
