"""A whole reply for a caller, written."""

from collections.abc import Iterator, Mapping
from typing import Any

from headgate.dialects.dialect import ReplyContext, Written
from headgate.dialects.responses import endings, items, opaque, resource
from headgate.dialects.responses.content_write import output_text
from headgate.dialects.responses.errors import failure_object
from headgate.dialects.responses.notes import MINTED_REASONING, NAME, note_of, unknown_of
from headgate.dialects.responses.usage import write_usage
from headgate.model.events import Finished
from headgate.model.fault import Fault
from headgate.model.ids import once
from headgate.model.parts import (
    Audio,
    Image,
    Inline,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Vendor,
)
from headgate.model.reply import Choice, Reply
from headgate.wire import json_text

BROKEN_CALL = Fault(
    kind="upstream_error", message="The model called a tool in a way that cannot be read."
)


def write_reply(reply: Reply, context: ReplyContext) -> Written:
    """The reply in this dialect; answers beyond the first have no place in it."""
    losses: dict[str, None] = {}
    choice = reply.choices[0] if reply.choices else Choice(0, ())
    if len(reply.choices) > 1:
        losses["n"] = None
    writer = ItemWriter(context.id_seed, losses)
    parts = with_explanation(choice.parts, choice.finish)
    output = list(writer.write(parts))
    id_ = resource.response_id(context, reply.id, reply.extras)
    written = resource.new_resource(context, id_, reply.created)
    written.update(note_of(reply.extras))
    written["output"] = output
    written["usage"] = write_usage(reply.usage)
    refusal = any(isinstance(part, Refusal) for part in choice.parts)
    written.update(ending(choice.finish, refusal, note_of(reply.extras)))
    if written["status"] == "incomplete" and parts and _unmarked(parts[-1]):
        output[-1]["status"] = "incomplete"
    return Written(json_text.encode(written), tuple(losses))


def ending(
    finish: Finished | None, refusal_written: bool, native: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a response that say how it ended; `native` is what a backend of this dialect
    said beside its answer."""
    if finish is not None and finish.reason == "unknown":
        if finish.native in endings.GOING_ON:
            return {"status": finish.native}
        if native.get("incomplete_details"):
            return {"status": "incomplete"}
    status, why = endings.write_status(finish, refusal_written)
    if status == "incomplete":
        return {"status": status, "incomplete_details": {"reason": why}}
    if status == "failed":
        return {"status": status, "error": failure_object(BROKEN_CALL)}
    return {"status": status, "incomplete_details": None}


def with_explanation(parts: tuple[Part, ...], finish: Finished | None) -> tuple[Part, ...]:
    """The parts and, where the reply was refused without the model's own words, the words that
    its vendor has for it."""
    if finish is None or finish.reason != "refusal" or not finish.explanation:
        return parts
    if any(isinstance(part, Refusal) for part in parts):
        return parts
    return (*parts, Refusal(finish.explanation))


class ItemWriter:
    """Writes output items with ids of their own; `losses` learns of what has no item here."""

    def __init__(self, seed: str, losses: dict[str, None]) -> None:
        self._seed = seed
        self._losses = losses
        self._minted = 0
        self._call_ids: set[str] = set()

    def write(self, parts: tuple[Part, ...]) -> Iterator[dict[str, Any]]:
        """The items that `parts` make."""
        said = (part for part in parts if not _says_nothing(part))
        for together in items.group(said):
            first = together[0]
            match first:
                case Text() | Refusal():
                    yield self.message(together)
                case Reasoning():
                    yield self.reasoning(together)
                case ToolCall():
                    yield self.call(first)
                case _:
                    item = self.whole(first)
                    if item is not None:
                        yield item

    def mint(self, prefix: str) -> str:
        """A new id, never given before."""
        self._minted += 1
        return prefix + items.minted_tail(self._seed, self._minted)

    def call_id(self, id_: str) -> str:
        """The id by which a call is answered; one that the reply has used already is told apart,
        so that every answer finds its call."""
        return once(id_ or self.mint("call_"), self._call_ids)

    def message(self, parts: list[Part]) -> dict[str, Any]:
        """A message of the model."""
        note = items.message_note(parts)
        content = [self._content(part) for part in parts if isinstance(part, Text | Refusal)]
        return {
            "id": self.mint("msg_") if "id" not in note else note["id"],
            "type": "message",
            "status": "completed",
            **note,
            "role": "assistant",
            "content": content,
        }

    def reasoning(self, parts: list[Part]) -> dict[str, Any]:
        """A reasoning item with its state. Thoughts of other dialects are summaries, as in a
        stream."""
        written = items.reasoning_item(parts)
        own = any(note_of(part.extras) for part in parts if isinstance(part, Reasoning))
        item = {"id": "", **(written if own else items.summed_up(written))}
        item["id"] = item["id"] or self.mint(MINTED_REASONING)
        state = items.state_of(parts)
        if state is not None:
            item["encrypted_content"] = opaque.for_caller(state)
        return item

    def call(self, call: ToolCall) -> dict[str, Any]:
        """A call of one of the caller's tools."""
        item = {"id": "", "status": "completed", **items.call_item(call)}
        item["id"] = item["id"] or self.mint("ctc_" if call.custom else "fc_")
        item["call_id"] = self.call_id(call.id)
        return item

    def whole(self, part: Part) -> dict[str, Any] | None:
        """The item of a part that comes whole; None where this dialect has none."""
        match part:
            case Vendor(dialect=dialect, payload=payload) if dialect == NAME:
                return dict(payload)
            case Vendor(kind=kind):
                self._losses[kind] = None
            case Image(source=Inline(data=data)):
                item = {"id": "", **items.picture_item(part, data)}
                item["id"] = item["id"] or self.mint("ig_")
                return item
            case Audio():
                self._losses["audio"] = None
            case _:
                self._losses[type(part).__name__.lower()] = None
        return None

    def _content(self, part: Text | Refusal) -> dict[str, Any]:
        if isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text}
        written = output_text(part, unknown_of(part.extras), self._losses)
        return {"logprobs": [], **written}


def _says_nothing(part: Part) -> bool:
    """An empty part that no backend of this dialect sent as an item."""
    match part:
        case Text(text="", logprobs=None, extras=extras):
            return not note_of(extras)
        case Reasoning(text="", state=None, extras=extras):
            return not note_of(extras)
        case _:
            return False


def _unmarked(last: Part) -> bool:
    """Whether `last` is the text in which an answer broke off, and its item does not say so."""
    return isinstance(last, Text) and "status" not in note_of(last.extras) and bool(last.text)
