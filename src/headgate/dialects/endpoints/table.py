"""The table of the endpoints that pass through, a row each, and the dialects made of the rows."""

import functools
import re
from collections.abc import Mapping
from typing import NoReturn

from headgate.dialects.chat.errors import break_stream, read_error, write_error
from headgate.dialects.chat.meter import open_meter as open_chat_meter
from headgate.dialects.chat.readdress import with_usage
from headgate.dialects.destination import Destination
from headgate.dialects.dialect import BackendHalf, CallerHalf, Dialect, Endpoint, Envelope, Meter
from headgate.dialects.endpoints.count_tokens import COUNT_TOKENS
from headgate.dialects.endpoints.envelope import read_envelope
from headgate.dialects.endpoints.facts import read_facts
from headgate.dialects.endpoints.form import read_form
from headgate.dialects.endpoints.meter import EndpointMeter
from headgate.dialects.endpoints.row import Row
from headgate.dialects.endpoints.texts import read_request, unread, write_request
from headgate.dialects.facts import Facts
from headgate.model.fault import StreamBroken
from headgate.wire import json_text

ROWS: tuple[Row, ...] = (
    Row(name="embeddings", path="/v1/embeddings", texts=("input",), most_output=0),
    Row(
        name="completions",
        path="/v1/completions",
        texts=("prompt", "suffix"),
        generates=True,
        asks_usage=True,
    ),
    Row(
        name="moderations",
        path="/v1/moderations",
        texts=("input",),
        model="omni-moderation-latest",
        most_output=0,
    ),
    Row(name="rerank", path="/v1/rerank", texts=("query", "documents"), most_output=0),
    Row(name="images", path="/v1/images/generations", texts=("prompt",)),
    Row(name="images", path="/v1/images/edits", texts=("prompt",), form=True),
    Row(name="images", path="/v1/images/variations", model="dall-e-2", form=True),
    Row(
        name="audio",
        path="/v1/audio/speech",
        texts=("input", "instructions"),
        stream=("stream_format", "sse"),
        most_output=0,
        plain=True,
    ),
    Row(
        name="audio",
        path="/v1/audio/transcriptions",
        texts=("prompt",),
        form=True,
        plain=True,
        generates=True,
    ),
    Row(
        name="audio",
        path="/v1/audio/translations",
        texts=("prompt",),
        form=True,
        plain=True,
        generates=True,
    ),
)
"""https://platform.openai.com/docs/api-reference, https://docs.cohere.com/reference/rerank,
https://docs.vllm.ai/en/latest/serving/openai_compatible_server."""

_OTHERS = re.compile(r"/v1/(images|audio)(/[A-Za-z0-9_.-]{1,100}){1,3}")
_DOTS = re.compile(r"/\.{1,2}(/|\Z)")
_PREFIXES = ("/v1/images/", "/v1/audio/")


def find(path: str) -> Dialect | None:
    """The dialect of the endpoint at `path`: a row's, or for what else vendors have below
    ``/v1/images/`` and ``/v1/audio/`` one that passes all; None where there is none."""
    found = ENDPOINTS.get(path)
    if found is None and path.startswith(_PREFIXES):
        return _other(path)
    return found


@functools.lru_cache(maxsize=256)
def _other(path: str) -> Dialect | None:
    match = _OTHERS.fullmatch(path)
    if match is None or _DOTS.search(path):
        return None
    return _dialect(Row(name=match[1], path=path, texts=("prompt", "input"), form=True, plain=True))


def _dialect(row: Row) -> Dialect:
    return Dialect(
        name=row.name,
        backend=BackendHalf(
            path=lambda model, stream: row.path,
            readdress=functools.partial(_readdress, row),
            write_request=functools.partial(write_request, row),
            read_reply=_no_reply,
            read_facts=functools.partial(read_facts, row),
            read_error=read_error,
            open_reader=_no_reply,
            open_meter=functools.partial(_open_meter, row),
        ),
        caller=CallerHalf(
            read_envelope=functools.partial(read_envelope, row),
            read_request=functools.partial(read_request, row),
            write_reply=_no_reply,
            write_error=write_error,
            open_writer=_no_reply,
            break_stream=break_stream,
            close_stream=functools.partial(_close_stream, row),
            keep_alive=b": keep-alive\n\n",
        ),
        endpoint=Endpoint(
            served_by=("chat", "responses"),
            read_form=read_form if row.form else None,
            bytes_pass=row.plain,
            bytes_are_text=row.plain and row.generates,
            generates_text=row.generates,
            unread=functools.partial(unread, row),
        ),
    )


def _readdress(row: Row, body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    if envelope.model != destination.model:
        said = json_text.replace_string(body, "model", envelope.model, destination.model)
        named = said != body or row.model is None
        body = said if named else json_text.add_field(body, "model", destination.model)
    if row.asks_usage and envelope.stream and not envelope.include_usage:
        body = with_usage(body) if destination.quirks.usage_in_stream else body
    return body


def _open_meter(row: Row, hide_usage: bool) -> Meter:
    return open_chat_meter(hide_usage) if row.asks_usage else EndpointMeter(row)


def _close_stream(row: Row, facts: Facts) -> bytes:
    """The terminator; pictures and sound have none."""
    return b"data: [DONE]\n\n" if row.asks_usage else b""


def _no_reply(*_: object) -> NoReturn:
    raise StreamBroken("no conversation comes from here")


ENDPOINTS: Mapping[str, Dialect] = {
    **{row.path: _dialect(row) for row in ROWS},
    "/v1/messages/count_tokens": COUNT_TOKENS,
}
"""By their paths."""
