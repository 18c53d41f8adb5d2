"""The writer of a caller's stream: hub events in, chunks out.

::

    stream = role-chunk (content | reasoning | call | part)* finish-chunk+ [usage-chunk] [DONE]
           | any prefix of that, then the error event

The finish and the usage are held until `end`, because usage may follow the finish; ids, types and
names are said once, and whatever is a list carries an ``index`` (clients join by it).
"""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.dialects.chat.citations import write_annotation
from headgate.dialects.chat.content import write_image
from headgate.dialects.chat.errors import error_frame
from headgate.dialects.chat.finish import refusal_of, write_finish
from headgate.dialects.chat.lenient import Json
from headgate.dialects.chat.reasoning import spell_for_caller, write_details
from headgate.dialects.chat.tools import FlatCustom, LegacyFunction
from headgate.dialects.chat.usage import write_usage
from headgate.dialects.dialect import ReplyContext
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.finish import settle
from headgate.model.ids import once
from headgate.model.parts import Audio, Extras, Image, Part, Reasoning, Vendor
from headgate.model.usage import Usage, merge
from headgate.wire import json_text

_encode = json_text.encode


def own_extras(extras: Extras | None) -> Json:
    """What this dialect said of itself in `extras`."""
    own = (extras or {}).get("chat")
    return dict(own) if isinstance(own, dict) else {}


