"""A stream for a caller, written: hub events to the dialect's event set."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from headgate.dialects.dialect import ReplyContext
from headgate.dialects.responses import resource
from headgate.dialects.responses.content_write import write_annotation
from headgate.dialects.responses.errors import error_event, failure_object
from headgate.dialects.responses.notes import MINTED_REASONING, note_of
from headgate.dialects.responses.open_output import CALLS, Frames, OpenOutput, OpenPart
from headgate.dialects.responses.reply_write import ItemWriter, ending
from headgate.dialects.responses.usage import write_usage
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage, merge

_ENDINGS = frozenset({"completed", "incomplete", "failed"})


_Delta = ev.TextDelta | ev.ReasoningDelta | ev.RefusalDelta | ev.ArgumentsDelta


class _Slot(msgspec.Struct):
    """One hub block: what it is, and the part it became once it said something."""

    block: ev.Block
    part: OpenPart | None = None
    state: OpaqueState | None = None


class ResponsesWriter:
    """Writes one stream; see `headgate.dialects.dialect.Writer`.

    Items are numbered in the order in which they begin to speak. Texts that follow each other are
    parts of one message, so a message ends when something else begins or the reply does.
    """

    def __init__(self, context: ReplyContext) -> None:
        self.losses: list[str] = []
        self._context = context
        self._frames = Frames()
        self._resource: dict[str, Any] = {}
        self._output: list[OpenOutput] = []
        self._unsettled: list[OpenOutput] = []
        self._slots: dict[int, _Slot] = {}
        self._ids: set[str] = set()
        self._lost: dict[str, None] = {}
        self._whole = ItemWriter(context.id_seed, self._lost)
        self._usage: Usage | None = None
        self._finish: ev.Finished | None = None
        self._refused = False
        self._over = False

    def write(self, event: ev.Event) -> bytes:
        """See `headgate.dialects.dialect.Writer.write`."""
        if self._over:
            return b""
        if isinstance(event, ev.TextDelta) and not event.logprobs:
            slot = self._slots.get(event.key)
            if slot is not None and (part := slot.part) is not None and part.open:
                part.texts.append(event.text)
                return self._frames.write_delta(part.head, event.text)
        write = _WRITERS.get(type(event))
        return write(self, event) if write else b""

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Writer.end`."""
        if self._over:
            return b""
        out = [self._begin(ev.Started())]
        out += [self._close_part(p) for s in self._slots.values() if (p := s.part) and p.open]
        out.append(self._explain())
        native = note_of(self._finish.extras) if self._finish else {}
        how = ending(self._finish, self._refused, {**self._resource, **native})
        out.append(self._settle("incomplete" if how["status"] == "incomplete" else "completed"))
        if how["status"] not in _ENDINGS:
            how = {"status": "completed", "incomplete_details": None}
        status = how["status"]
        response = {
            **self._resource,
            **native,
            "output": [item.final for item in self._output],
            "usage": write_usage(self._usage),
            **how,
        }
        out.append(self._frames.write(f"response.{status}", response=response))
        self._over = True
        return b"".join(out)

    def fail(self, fault: Fault) -> bytes:
        """See `headgate.dialects.dialect.Writer.fail`."""
        if self._over:
            return b""
        self._over = True
        if not self._resource:
            self._make_resource(ev.Started())
        output = [item.final for item in self._output if item.final is not None]
        usage = write_usage(self._usage)
        response = {**self._resource, "output": output, "usage": usage}
        return fail_frames(self._frames, response, fault)

    def _begin(self, started: ev.Started) -> bytes:
        if self._resource:
            return b""
        self._make_resource(started)
        created = self._frames.write("response.created", response=self._resource)
        return created + self._frames.write("response.in_progress", response=self._resource)

    def _make_resource(self, started: ev.Started) -> None:
        id_ = resource.response_id(self._context, started.id, started.extras)
        fresh = resource.new_resource(self._context, id_, started.created)
        self._resource = {**fresh, **note_of(started.extras)}

    def _block_started(self, event: ev.BlockStarted) -> bytes:
        if event.choice:
            self._lose("n")
            return b""
        slot = self._slots[event.key] = _Slot(event.block)
        if isinstance(event.block, ev.ToolCallBlock):
            return self._open(slot)
        if isinstance(event.block, ev.RefusalBlock):
            self._refused = True
        return b""

    def _delta(self, event: _Delta) -> bytes:
        slot = self._slots.get(event.key)
        if slot is None:
            return b""
        opening = self._open(slot)
        part = slot.part
        if part is None or not part.open:
            return opening
        part.texts.append(event.text)
        if isinstance(event, ev.TextDelta) and event.logprobs:
            part.logprobs.extend(event.logprobs)
            place = part.place()
            told = {**place, "delta": event.text, "logprobs": list(event.logprobs)}
            return opening + self._frames.write("response.output_text.delta", **told)
        return opening + self._frames.write_delta(part.head, event.text)

    def _state(self, event: ev.StateAttached) -> bytes:
        slot = self._slots.get(event.key)
        if slot is not None:
            slot.state = event.state
        return b""

    def _citation(self, event: ev.CitationAdded) -> bytes:
        slot = self._slots.get(event.key)
        if slot is None:
            return b""
        length = sum(map(len, slot.part.texts)) if slot.part else 0
        annotation = write_annotation(event.citation, length)
        if annotation is None:
            self._lose("citations")
            return b""
        opening = self._open(slot)
        part = slot.part
        if part is None:
            return opening
        part.annotations.append(annotation)
        return opening + self._frames.write(
            "response.output_text.annotation.added",
            **part.place(),
            annotation_index=len(part.annotations) - 1,
            annotation=annotation,
        )

    def _block_ended(self, event: ev.BlockEnded) -> bytes:
        slot = self._slots.pop(event.key, None)
        if slot is None:
            return b""
        out = b""
        item: OpenOutput | None = None
        if _is_worth_an_item(slot):
            if isinstance(slot.block, ev.ReasoningBlock):
                out, item = self._item_for(slot.block)
            else:
                out = self._open(slot)
        if slot.part is not None:
            item = self._output[slot.part.item_index]
            out += self._close_part(slot.part)
        if item is None:
            return out
        item.state = slot.state or item.state
        return out + self._close_if_over(item)

    def _part_added(self, event: ev.PartAdded) -> bytes:
        if event.choice:
            self._lose("n")
            return b""
        item = self._whole.whole(event.part)
        for name in self._lost:
            self._lose(name)
        if item is None:
            return b""
        settled = self._settle("completed")
        index = len(self._output)
        output = OpenOutput(index, str(item.get("id", "")), "whole", {}, {}, final=item)
        self._output.append(output)
        begun = {**item, "status": "in_progress"} if "status" in item else item
        added = self._frames.write("response.output_item.added", output_index=index, item=begun)
        done = self._frames.write("response.output_item.done", output_index=index, item=item)
        return settled + added + done

    def _usage_reported(self, event: ev.UsageReported) -> bytes:
        self._usage = merge(self._usage, event.usage)
        return b""

    def _finished(self, event: ev.Finished) -> bytes:
        if event.choice == 0:
            self._finish = event
        else:
            self._lose("n")
        return b""

    def _explain(self) -> bytes:
        """The words for a refusal that came without the model's own."""
        finish = self._finish
        if finish is None or finish.reason != "refusal" or self._refused or not finish.explanation:
            return b""
        slot = _Slot(ev.RefusalBlock())
        opening = self._open(slot)
        if slot.part is None:
            return opening
        slot.part.texts.append(finish.explanation)
        said = self._frames.write_delta(slot.part.head, finish.explanation)
        return opening + said + self._close_part(slot.part)

    def _open(self, slot: _Slot) -> bytes:
        """Begins the part of the slot's block, unless it has begun."""
        if slot.part is not None:
            return b""
        out, item = self._item_for(slot.block)
        kind = _part_kind(slot.block)
        before = [other for other in item.parts if kind not in _THOUGHTS or other.kind == kind]
        slot.part = OpenPart(item, kind, len(before))
        item.parts.append(slot.part)
        return out + self._frames.begin_part(slot.part)

    def _item_for(self, block: ev.Block) -> tuple[bytes, OpenOutput]:
        """The item at hand where the block belongs there, else a new one, and its frames."""
        kind = _item_kind(block)
        note = note_of(getattr(block, "extras", None))
        if self._output and _continues(self._output[-1], block, note):
            return b"", self._output[-1]
        out = self._settle("completed")
        item = self._new_item(block, kind, note)
        added = {"output_index": item.index, "item": item.begun()}
        return out + self._frames.write("response.output_item.added", **added), item

    def _new_item(self, block: ev.Block, kind: str, note: Mapping[str, Any]) -> OpenOutput:
        head: dict[str, Any] = {"role": "assistant"} if kind == "message" else {}
        if isinstance(block, ev.ToolCallBlock):
            head = {"call_id": self._whole.call_id(block.id), "name": block.name}
            if block.namespace is not None:
                head["namespace"] = block.namespace
        id_ = note.get("id")
        if not id_ or id_ in self._ids:  # some servers give one id to all reasoning of a reply
            id_ = self._whole.mint(_PREFIXES[kind])
            note = {key: value for key, value in note.items() if key != "id"}
        self._ids.add(id_)
        item = OpenOutput(len(self._output), id_, kind, head, note)
        self._output.append(item)
        self._unsettled.append(item)
        return item

    def _close_part(self, part: OpenPart) -> bytes:
        part.open = False
        out = b""
        if part.kind == "function_call" and not part.texts:
            part.texts.append("{}")
            out = self._frames.write_delta(part.head, "{}")
        return out + self._frames.end_part(part)

    def _close_if_over(self, item: OpenOutput) -> bytes:
        """Ends an item that nothing can follow in: a message may get another part."""
        is_last = item is self._output[-1]
        may_go_on = item.kind == "message" or (item.kind == "reasoning" and "id" in item.note)
        return b"" if item.busy or (is_last and may_go_on) else self._close(item, "completed")

    def _settle(self, last_status: str) -> bytes:
        """Ends all items that have nothing more to say, the last one with `last_status`."""
        out = b""
        for item in [item for item in self._unsettled if not item.busy]:
            out += self._close(item, last_status if item is self._output[-1] else "completed")
        return out

    def _close(self, item: OpenOutput, status: str) -> bytes:
        self._unsettled.remove(item)
        item.final = item.ended(status)
        return self._frames.write(
            "response.output_item.done", output_index=item.index, item=item.final
        )

    def _lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)


