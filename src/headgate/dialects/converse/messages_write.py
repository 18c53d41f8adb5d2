"""The messages of a request as Converse ``system`` and ``messages``."""

import re
from typing import Any

from headgate.dialects.converse.media_write import write_document, write_image
from headgate.dialects.destination import Destination
from headgate.dialects.instructions import instructions_of
from headgate.dialects.losses import Losses
from headgate.dialects.turns import Turn, read_turns
from headgate.model.fault import Untranslatable
from headgate.model.ids import fit
from headgate.model.parts import (
    Audio,
    CacheMark,
    Document,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Vendor,
)
from headgate.model.request import Message, Request
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

TOOL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")

_CONTINUE = {"text": "(continue)"}
_ABOUT_FILES = {"text": "(see the attached file)"}
_ASIDE = "<system-reminder>\n{}\n</system-reminder>"
_NO_RESULT = "The call was never answered."
_NO_OUTPUT = "(no output)"

Block = dict[str, Any]


class MessagesWriter:
    """Writes one request's messages; `tools_used` are the names in its calls."""

    def __init__(
        self, request: Request, destination: Destination, names: ToolNames, losses: Losses
    ) -> None:
        self.tools_used: dict[str, None] = {}
        self.system: list[Block] = []
        self.messages: list[Block] = []
        self._destination = destination
        self._names = names
        self._losses = losses
        self._field = losses.name("messages")
        self._documents = 0
        conversation = read_turns(request.messages)
        for message in conversation.head:
            self._instruct(message)
        for turn in conversation.turns:
            self._add(turn)
        self._mend()

    @property
    def thought_in_loop(self) -> bool:
        """Whether the assistant's turn that tool results answer opens with its thinking (manual
        thinking demands it); also where no tool loop runs."""
        if len(self.messages) < 2 or "toolResult" not in self.messages[-1]["content"][0]:
            return True
        return "reasoningContent" in self.messages[-2]["content"][0]

    def _instruct(self, message: Message) -> None:
        for text in instructions_of(message):
            if text.strip():
                self.system.append({"text": text})
        self._mark(self.system, message.parts[-1] if message.parts else None)

    def _add(self, turn: Turn) -> None:
        blocks: list[Block] = []
        for answer in turn.answers:
            blocks.append(self._result(answer.call, answer.result))
            self._mark(blocks, answer.result)
        for orphan in turn.orphans:
            blocks += self._orphan(orphan)
        blocks += [{"text": _ASIDE.format(text)} for text in turn.asides]
        for part in turn.parts:
            blocks += self._part(part)
            self._mark(blocks, part)
        if any("document" in block for block in blocks) and not _speaks(blocks):
            blocks.append(_ABOUT_FILES)
        if not blocks:
            return
        if self.messages and self.messages[-1]["role"] == turn.role:
            self.messages[-1]["content"] += blocks
        else:
            self.messages.append({"role": turn.role, "content": blocks})

    def _mend(self) -> None:
        """A conversation opens with the user, and ends with one unless the model continues."""
        if not self.messages or self.messages[0]["role"] == "assistant":
            self.messages.insert(0, {"role": "user", "content": [_CONTINUE]})
        last = self.messages[-1]
        if last["role"] == "user":
            return
        if not self._destination.abilities.prefill:
            raise Untranslatable(
                self._field, "This model does not continue a message of the assistant."
            )
        if "text" in last["content"][-1]:
            last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()

    def _part(self, part: Part) -> list[Block]:  # noqa: C901 - one arm a part
        match part:
            case Text(text=text, extras=extras):
                self._losses.add_extras("messages", extras)
                return [{"text": text}] if text.strip() else []
            case Refusal(text=text):
                return [{"text": text}] if text.strip() else []
            case Reasoning():
                return self._reasoning(part)
            case ToolCall():
                return [self._call(part)]
            case Image(detail=detail):
                if detail not in (None, "auto"):
                    self._losses.add("messages", "detail")
                return [write_image(part, self._destination, self._field)]
            case Document():
                self._documents += 1
                return [write_document(part, self._documents, self._field)]
            case Audio():
                return self._audio(part)
            case Vendor(dialect="converse", payload=payload):
                return [dict(payload)]
            case Vendor(kind=kind):
                self._losses.add("messages", kind)
                return []
            case _:
                return []

    def _reasoning(self, part: Reasoning) -> list[Block]:
        """Thoughts go back to the vendor that signed them, and to no other."""
        state = part.state
        if state is None or state.issuer != self._destination.vendor:
            return []
        if state.kind == "redacted":
            return [{"reasoningContent": {"redactedContent": state.value}}]
        words = {"text": part.text, "signature": state.value}
        return [{"reasoningContent": {"reasoningText": words}}]

    def _call(self, part: ToolCall) -> Block:
        name = self._names.wire(part.name, part.namespace)
        self.tools_used[name] = None
        self._losses.add_extras("messages", part.extras)
        given = {"input": part.arguments} if part.custom else _input(part.arguments)
        return {"toolUse": {"toolUseId": fit(part.id, TOOL_ID), "name": name, "input": given}}

    def _audio(self, part: Audio) -> list[Block]:
        if part.transcript:
            return [{"text": part.transcript}]
        raise Untranslatable(self._field, "This model takes no sound.")

    def _result(self, call: ToolCall, result: ToolResult | None) -> Block:
        written: Block = {"toolUseId": fit(call.id, TOOL_ID)}
        if result is None:
            written |= {"content": [{"text": _NO_RESULT}], "status": "error"}
            return {"toolResult": written}
        self._losses.add_extras("messages", result.extras)
        content = [block for part in result.parts for block in self._part(part)]
        written["content"] = content or [{"text": _NO_OUTPUT}]
        if result.is_error:
            written["status"] = "error"
        return {"toolResult": written}

    def _orphan(self, result: ToolResult) -> list[Block]:
        """A result whose call is not in the history is told as the user's words."""
        blocks = [block for part in result.parts for block in self._part(part)]
        return [{"text": f"Result of {result.name or result.call_id}:"}, *blocks]

    def _mark(self, blocks: list[Block], part: Part | None) -> None:
        cache = getattr(part, "cache", None)
        if isinstance(cache, CacheMark) and blocks and "cachePoint" not in blocks[-1]:
            blocks.append(cache_point(cache))


def cache_point(mark: CacheMark) -> Block:
    """The block that stands for a prompt-cache breakpoint after what precedes it."""
    point: Block = {"type": "default"}
    if mark.ttl in ("5m", "1h"):
        point["ttl"] = mark.ttl
    return {"cachePoint": point}


def _speaks(blocks: list[Block]) -> bool:
    return any("text" in block for block in blocks)


def _input(text: str) -> Block:
    """A call's input must be an object; what a model broke is kept as its words."""
    if not text.strip():
        return {}
    found = json_text.object_or_none(text)
    return {"_raw": text} if found is None else found
