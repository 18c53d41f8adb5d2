"""Where a Gemini request goes: the path names the model, the body does not."""

from urllib.parse import quote

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import Envelope

_COLLECTIONS = ("models", "tunedModels")


def path(model: str, stream: bool) -> str:
    """The path below the base URL, with the model's name made safe for it."""
    collection, slash, name = model.partition("/")
    if not slash or collection not in _COLLECTIONS:
        collection, name = "models", model
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/v1beta/{collection}/{quote(name, safe='')}:{method}"


def readdress(body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    """`body` itself: nothing in it depends on where it goes."""
    return body
