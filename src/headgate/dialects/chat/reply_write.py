"""The hub's whole reply as a caller reads it."""

from headgate.dialects.chat.citations import write_annotation
from headgate.dialects.chat.content import write_image
from headgate.dialects.chat.finish import refusal_of, write_finish
from headgate.dialects.chat.lenient import Json
from headgate.dialects.chat.reasoning import spell_for_caller, write_details
from headgate.dialects.chat.stream_write import own_extras, write_sound
from headgate.dialects.chat.tools import FlatCustom, LegacyFunction
from headgate.dialects.chat.usage import write_usage
from headgate.dialects.dialect import ReplyContext, Written
from headgate.model.events import Finished
from headgate.model.finish import settle
from headgate.model.ids import once
from headgate.model.parts import (
    Audio,
    Extras,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Vendor,
)
from headgate.model.reply import Choice, Reply
from headgate.wire import json_text


def write_reply(reply: Reply, context: ReplyContext) -> Written:
    """See `headgate.dialects.dialect.CallerHalf.write_reply`."""
    losses: dict[str, None] = {}
    body: Json = {
        "id": f"chatcmpl-{context.id_seed}",
        "object": "chat.completion",
        "created": context.created,
        "model": context.model,
        "choices": [_write_choice(choice, context, losses) for choice in reply.choices],
    }
    if reply.usage is not None:
        body["usage"] = write_usage(reply.usage)
    return Written(json_text.encode({**body, **own_extras(reply.extras)}), tuple(losses))


def _write_choice(choice: Choice, context: ReplyContext, losses: dict[str, None]) -> Json:
    called = any(isinstance(part, ToolCall) for part in choice.parts)
    finish = choice.finish or Finished(settle("unknown", called), choice.index)
    message = _Message(context, losses)
    for part, following in zip(choice.parts, (*choice.parts[1:], None), strict=False):
        message.add(part, following)
    reason = write_finish(finish, bool(message.refusals))
    words = refusal_of(finish)
    if words and not message.refusals:
        message.refusals.append(words)
    if message.legacy_call and reason == "tool_calls":
        reason = "function_call"
    extras = own_extras(finish.extras)
    beside = extras.pop("message", None)
    logprobs = {"content": message.tokens, "refusal": None} if message.tokens else None
    return {
        "index": choice.index,
        "message": {**message.written(), **(beside or {})},
        "logprobs": logprobs,
        "finish_reason": reason,
        **extras,
    }


class _Message:
    """One assistant message while its parts are added."""

    def __init__(self, context: ReplyContext, losses: dict[str, None]) -> None:
        tools = context.request.tools
        self._legacy = any(isinstance(tool, LegacyFunction) for tool in tools)
        self._flat = {tool.name for tool in tools if isinstance(tool, FlatCustom)}
        self._losses = losses
        self._no_id = f"call_{context.id_seed}"
        self._call_ids: set[str] = set()
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._details: list[Json] = []
        self._annotations: list[Json] = []
        self._calls: list[Json] = []
        self._rest: Json = {}
        self._vendors: list[Json] = []
        self.refusals: list[str] = []
        self.tokens: list[Extras] = []
        self.legacy_call: Json | None = None

    def add(self, part: Part, following: Part | None) -> None:
        """Adds a part; `following` is the one after it."""
        match part:
            case Text():
                self._add_text(part)
            case Reasoning():
                self._add_reasoning(part, following)
            case Refusal(text=text):
                self.refusals.append(text)
            case ToolCall():
                self._add_call(part)
            case Audio():
                self._rest["audio"] = write_sound(part)
            case _:
                self._add_rare(part)

    def written(self) -> Json:
        """The message. Text and calls may both be there; content is null where only calls are."""
        content: str | list[Json] | None = "".join(self._texts)
        if self._vendors:
            texts: list[Json] = [{"type": "text", "text": content}] if content else []
            content = [*texts, *self._vendors]
        called = bool(self._calls) or self.legacy_call is not None
        message: Json = {
            "role": "assistant",
            "content": content or (None if called or self.refusals or self._rest else ""),
            "refusal": "".join(self.refusals) or None,
        }
        if self._thoughts:
            message["reasoning_content"] = "".join(self._thoughts)
        if self._details:
            message["reasoning_details"] = self._details
        if self._annotations:
            message["annotations"] = self._annotations
        if self.legacy_call is not None:
            message["function_call"] = self.legacy_call
        if self._calls:
            message["tool_calls"] = self._calls
        return {**message, **self._rest}

    def _add_text(self, part: Text) -> None:
        self._texts.append(part.text)
        self.tokens += part.logprobs or ()
        for citation in part.citations:
            annotation = write_annotation(citation)
            if annotation is not None:
                self._annotations.append(annotation)
            elif citation.dialect != "chat":
                self._losses["citations"] = None

    def _add_reasoning(self, part: Reasoning, following: Part | None) -> None:
        if part.text:
            self._thoughts.append(part.text)
        opaque = spell_for_caller(part.state) if part.state is not None else None
        call = following.id if isinstance(following, ToolCall) else None
        own = own_extras(part.extras)
        self._details += write_details(part, opaque, len(self._details), own, call)

    def _add_call(self, part: ToolCall) -> None:
        body: Json = {"name": part.name, "arguments": part.arguments}
        id_ = once(part.id or self._no_id, self._call_ids)
        if self._legacy and self.legacy_call is not None:
            self._losses["tool_calls"] = None
        elif self._legacy:
            self.legacy_call = body
        elif part.custom and part.name not in self._flat:
            custom = {"name": part.name, "input": part.arguments}
            self._calls.append({"id": id_, "type": "custom", "custom": custom})
        else:
            call = {"id": id_, "type": "function", "function": body}
            self._calls.append({**call, **own_extras(part.extras)})

    def _add_rare(self, part: Part) -> None:
        image = write_image(part) if isinstance(part, Image) else None
        if image is not None:
            images = self._rest.setdefault("images", [])
            images.append({**image, "index": len(images)})
        elif isinstance(part, Vendor) and part.dialect == "chat":
            self._vendors.append({**part.payload})
        elif isinstance(part, Vendor):
            self._losses[part.kind] = None
        else:
            self._losses[type(part).__name__.lower()] = None