def fail_frames(frames: Frames, response: Mapping[str, Any], fault: Fault) -> bytes:
    """Both forms in which clients learn of a failure: ``error``, then ``response.failed``."""
    told = frames.write("error", **error_event(fault))
    failed = {**response, "status": "failed", "error": failure_object(fault)}
    return told + frames.write("response.failed", response=failed)


_PREFIXES: Mapping[str, str] = {
    "message": "msg_",
    "reasoning": MINTED_REASONING,
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
}

_THOUGHTS = frozenset({"summary_text", "reasoning_text"})
"""Kinds of parts that are counted each for itself."""


def _item_kind(block: ev.Block) -> str:
    match block:
        case ev.TextBlock() | ev.RefusalBlock():
            return "message"
        case ev.ReasoningBlock():
            return "reasoning"
        case ev.ToolCallBlock(custom=custom):
            return "custom_tool_call" if custom else "function_call"


def _part_kind(block: ev.Block) -> str:
    """What a block's text is called. Thoughts of other dialects are told as summaries, since
    clients (Vercel AI SDK, pydantic-ai, LangChain) show no other."""
    match block:
        case ev.TextBlock():
            return "output_text"
        case ev.RefusalBlock():
            return "refusal"
        case ev.ReasoningBlock(summary=summary, extras=extras):
            return "summary_text" if summary or not note_of(extras) else "reasoning_text"
        case ev.ToolCallBlock(custom=custom):
            return "custom_tool_call" if custom else "function_call"


