"""Pictures and files of a message, as agents get them."""

import base64
import binascii
import re
from typing import Self

from headgate.model.fault import Fault, Refused, bad_request
from headgate.model.media import sniff
from headgate.model.parts import Audio, Document, FileId, Image, Inline, PlainText, Url

MOST_FILE_BYTES = 10 * 1024 * 1024

_TYPE = re.compile(r"[a-zA-Z0-9][\w.+-]*/[\w.+-]+\Z", re.ASCII)
_UNTYPED = "application/octet-stream"
_REMOTE_IMAGE = (
    "Remote image URLs are not supported. Send base64 data URLs, or files as multipart/form-data."
)


class Media(str):
    """A picture or file: a base64 data URL that knows what it holds.

    ``media_type`` is an IANA type, ``name`` the file's name as the caller said it ("" where it did
    not): never use it as a path.
    """

    __slots__ = ("media_type", "name")

    media_type: str
    name: str

    def __new__(cls, media_type: str, encoded: str, name: str = "") -> Self:
        """`encoded` is base64 text."""
        made = super().__new__(cls, f"data:{media_type};base64,{encoded}")
        made.media_type = media_type
        made.name = name
        return made

    @property
    def data(self) -> bytes:
        """The bytes."""
        return base64.b64decode(self.partition(",")[2])


def media_of(part: Image | Document | Audio, where: str) -> Media:
    """The part of a message as an agent gets it.

    Raises Refused where it is not in the request itself, is no base64 or is too large; `where`
    names the field.
    """
    if isinstance(part, Audio):
        return _checked(f"audio/{part.format or 'wav'}", part.data, "", where)
    name = (part.title or "") if isinstance(part, Document) else ""
    match part.source:
        case Inline(media_type=media_type, data=data):
            return _checked(media_type, data, name, where)
        case PlainText(text=text):
            return media_from(text.encode("utf-8", "replace"), "text/plain", name)
        case Url(url=url) if url.startswith("data:"):
            raise bad_request("A data URL must be base64: data:TYPE;base64,DATA.", where)
        case Url() if isinstance(part, Image):
            raise bad_request(_REMOTE_IMAGE, where)
        case Url() | FileId():
            raise bad_request("Files elsewhere are not supported. Send the file itself.", where)


def media_from(data: bytes, media_type: str, name: str) -> Media:
    """A file's bytes as an agent gets them. Raises Refused where they are too many."""
    if len(data) > MOST_FILE_BYTES:
        most = MOST_FILE_BYTES // (1024 * 1024)
        which = f"The file {name[:100]!r}" if name else "A file"
        message = f"{which} is larger than {most} MB."
        raise Refused(Fault(kind="request_too_large", message=message))
    encoded = base64.b64encode(data).decode()
    known = sniff(encoded) or (media_type if _TYPE.match(media_type) else _UNTYPED)
    return Media(known, encoded, name)


def _checked(media_type: str, encoded: str, name: str, where: str) -> Media:
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request("The data is not base64.", where) from error
    return media_from(data, media_type, name)
