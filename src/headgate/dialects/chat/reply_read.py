"""A backend's whole reply as the hub's."""

import msgspec

from headgate.dialects.chat.assistant import Reading, attach, read_assistant
from headgate.dialects.chat.citations import read_sources
from headgate.dialects.chat.errors import choice_error, is_error, read_inband
from headgate.dialects.chat.finish import read_finish
from headgate.dialects.chat.lenient import Json, count_in, object_in, objects_in, rest_of, text_in
from headgate.dialects.chat.stream_read import CHUNK_FIELDS
from headgate.dialects.chat.usage import read_usage
from headgate.dialects.destination import Source
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Document, Extras, Image, Part, Reasoning, Refusal, Text, ToolCall
from headgate.model.reply import Choice, Reply
from headgate.wire import json_text

_CHOICE = ("index", "message", "delta", "text", "logprobs", "finish_reason")
_MESSAGE = (
    "role",
    "content",
    "refusal",
    "annotations",
    "audio",
    "images",
    "tool_calls",
    "function_call",
    "reasoning",
    "reasoning_content",
    "reasoning_text",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
)


def read_reply(body: bytes, source: Source) -> Reply:
    """See `headgate.dialects.dialect.BackendHalf.read_reply`.

    Raises `Refused` where the body is an error under status 200.
    """
    reply = json_text.object_or_none(body)
    if reply is None:
        raise StreamBroken("the reply is no JSON object")
    if is_error(reply):
        raise Refused(read_inband(reply))
    if not isinstance(reply.get("choices"), list):
        raise StreamBroken("the reply has no choices")
    id_ = text_in(reply.get("id"))
    choices = []
    for place, entry in enumerate(objects_in(reply["choices"])):
        error = choice_error(entry)
        if error is not None:
            raise Refused(read_inband(error))
        choices.append(_read_choice(entry, place, source, id_))
    if len({choice.index for choice in choices}) < len(choices):
        choices = [_renumbered(choice, place) for place, choice in enumerate(choices)]
    _cite(choices, reply)
    usage = reply.get("usage") or object_in(reply.get("x_groq")).get("usage")
    return Reply(
        id_,
        text_in(reply.get("model")),
        count_in(reply.get("created")),
        tuple(choices),
        read_usage(usage),
        own(rest_of(reply, CHUNK_FIELDS)),
    )


def own(extras: Extras | None) -> Json | None:
    """`extras` under this dialect's name: other dialects' callers never see them."""
    return {"chat": extras} if extras else None


def _read_choice(entry: Json, place: int, source: Source, id_: str) -> Choice:
    index = count_in(entry.get("index"))
    index = place if index is None else index
    message = object_in(entry.get("message")) or object_in(entry.get("delta"))
    if not message and "text" in entry:
        message = {"content": entry["text"]}
    reading = Reading(
        issuer=source.vendor,
        call_issuer=source.vendor,
        tools=source.tools,
        schema_tool=source.schema_tool,
        one_tool_call=source.one_tool_call,
        seed=f"{id_}:{index}",
    )
    tokens = tuple(objects_in(object_in(entry.get("logprobs")).get("content"))) or None
    parts = read_assistant(message, reading, tokens)
    finish = read_finish(
        {**entry, "index": index},
        any(isinstance(part, ToolCall) for part in parts),
        any(isinstance(part, Refusal) for part in parts),
        own(_choice_extras(entry, message, tokens is not None)),
    )
    return Choice(index, tuple(map(_with_own_extras, parts)), finish)


def _renumbered(choice: Choice, index: int) -> Choice:
    """`choice` in the place where it stands: some servers give all of them one index."""
    finish = choice.finish and msgspec.structs.replace(choice.finish, choice=index)
    return msgspec.structs.replace(choice, index=index, finish=finish)


def _choice_extras(entry: Json, message: Json, tokens: bool) -> Json | None:
    extras = rest_of(entry, _CHOICE) or {}
    logprobs = object_in(entry.get("logprobs"))
    if any(value for key, value in logprobs.items() if key != "content" or not tokens):
        extras["logprobs"] = logprobs
    beside = rest_of(message, _MESSAGE)
    if beside:
        extras["message"] = beside
    return extras or None


def _with_own_extras(part: Part) -> Part:
    if isinstance(part, Text | Reasoning | ToolCall | Image | Document) and part.extras:
        return msgspec.structs.replace(part, extras=own(part.extras))
    return part


def _cite(choices: list[Choice], reply: Json) -> None:
    """Adds the sources that stand beside the choices to the text of the first."""
    sources = read_sources(reply)
    if sources and choices and any(isinstance(part, Text) for part in choices[0].parts):
        first = choices[0]
        parts = attach(list(first.parts), sources, None)
        choices[0] = Choice(first.index, tuple(parts), first.finish)
