"""What a request asks of the agent: one user message, whatever dialect or form it came in."""

import base64
import re
from typing import Any

import msgspec

from headgate.agents.form import Field, read_form
from headgate.agents.media import Media, media_of
from headgate.dialects.dialect import CallerHalf
from headgate.dialects.losses import refuse_unserved
from headgate.model.fault import bad_request
from headgate.model.parts import Audio, Document, Image, Inline, Part, Text
from headgate.model.request import Message, Request
from headgate.wire import json_text

DEFAULT_SESSION = "default"
UNTITLED = "Please look at the attached files."
"""What is asked where a form brings files and no message."""

_SINGLE = "Only a single user message is supported"
_SESSION = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}\Z")
_INSTRUCTING = frozenset({"system", "developer"})
_TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False}


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One message to the agent. ``session`` is what the caller named, else ``default``.

    ``lost`` are the caller's fields that an agent has no use for and that change the answer.
    """

    content: str
    media: tuple[Media, ...]
    session: str
    instructions: str | None
    request: Request
    lost: tuple[str, ...] = ()

    @property
    def session_key(self) -> str:
        """The key under which the agent keeps the conversation."""
        return f"api:{self.session}"


class _Own(msgspec.Struct):
    """The fields that are ours, beside the dialect's. Any type: it is checked with a name."""

    model: Any = None
    session_id: Any = None


def read_json(caller: CallerHalf, body: bytes, model: str) -> Ask:
    """The ask in a body of `caller`'s dialect; without a model it is meant for `model`.

    Raises Refused with the field named.
    """
    fields = json_text.object_or_none(body) or {}
    own = msgspec.convert(fields, _Own)
    if fields and own.model is None:
        body = json_text.replace_field(body, "model", model)
    caller.read_envelope(body)
    return _ask(caller.read_request(body), _session(own.session_id), model)


def read_upload(content_type: str, body: bytes, model: str) -> Ask:
    """The ask in a form with ``message``, ``files``, ``session_id``, ``model`` and ``stream``.

    Raises Refused with the field named.
    """
    fields = read_form(content_type, body)
    texts = {field.name: _text(field) for field in fields if field.filename is None}
    files = [field for field in fields if field.filename is not None]
    message = texts.get("message", "") or (UNTITLED if files else "")
    stream = _TRUTH.get(texts.get("stream", "").strip().lower())
    if stream is None:
        raise bad_request("'stream' must be true or false.", "stream")
    parts: list[Part] = [Text(message), *(_file(field) for field in files)]
    request = Request(
        dialect="chat",
        model=texts.get("model", "").strip() or model,
        messages=(Message("user", tuple(parts)),),
        stream=stream,
    )
    return _ask(request, _session(texts.get("session_id", "").strip()), model)


def _ask(request: Request, session: str, model: str) -> Ask:
    if request.model != model:
        raise bad_request(f"Only configured model '{model}' is available", "model")
    refuse_unserved(request)
    message = _only_user_message(request)
    texts: list[str] = []
    media: list[Media] = []
    for part in message.parts:
        if isinstance(part, Text):
            texts.append(part.text)
        elif isinstance(part, Image | Document | Audio):
            media.append(media_of(part, _field(request)))
        else:
            raise bad_request("The message holds a part that no agent can read.", _field(request))
    content = " ".join(text for text in texts if text)
    if not (content.strip() or media):
        raise bad_request("The user message is empty.", _field(request))
    return Ask(
        content=content,
        media=tuple(media),
        session=session,
        instructions=_instructions(request),
        request=request,
        lost=_lost(request),
    )


def _only_user_message(request: Request) -> Message:
    """The one message of the user; the agent keeps the history, so there may be no other turn."""
    said = [message for message in request.messages if message.role not in _INSTRUCTING]
    if len(said) != 1 or said[0].role != "user":
        raise bad_request(_SINGLE, _field(request))
    return said[0]


def _instructions(request: Request) -> str | None:
    texts = [
        part.text
        for message in request.messages
        if message.role in _INSTRUCTING
        for part in message.parts
        if isinstance(part, Text) and part.text
    ]
    return "\n\n".join(texts) or None


def _lost(request: Request) -> tuple[str, ...]:
    unused = {
        "tools": bool(request.tools),
        "response_format": request.response_format is not None,
        "n": (request.sampling.n or 1) > 1,
    }
    return tuple(name for name, given in unused.items() if given)


def _field(request: Request) -> str:
    return "input" if request.dialect == "responses" else "messages"


def _session(given: Any) -> str:
    if given is None or given == "":
        return DEFAULT_SESSION
    if not isinstance(given, str) or not _SESSION.match(given):
        message = "'session_id' must be a string of 1 to 256 characters without control characters."
        raise bad_request(message, "session_id")
    return given


def _text(field: Field) -> str:
    try:
        return field.data.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"'{field.name[:100]}' is not UTF-8 text.", field.name[:100]) from error


def _file(field: Field) -> Part:
    source = Inline(field.media_type, base64.b64encode(field.data).decode())
    return Document(source, field.filename)