def _continues(last: OpenOutput, block: ev.Block, note: Mapping[str, Any]) -> bool:
    """Whether a block belongs in the item that began last: a text in a message, the second half
    of a thought (summary, full text) in its item."""
    kind = _item_kind(block)
    if last.final is not None or last.state is not None or last.kind != kind or kind in CALLS:
        return False
    own_id, new_id = last.note.get("id"), note.get("id")
    if kind == "message":
        return own_id == new_id
    said = {part.kind for part in last.parts}
    return own_id == new_id is not None and _part_kind(block) not in said


def _is_worth_an_item(slot: _Slot) -> bool:
    """Whether a block that said nothing is told: it carries state, or was an item as it came."""
    extras = getattr(slot.block, "extras", None)
    return slot.part is None and (slot.state is not None or bool(note_of(extras)))


_WRITERS: Mapping[type, Callable[[ResponsesWriter, Any], bytes]] = {
    ev.Started: ResponsesWriter._begin,
    ev.BlockStarted: ResponsesWriter._block_started,
    ev.TextDelta: ResponsesWriter._delta,
    ev.ReasoningDelta: ResponsesWriter._delta,
    ev.RefusalDelta: ResponsesWriter._delta,
    ev.ArgumentsDelta: ResponsesWriter._delta,
    ev.StateAttached: ResponsesWriter._state,
    ev.CitationAdded: ResponsesWriter._citation,
    ev.BlockEnded: ResponsesWriter._block_ended,
    ev.PartAdded: ResponsesWriter._part_added,
    ev.UsageReported: ResponsesWriter._usage_reported,
    ev.Finished: ResponsesWriter._finished,
}
