"""An assistant's message in a request's history, as a backend takes it."""

import re
from collections import Counter
from collections.abc import Callable

from headgate.dialects.chat.citations import write_annotation
from headgate.dialects.chat.content import write_image
from headgate.dialects.chat.lenient import Json
from headgate.dialects.chat.reasoning import signed_call, spell_for_backend, write_details
from headgate.dialects.chat.tools import FlatCustom
from headgate.dialects.destination import Destination
from headgate.model import ids
from headgate.model.custom_input import wrap
from headgate.model.parts import Audio, Image, Part, Reasoning, Refusal, Text, ToolCall
from headgate.model.request import Message, Request, Tool
from headgate.model.tool_names import ToolNames

WriteContent = Callable[[tuple[Part, ...]], str | list[Json]]


class CallIds:
    """Tool call ids as the backend takes them, told apart where a history uses one twice."""

    def __init__(self, fits: re.Pattern[str], length: int, prefix: str) -> None:
        self._fits = fits
        self._length = length
        self._prefix = prefix
        self._calls: Counter[str] = Counter()
        self._results: Counter[str] = Counter()

    def of_call(self, id_: str) -> str:
        """The id of the next call that the history calls `id_`."""
        self._calls[id_] += 1
        return self._fit(id_, self._calls[id_])

    def of_result(self, id_: str) -> str:
        """The id of the call that the next result of `id_` answers: results follow their calls
        in order."""
        self._results[id_] += 1
        return self._fit(id_, min(self._results[id_], max(self._calls[id_], 1)))

    def _fit(self, id_: str, turn: int) -> str:
        told_apart = id_ if turn == 1 else f"{id_}#{turn}"
        return ids.fit(told_apart, self._fits, self._length, self._prefix)


class AssistantWriter:
    """Writes the assistant's messages of one request for one destination."""

    def __init__(
        self, request: Request, destination: Destination, names: ToolNames, call_ids: CallIds
    ) -> None:
        self._native = request.dialect == "chat"
        self._vendor = destination.vendor
        self._quirks = destination.quirks
        self._names = names
        self._ids = call_ids
        self._customs = {
            tool.name
            for tool in request.tools
            if isinstance(tool, Tool) and tool.custom and not isinstance(tool, FlatCustom)
        }

    def write(self, message: Message, in_loop: bool, content: WriteContent) -> Json | None:
        """The entry of a message; None where nothing of it may be sent. `in_loop`: it belongs to
        the current tool loop. `content` writes its prose."""
        written: Json = {"role": "assistant", "content": None}
        prose = tuple(p for p in message.parts if not isinstance(p, _APART))
        said = content(prose) if prose else ""
        calls = self._calls(message.parts)
        if said or not calls:
            written["content"] = said
        written.update(self._beside(message.parts))
        written.update(self._reasoning(message.parts, in_loop))
        if calls:
            written["tool_calls"] = calls
        if message.parts and len(written) == 2 and not written["content"]:
            return None
        return written

    def _beside(self, parts: tuple[Part, ...]) -> Json:
        """The fields beside the content: refusal, sound, pictures, citations."""
        fields: Json = {}
        for part in parts:
            match part:
                case Refusal(text=text):
                    fields["refusal"] = fields.get("refusal", "") + text
                case Audio(id=str() as id_):
                    fields["audio"] = {"id": id_}
                case Image() if (image := write_image(part)) is not None:
                    fields.setdefault("images", []).append(image)
                case Text(citations=citations) if citations and self._native:
                    found = [a for c in citations if (a := write_annotation(c)) is not None]
                    fields.setdefault("annotations", []).extend(found)
                case _:
                    pass
        return fields

    def _reasoning(self, parts: tuple[Part, ...], in_loop: bool) -> Json:
        """The reasoning that this destination may see: its own state, and words where the caller
        sent them here himself or the backend insists on them."""
        words: list[str] = []
        details: list[Json] = []
        for part, after in _with_next(parts):
            if not isinstance(part, Reasoning) or self._signs(part, after):
                continue
            opaque = spell_for_backend(part.state, self._vendor)
            foreign = part.state is not None and opaque is None
            wanted = self._quirks.wants_reasoning_back and in_loop
            if wanted or (self._native and not foreign):
                words.append(part.text)
            own = part.extras if self._native and not foreign else None
            details += write_details(part, opaque, len(details), own)
        text = "".join(words)
        fields: Json = {self._quirks.reasoning_field: text} if text else {}
        return {**fields, "reasoning_details": details} if details else fields

    def _calls(self, parts: tuple[Part, ...]) -> list[Json]:
        calls: list[Json] = []
        before: Part | None = None
        for part in parts:
            if isinstance(part, ToolCall):
                calls.append({**self._call(part), **self._signature(before, part)})
            before = part
        return calls

    def _call(self, call: ToolCall) -> Json:
        name = self._names.wire(call.name, call.namespace)
        id_ = self._ids.of_call(call.id)
        extras = (call.extras or {}) if self._native else {}
        if call.custom and self._native and call.name in self._customs:
            custom = {"name": name, "input": call.arguments}
            return {"id": id_, "type": "custom", "custom": custom, **extras}
        arguments = wrap(call.arguments) if call.custom else call.arguments
        function = {"name": name, "arguments": arguments}
        return {"id": id_, "type": "function", "function": function, **extras}

    def _signature(self, before: Part | None, call: ToolCall) -> Json:
        if not isinstance(before, Reasoning) or not self._signs(before, call):
            return {}
        opaque = spell_for_backend(before.state, self._vendor)
        return signed_call(self._vendor, opaque) if opaque is not None else {}

    def _signs(self, part: Reasoning, after: Part | None) -> bool:
        """Whether a reasoning part is a mere signature on the call after it."""
        state = part.state
        signature = not part.text and state is not None and state.kind == "signature"
        return signature and isinstance(after, ToolCall)


_APART = (Reasoning, Refusal, Audio, Image, ToolCall)


def _with_next(parts: tuple[Part, ...]) -> list[tuple[Part, Part | None]]:
    return list(zip(parts, (*parts[1:], None), strict=False))
