"""Where a Converse request goes: the path names the model (an id or an ARN), the body does not."""

from urllib.parse import quote

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import Envelope


def path(model: str, stream: bool) -> str:
    """The path below the base URL, with the model's name made safe for it."""
    operation = "converse-stream" if stream else "converse"
    return f"/model/{quote(model, safe='')}/{operation}"


def readdress(body: bytes, envelope: Envelope, destination: Destination) -> bytes:
    """`body` itself: nothing in it depends on where it goes."""
    return body
