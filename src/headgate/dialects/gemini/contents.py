"""The messages of a request as Gemini's system instruction and contents.

Contents alternate between ``user`` and ``model``, and the responses to a turn's function calls
stand together, in the calls' order, at the head of the user content that follows.
"""

from typing import Any

import msgspec

from headgate.dialects.destination import Destination
from headgate.dialects.gemini.media_write import write_audio, write_document, write_image
from headgate.dialects.gemini.model_turn import Call, write_turn
from headgate.dialects.gemini.thinking import is_gemini_3
from headgate.dialects.instructions import instructions_of
from headgate.dialects.losses import Losses
from headgate.dialects.turns import Turn, read_turns
from headgate.model.parts import Audio, Document, Image, Part, Text, ToolResult, Vendor
from headgate.model.request import Request
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

_NO_RESULT = {"error": "The call was never answered."}
_ASIDE = "<system-reminder>\n{}\n</system-reminder>"


class Contents(msgspec.Struct, frozen=True):
    """``systemInstruction``'s parts and ``contents``."""

    system: list[dict[str, Any]]
    contents: list[dict[str, Any]]


def write_contents(
    request: Request, destination: Destination, names: ToolNames, losses: Losses
) -> Contents:
    """All messages of `request`. An empty user content stands where Gemini needs one first."""
    conversation = read_turns(request.messages)
    system = [{"text": text} for each in conversation.head for text in instructions_of(each)]
    writer = _UserWriter(destination, losses)
    contents: list[dict[str, Any]] = []
    calls: list[Call] = []
    for turn in conversation.turns:
        if turn.role == "assistant":
            parts, calls = write_turn(turn.parts, destination, names, losses)
            role = "model"
        else:
            parts, role = writer.write(turn, calls), "user"
        if parts and contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        elif parts:
            contents.append({"role": role, "parts": parts})
    if not contents or contents[0]["role"] == "model":
        contents.insert(0, {"role": "user", "parts": [{"text": ""}]})
    return Contents(system, contents)


class _UserWriter:
    """Writes the turns of the user."""

    def __init__(self, destination: Destination, losses: Losses) -> None:
        self._destination = destination
        self._losses = losses
        self._field = losses.name("messages")

    def write(self, turn: Turn, calls: list[Call]) -> list[dict[str, Any]]:
        """The parts of `turn`; `calls` are those it answers."""
        responses: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for answer, call in zip(turn.answers, calls, strict=True):
            if answer.result is None:
                responses.append(_response(call, _NO_RESULT, []))
            else:
                self._answer(call, answer.result, responses, others)
        for orphan in turn.orphans:
            others += self._orphan(orphan)
        asides = [{"text": _ASIDE.format(text)} for text in turn.asides]
        return [*responses, *others, *asides, *self._user_parts(turn.parts)]

    def _user_parts(self, parts: tuple[Part, ...]) -> list[dict[str, Any]]:
        return [written for part in parts for written in self._user_part(part)]

    def _user_part(  # noqa: C901 - one arm a part
        self, part: Part
    ) -> list[dict[str, Any]]:
        match part:
            case Text(text=text, extras=extras):
                self._losses.add_extras("messages", extras)
                return [{"text": text}] if text else []
            case Image(detail=detail):
                if detail not in (None, "auto"):
                    self._losses.add("messages", "detail")
                return [write_image(part, self._destination, self._field)]
            case Document(cite=cite):
                if cite:
                    self._losses.add("messages", "citations")
                return write_document(part, self._field)
            case Audio():
                return [write_audio(part, self._field)]
            case Vendor(dialect="gemini", payload=payload):
                return [dict(payload)]
            case Vendor(kind=kind):
                self._losses.add("messages", kind)
                return []
            case _:
                return []

    def _answer(
        self,
        call: Call,
        result: ToolResult,
        responses: list[dict[str, Any]],
        others: list[dict[str, Any]],
    ) -> None:
        """The response to `call`; pictures ride in it from Gemini 3 on, else behind all."""
        text, media = self._split(result)
        response = {"error" if result.is_error else "result": text}
        if is_gemini_3(self._destination.abilities):
            responses.append(_response(call, response, media))
            return
        responses.append(_response(call, response, []))
        if media:
            others += [{"text": f"Files of the result of {call.name} ({call.id}):"}, *media]

    def _orphan(self, result: ToolResult) -> list[dict[str, Any]]:
        """A result whose call is not in the history is told as the user's words."""
        text, media = self._split(result)
        return [{"text": f"Result of {result.name or result.call_id}:\n{text}"}, *media]

    def _split(self, result: ToolResult) -> tuple[str, list[dict[str, Any]]]:
        self._losses.add_extras("messages", result.extras)
        texts: list[str] = []
        media: list[dict[str, Any]] = []
        for part in result.parts:
            for written in self._user_part(part):
                if "text" in written:
                    texts.append(str(written["text"]))
                elif "inlineData" in written or "fileData" in written:
                    media.append(written)
                else:
                    texts.append(json_text.encode_text(written))
        return "\n".join(texts), media


def _response(call: Call, response: dict[str, Any], media: list[dict[str, Any]]) -> dict[str, Any]:
    written: dict[str, Any] = {"id": call.wire_id, "name": call.name, "response": response}
    if media:
        written["parts"] = media
    return {"functionResponse": written}
