"""The hub's messages as a backend's."""

from collections.abc import Iterator

from headgate.dialects.chat.assistant_write import AssistantWriter, CallIds
from headgate.dialects.chat.content import write_audio, write_document, write_image
from headgate.dialects.chat.lenient import Json
from headgate.dialects.destination import Destination
from headgate.dialects.instructions import instructions_of
from headgate.dialects.losses import Losses
from headgate.model import ids
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    Document,
    Image,
    Part,
    Text,
    ToolResult,
    Vendor,
)
from headgate.model.request import Message, Request
from headgate.model.tool_names import ToolNames


class MessagesWriter:
    """Writes one request's messages for one destination."""

    def __init__(
        self, request: Request, destination: Destination, names: ToolNames, losses: Losses
    ) -> None:
        self._native = request.dialect == "chat"
        self._marks = self._native or destination.quirks.cache_marks
        self._destination = destination
        self._names = names
        self._losses = losses
        self._messages = request.messages if self._native else _merged(request.messages)
        users = [at for at, message in enumerate(self._messages) if message.role == "user"]
        self._loop_start = users[-1] if users else -1
        if destination.quirks.nine_character_tool_ids:
            self._ids = CallIds(ids.NINE_ALPHANUMERIC, 9, "h")
        else:
            self._ids = CallIds(ids.CHAT_TOOL_ID, 32, "call_")
        self._assistant = AssistantWriter(request, destination, names, self._ids)

    def write(self) -> list[Json]:
        """The entries of ``messages``. Pictures in tool results follow the results of their turn
        in a user message: tool messages are text."""
        written: list[Json] = []
        shown: list[Json] = []
        for place, message in enumerate(self._messages):
            if message.role != "tool" and shown:
                written.append({"role": "user", "content": shown})
                shown = []
            if message.role == "tool":
                written += self._results(message, shown)
            else:
                written += self._message(message, place)
        if shown:
            written.append({"role": "user", "content": shown})
        return written

    def _message(self, message: Message, place: int) -> Iterator[Json]:
        if message.role == "assistant":
            found = self._assistant.write(message, place > self._loop_start, self._content)
            if found is None:
                return
            written = found
        else:
            parts = message.parts
            if message.role != "user" and not self._native:
                parts = _instructions(message)
                if not parts:
                    return
            written = {"role": self._role(message), "content": self._content(parts)}
        yield self._named(written, message)

    def _role(self, message: Message) -> str:
        knows = self._destination.quirks.developer_role
        return "system" if message.role == "developer" and not knows else message.role

    def _named(self, written: Json, message: Message) -> Json:
        if message.name:
            written["name"] = message.name
        if self._native:
            return {**written, **(message.extras or {})}
        self._losses.add_extras("messages", message.extras)
        return written

    def _content(self, parts: tuple[Part, ...]) -> str | list[Json]:
        """The content of parts: a string where it is one plain text."""
        entries = [entry for part in parts for entry in self._entries(part)]
        if not entries:
            return ""
        if len(entries) == 1 and entries[0].keys() == {"type", "text"}:
            return str(entries[0]["text"])
        return entries

    def _entries(self, part: Part) -> Iterator[Json]:
        entry = self._entry(part)
        if entry is None:
            return
        extras = getattr(part, "extras", None)
        mark = getattr(part, "cache", None)
        if not self._native:
            self._losses.add_extras("messages", extras)
        else:
            entry.update(extras or {})
        if self._marks and mark is not None and mark.native is not None:
            entry["cache_control"] = mark.native
        yield entry

    def _entry(self, part: Part) -> Json | None:
        match part:
            case Text(text=text, citations=citations):
                if citations and not self._native:
                    self._losses.add("messages", "citations")
                return {"type": "text", "text": text} if text or self._native else None
            case Image():
                return self._image(part)
            case Document():
                return self._document(part)
            case Audio():
                return write_audio(part)
            case Vendor(dialect="chat", payload=payload):
                return {**payload}
            case Vendor(kind=kind):
                self._losses.add("messages", kind)
            case _:
                self._losses.add("messages", type(part).__name__.lower())
        return None

    def _image(self, image: Image) -> Json:
        if not self._destination.abilities.images:
            raise Untranslatable(self._losses.name("messages"), "This model takes no images.")
        written = write_image(image)
        if written is None:
            message = "An image must be sent as a URL or as data for this model, not as a file id."
            raise Untranslatable(self._losses.name("messages"), message)
        return written

    def _document(self, document: Document) -> Json:
        written = write_document(document)
        if written is None:
            message = "A document must be sent as data for this model, not as a URL or a file id."
            raise Untranslatable(self._losses.name("messages"), message)
        if document.cite:
            self._losses.add("messages", "citations")
        if document.context and written["type"] != "text":
            self._losses.add("messages", "context")
        return written

    def _results(self, message: Message, shown: list[Json]) -> Iterator[Json]:
        """One entry a result; what a tool message cannot hold goes to `shown`."""
        for part in message.parts:
            if isinstance(part, ToolResult):
                id_ = self._ids.of_result(part.call_id)
                written = {
                    "role": "tool",
                    "tool_call_id": id_,
                    "content": self._result(part, shown),
                }
                yield self._named(written, message)

    def _result(self, result: ToolResult, shown: list[Json]) -> str | list[Json]:
        if self._native:
            return self._content(result.parts)
        self._losses.add_extras("messages", result.extras)
        texts: list[Part] = []
        for part in result.parts:
            if isinstance(part, Text | Vendor):
                texts.append(part)
                continue
            entry = next(self._entries(part), None)
            if entry is not None and entry["type"] == "text":
                texts.append(Text(entry["text"]))
            elif entry is not None:
                marker = f"From the result of the tool call {result.call_id}:"
                shown += [{"type": "text", "text": marker}, entry]
        entries = [entry for text in texts for entry in self._entries(text)]
        said = "\n".join(str(entry.get("text", "")) for entry in entries)
        return f"Error: {said}" if result.is_error else said


def _instructions(message: Message) -> tuple[Part, ...]:
    """The texts of a system or developer message, the last with the mark that any of them had."""
    texts = instructions_of(message)
    marks = [part.cache for part in message.parts if isinstance(part, Text) and part.cache]
    plain = tuple(Text(text) for text in texts[:-1])
    return (*plain, *(Text(text, cache=marks[-1] if marks else None) for text in texts[-1:]))


def _merged(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Messages with neighbouring ones of the assistant made one: a call and its answer must not
    be parted, and other dialects split a turn into items."""
    merged: list[Message] = []
    for message in messages:
        before = merged[-1] if merged else None
        if before is not None and before.role == message.role == "assistant":
            extras = {**(before.extras or {}), **(message.extras or {})}
            parts = before.parts + message.parts
            merged[-1] = Message("assistant", parts, before.name or message.name, extras or None)
        else:
            merged.append(message)
    return tuple(merged)