class _Choice:
    """What was said of one choice."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.calls = 0
        self.call_ids: set[str] = set()
        self.entries: dict[str, int] = {}
        self.refused = False
        self.legacy_call = False
        self.thoughts: list[tuple[Reasoning, Extras]] = []
        """Reasoning whose state waits for what follows it."""
        self.finish: ev.Finished | None = None

    def next_entry(self, field: str) -> int:
        """The index of the next entry in a list of the message."""
        number = self.entries.get(field, 0)
        self.entries[field] = number + 1
        return number


class _Block:
    """One open block."""

    def __init__(self, block: ev.Block, choice: _Choice) -> None:
        self.block = block
        self.choice = choice
        self.number = 0
        self.field = "arguments"
        self.form = "function"
        self.texts: list[str] = []
        self.said = False
        self.state: ev.StateAttached | None = None


class StreamWriter:
    """See `headgate.dialects.dialect.Writer`."""

    def __init__(self, context: ReplyContext) -> None:
        self.losses: list[str] = []
        self._context = context
        request = context.request
        self._legacy = any(isinstance(tool, LegacyFunction) for tool in request.tools)
        self._flat = {tool.name for tool in request.tools if isinstance(tool, FlatCustom)}
        self._usage: Usage | None = None
        self._characters = 0
        self._choices: dict[int, _Choice] = {}
        self._blocks: dict[int, _Block] = {}
        self._extras: Json = {}
        self._over = False
        head = {
            "id": f"chatcmpl-{context.id_seed}",
            "object": "chat.completion.chunk",
            "created": context.created,
            "model": context.model,
        }
        self._head = b"data: " + _encode(head)[:-1]
        self._tail = b',"usage":null}\n\n' if request.include_usage else b"}\n\n"
        self._plain_end = b'},"logprobs":null,"finish_reason":null}]' + self._tail
        self._plain_starts: dict[int, bytes] = {}

    def write(self, event: ev.Event) -> bytes:
        """See `headgate.dialects.dialect.Writer.write`."""
        write = _WRITERS.get(event.__class__)
        return b"" if write is None or self._over else write(self, event)

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Writer.end`. Nothing where nothing was begun."""
        if self._over:
            return b""
        self._over = True
        if not self._choices:
            return b""
        out = [self._last(choice) for choice in self._choices.values()]
        if self._context.request.include_usage:
            usage = _encode(self._counted())
            out.append(self._head + b',"choices":[],"usage":' + usage + b"}\n\n")
        out.append(b"data: [DONE]\n\n")
        return b"".join(out)

    def fail(self, fault: Fault) -> bytes:
        """See `headgate.dialects.dialect.Writer.fail`."""
        if self._over:
            return b""
        self._over = True
        return error_frame(fault)

    def _start(self, event: ev.Started) -> bytes:
        self._extras = own_extras(event.extras)
        return self._open(0)

    def _open(self, index: int) -> bytes:
        """The role chunk of a choice that has not spoken yet."""
        if index in self._choices:
            return b""
        self._choices[index] = _Choice(index)
        start = self._head + b',"choices":[{"index":%d,"delta":{' % index
        self._plain_starts[index] = start
        extras, self._extras = self._extras, {}
        return self._frame(_entry(index, {"role": "assistant", "content": ""}), extras)

    def _text(self, event: ev.TextDelta) -> bytes:
        choice = self._blocks[event.key].choice
        if event.logprobs:
            logprobs = {"content": list(event.logprobs), "refusal": None}
            return self._frame(_entry(choice.index, {"content": event.text}, logprobs))
        self._characters += len(event.text)
        start = self._plain_starts[choice.index]
        return start + b'"content":' + _encode(event.text) + self._plain_end

    def _thought(self, event: ev.ReasoningDelta) -> bytes:
        block = self._blocks[event.key]
        block.texts.append(event.text)
        self._characters += len(event.text)
        start = self._plain_starts[block.choice.index]
        return start + b'"reasoning_content":' + _encode(event.text) + self._plain_end

    def _refusal(self, event: ev.RefusalDelta) -> bytes:
        choice = self._blocks[event.key].choice
        choice.refused = True
        return self._chunk(choice, {"refusal": event.text})

    def _arguments(self, event: ev.ArgumentsDelta) -> bytes:
        block = self._blocks[event.key]
        block.said = True
        self._characters += len(event.text)
        return self._more_call(block, event.text) if block.form else b""

    def _more_call(self, block: _Block, text: str) -> bytes:
        start = self._plain_starts[block.choice.index]
        if block.form == "function_call":
            return start + b'"function_call":{"arguments":' + _encode(text) + b"}" + self._plain_end
        return (
            start
            + b'"tool_calls":[{"index":%d,"%b":{"%b":'
            % (block.number, block.form.encode(), block.field.encode())
            + _encode(text)
            + b"}}]"
            + self._plain_end
        )

    def _begin(self, event: ev.BlockStarted) -> bytes:
        out = self._open(event.choice)
        choice = self._choices[event.choice]
        self._blocks[event.key] = block = _Block(event.block, choice)
        called = event.block.id if isinstance(event.block, ev.ToolCallBlock) else None
        if choice.thoughts:
            out += self._details(choice, called)
        if isinstance(event.block, ev.ToolCallBlock):
            out += self._begin_call(block, event.block)
        return out

    def _begin_call(self, block: _Block, call: ev.ToolCallBlock) -> bytes:
        choice = block.choice
        if self._legacy:
            return self._begin_legacy(block, call)
        block.number = choice.calls
        choice.calls += 1
        if call.custom and call.name not in self._flat:
            block.form, block.field = "custom", "input"
        entry = {
            "index": block.number,
            "id": once(call.id or f"call_{self._context.id_seed}", choice.call_ids),
            "type": block.form,
            block.form: {"name": call.name, block.field: ""},
            **own_extras(call.extras),
        }
        return self._chunk(choice, {"tool_calls": [entry]})

    def _begin_legacy(self, block: _Block, call: ev.ToolCallBlock) -> bytes:
        """The form of callers that know one function call a reply: further ones are lost."""
        choice = block.choice
        block.form = "function_call" if choice.calls == 0 else ""
        choice.calls += 1
        if not block.form:
            self._lose("tool_calls")
            return b""
        choice.legacy_call = True
        return self._chunk(choice, {"function_call": {"name": call.name, "arguments": ""}})

    def _end_block(self, event: ev.BlockEnded) -> bytes:
        block = self._blocks.pop(event.key)
        match block.block:
            case ev.ReasoningBlock(summary=summary, extras=extras):
                state = block.state.state if block.state else None
                own = own_extras(extras)
                if state is not None:
                    thought = Reasoning("".join(block.texts), summary, state)
                    block.choice.thoughts.append((thought, own))
            case ev.ToolCallBlock(custom=custom) if not block.said and not custom and block.form:
                return self._more_call(block, "{}")
            case _:
                pass
        return b""

    def _state(self, event: ev.StateAttached) -> bytes:
        self._blocks[event.key].state = event
        return b""

    def _details(self, choice: _Choice, before_call: str | None) -> bytes:
        """The entries of the thoughts that waited for what follows them."""
        entries: list[Json] = []
        for thought, own in choice.thoughts:
            opaque = spell_for_caller(thought.state) if thought.state is not None else None
            first = choice.entries.get("details", 0)
            written = write_details(thought, opaque, first, own, before_call)
            choice.entries["details"] = first + len(written)
            entries += written
        choice.thoughts.clear()
        return self._chunk(choice, {"reasoning_details": entries}) if entries else b""

    def _citation(self, event: ev.CitationAdded) -> bytes:
        choice = self._blocks[event.key].choice
        annotation = write_annotation(event.citation)
        if annotation is None:
            if event.citation.dialect != "chat":
                self._lose("citations")
            return b""
        annotation["index"] = choice.next_entry("annotations")
        return self._chunk(choice, {"annotations": [annotation]})

    def _part(self, event: ev.PartAdded) -> bytes:
        out = self._open(event.choice)
        choice = self._choices[event.choice]
        if choice.thoughts:
            out += self._details(choice, None)
        delta = self._whole(event.part, choice)
        return out + (self._chunk(choice, delta) if delta else b"")

    def _whole(self, part: Part, choice: _Choice) -> Json | None:
        match part:
            case Image():
                image = write_image(part)
                if image is not None:
                    return {"images": [{**image, "index": choice.next_entry("images")}]}
                self._lose("images")
            case Audio():
                return {"audio": write_sound(part)}
            case Vendor(dialect="chat", payload=payload):
                return {"content": [payload]}
            case Vendor(kind=kind):
                self._lose(kind)
            case _:
                self._lose(type(part).__name__.lower())
        return None

    def _report(self, event: ev.UsageReported) -> bytes:
        self._usage = merge(self._usage, event.usage)
        return b""

    def _finish(self, event: ev.Finished) -> bytes:
        out = self._open(event.choice)
        self._choices[event.choice].finish = event
        return out

    def _last(self, choice: _Choice) -> bytes:
        """What closes one choice."""
        out = self._details(choice, None) if choice.thoughts else b""
        unsaid = ev.Finished(settle("unknown", choice.calls > 0), choice.index)
        finish = choice.finish or unsaid
        words = refusal_of(finish)
        if words and not choice.refused:
            out += self._chunk(choice, {"refusal": words})
        reason = write_finish(finish, choice.refused)
        if choice.legacy_call and reason == "tool_calls":
            reason = "function_call"
        entry = {**_entry(choice.index, {}), "finish_reason": reason}
        return out + self._frame({**entry, **own_extras(finish.extras)})

    def _chunk(self, choice: _Choice, delta: Json) -> bytes:
        return self._frame(_entry(choice.index, delta))

    def _frame(self, entry: Json, extras: Json | None = None) -> bytes:
        """One chunk of one choice; `extras` are fields beside ``choices``."""
        fields = b"," + _encode(extras)[1:-1] if extras else b""
        return self._head + b',"choices":[' + _encode(entry) + b"]" + fields + self._tail

    def _counted(self) -> Json:
        """The usage; where the backend told none it is estimated, and says so."""
        if self._usage is not None:
            return write_usage(self._usage)
        estimate = Usage(self._context.input_estimate, -(-self._characters // 4))
        return {**write_usage(estimate), "estimated": True}

    def _lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)


_WRITERS: Mapping[type, Callable[[StreamWriter, Any], bytes]] = {
    ev.TextDelta: StreamWriter._text,
    ev.ReasoningDelta: StreamWriter._thought,
    ev.ArgumentsDelta: StreamWriter._arguments,
    ev.RefusalDelta: StreamWriter._refusal,
    ev.BlockStarted: StreamWriter._begin,
    ev.BlockEnded: StreamWriter._end_block,
    ev.StateAttached: StreamWriter._state,
    ev.CitationAdded: StreamWriter._citation,
    ev.PartAdded: StreamWriter._part,
    ev.UsageReported: StreamWriter._report,
    ev.Started: StreamWriter._start,
    ev.Finished: StreamWriter._finish,
}


def _entry(index: int, delta: Json, logprobs: Json | None = None) -> Json:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}


def write_sound(audio: Audio) -> Json:
    """Sound that the model made, as its message says it."""
    body: Json = {**({"id": audio.id} if audio.id else {}), "data": audio.data}
    if audio.transcript is not None:
        body["transcript"] = audio.transcript
    return {**body, **(audio.extras or {})}
