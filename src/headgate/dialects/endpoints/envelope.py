"""What is always needed of a request to an endpoint, read from its JSON."""

from typing import Any

from headgate.dialects import json_body
from headgate.dialects.chat.lenient import Json, count_in, object_in, text_in
from headgate.dialects.dialect import Envelope
from headgate.dialects.endpoints.row import Row
from headgate.dialects.endpoints.texts import texts_in, tokens_in
from headgate.model.fault import bad_request
from headgate.wire import json_text

_CONTROL = frozenset(("model", "stream"))
_BYTES_A_TOKEN = 4
_USUAL_COMPLETION = 16
"""Output tokens of a completion that names no cap: https://platform.openai.com/docs/api-reference/completions."""


def read_envelope(row: Row, body: bytes) -> Envelope:
    """See `headgate.dialects.dialect.CallerHalf.read_envelope`."""
    said = read_object(row, body)
    user = text_in(said.get("user")) or None
    return Envelope(
        model=_model(row, said),
        stream=_streams(row, said),
        include_usage=object_in(said.get("stream_options")).get("include_usage") is True,
        max_tokens=_most_output(row, said),
        user=user,
        session=text_in(said.get("session_id")) or None,
        session_hint=user,
        input_estimate=input_estimate(row, said),
    )


def read_object(row: Row, body: bytes) -> Json:
    """The object in `body`. Raises Refused where it is none, or not clear in what it asks: of two
    texts policies might see another one than the backend."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise bad_request("The body must be UTF-8 text.") from error
    said = json_body.read_object(body)
    if json_text.depth_exceeds(body):
        raise bad_request(f"The body must not nest deeper than {json_text.MAX_DEPTH} levels.")
    twice = json_text.repeated_key(body, _CONTROL.union(row.texts))
    if twice is not None:
        raise bad_request(f"'{twice}' stands twice in the body; send it once.", twice)
    return said


def input_estimate(row: Row, said: Json) -> int:
    """Tokens of the caller's texts; pictures and sound are not among them."""
    fields = [said.get(field) for field in row.texts]
    size = sum(len(text.encode("utf-8", "replace")) for field in fields for text in texts_in(field))
    return size // _BYTES_A_TOKEN + sum(map(tokens_in, fields))


def _model(row: Row, said: Json) -> str:
    model: Any = said.get("model")
    if model is None and row.model is not None:
        return row.model
    if not isinstance(model, str) or not model:
        raise bad_request("'model' must be a string that names a model.", "model")
    return model


def _streams(row: Row, said: Json) -> bool:
    stream = said.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise bad_request("'stream' must be true or false.", "stream")
    return row.wants_stream(said)


def _most_output(row: Row, said: Json) -> int | None:
    if not row.asks_usage:
        return row.most_output
    cap = count_in(said.get("max_tokens"))
    prompts = said.get("prompt")
    several = len(texts_in(prompts)) if isinstance(prompts, list) else 1
    return (
        (_USUAL_COMPLETION if cap is None else cap)
        * (count_in(said.get("n")) or 1)
        * max(several, 1)
    )
