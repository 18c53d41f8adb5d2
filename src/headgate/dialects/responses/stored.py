"""A response as it is kept: taken from what a caller was told, shown again whole or as a stream."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headgate.dialects.dialect import Ties
from headgate.dialects.responses.open_output import Frames
from headgate.model.stored import STATUSES, Status
from headgate.wire import json_text, sse
from headgate.wire.json_fields import count, fields, objects, text

Response = dict[str, Any]

_WITH_RESPONSE = re.compile(rb"response\.(?:created|queued|in_progress|comp|inco|fail|canc)")
_ENDING = re.compile(rb"response\.(?:comp|inco|fail|canc)")
_ENDINGS = frozenset(
    ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
)


def ending_in(piece: bytes) -> Response | None:
    """The response in the last event of a stream, where `piece`, in whole frames, has it."""
    begin = _last_begin(piece)
    if begin is None:
        return None
    return _ending_in(piece[begin:]) or (_ending_in(piece) if begin else None)


def _last_begin(piece: bytes) -> int | None:
    """Where the last event begins that may be the end of a stream: a long one is not taken apart
    for it."""
    place = None
    for match in _ENDING.finditer(piece):
        place = match.start()
    if place is None:
        return None
    return max(0, *(piece.rfind(blank, 0, place) for blank in (b"\n\n", b"\r\n\r\n", b"\r\r")))


def _ending_in(piece: bytes) -> Response | None:
    for frame in reversed(sse.parse(piece)):
        value = json_text.object_or_none(frame.data)
        if value is not None and is_ending(text(value, "type") or frame.event):
            return fields(value, "response") or None
    return None


def is_ending(kind: str) -> bool:
    """Whether an event of this type is the last of its stream."""
    return kind in _ENDINGS


def tied(piece: bytes, ties: Ties) -> bytes:
    """A piece of an answer that names what the caller's request went on from, where its backend,
    which was told all of it, knows nothing of that. Other events keep their data."""
    said: Response = {}
    if ties.previous is not None:
        said["previous_response_id"] = ties.previous
    if ties.conversation is not None:
        said["conversation"] = {"id": ties.conversation}
    if not said:
        return piece
    if piece.lstrip()[:1] == b"{":
        response = json_text.object_or_none(piece)
        return piece if response is None else json_text.encode({**response, **said})
    if _WITH_RESPONSE.search(piece) is None:
        return piece
    return b"".join(_tied(frame, said) for frame in sse.parse(piece))


def with_output(response: Response, stream: bytes) -> Response:
    """The response with the items that its stream brought, where its last event has none."""
    if response.get("output"):
        return response
    done = [
        fields(value, "item")
        for frame in sse.parse(stream)
        if b"response.output_item.done" in frame.data
        and (value := json_text.object_or_none(frame.data)) is not None
    ]
    return {**response, "output": [item for item in done if item]}


def status_of(response: Mapping[str, Any]) -> Status:
    """How the response stands, ``completed`` where it does not say."""
    said = text(response, "status")
    return next((status for status in STATUSES if status == said), "completed")


def numbered(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """The events of a stream with their numbers, counted where they have none."""
    for place, frame in enumerate(sse.parse(stream)):
        value = json_text.object_or_none(frame.data)
        if value is None:
            continue
        number = count(value, "sequence_number")
        name = text(value, "type") or frame.event or None
        yield place if number is None else number, sse.write(frame.data, name)


def after(stream: bytes, number: int) -> bytes:
    """The events of a stream behind that of the given number."""
    return b"".join(frame for at, frame in numbered(stream) if at > number)


def rest_of(response: Response, stream: bytes, number: int) -> bytes:
    """The events of a response that is over behind that of the given number, down to its last
    event: also where the stream broke off, or is not kept, and the caller followed it before."""
    if is_told(stream):
        return after(stream, number) if number >= 0 else stream
    broke_off = bool(stream) and status_of(response) in ("failed", "cancelled")
    followed = number >= 0 and response.get("background") is True
    if not broke_off and not followed:
        return after(told_anew(response), number)
    return after(stream, number) + last_event(response, max(number, last_number(stream)) + 1)


def last_event(response: Response, number: int) -> bytes:
    """The event of that number which ends the stream of a response that is over."""
    status = status_of(response)
    word = status if f"response.{status}" in _ENDINGS else "completed"
    return Frames(number).write(f"response.{word}", response=response)


def last_number(stream: bytes) -> int:
    """The number of the last event of a stream, -1 where there is none."""
    return max((number for number, _ in numbered(stream)), default=-1)


def is_told(stream: bytes) -> bool:
    """Whether a stream has its last event."""
    return ending_in(stream) is not None


def told_anew(response: Response) -> bytes:
    """A stream that tells a finished response of which no stream is kept, item by item."""
    frames = Frames()
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    out = [frames.write(f"response.{word}", response=begun) for word in ("created", "in_progress")]
    for index, item in enumerate(objects(response, "output")):
        out += [
            frames.write("response.output_item.added", output_index=index, item=item),
            *_said(frames, index, item),
            frames.write("response.output_item.done", output_index=index, item=item),
        ]
    return b"".join((*out, last_event(response, frames.next_number)))


def _tied(frame: sse.Frame, said: Response) -> bytes:
    value = json_text.object_or_none(frame.data) or {}
    response = value.get("response")
    if not isinstance(response, dict) or all(response.get(k) == v for k, v in said.items()):
        return sse.write(frame.data, frame.event or None)
    return sse.write(
        json_text.encode({**value, "response": {**response, **said}}), frame.event or None
    )


def _said(frames: Frames, index: int, item: Mapping[str, Any]) -> Iterator[bytes]:
    """The texts of a message, which clients take from these events alone."""
    if item.get("type") != "message":
        return
    for place, part in enumerate(objects(item, "content")):
        said = text(part, "text")
        where = {"item_id": text(item, "id"), "output_index": index, "content_index": place}
        yield frames.write("response.content_part.added", **where, part={**part, "text": ""})
        if part.get("type") == "output_text":
            more: Response = {"logprobs": []}
            yield frames.write("response.output_text.delta", **where, delta=said, **more)
            yield frames.write("response.output_text.done", **where, text=said, **more)
        yield frames.write("response.content_part.done", **where, part=part)
