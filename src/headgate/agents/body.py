"""The whole body of a request, within its bound."""

from collections.abc import Mapping

from headgate.agents.interface import Receive
from headgate.model.fault import Fault, Refused
from headgate.ports import CallerLeft

MOST_BODY_BYTES = 20 * 1024 * 1024


async def read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The body. Raises Refused where it is too large or compressed, and CallerLeft."""
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
        why = "Compressed bodies are not supported. Send the body as it is."
        raise Refused(Fault(kind="unsupported_media_type", message=why))
    length = headers.get(b"content-length", b"")
    if length.isdigit() and (len(length) > 18 or int(length) > MOST_BODY_BYTES):
        raise _too_large()
    pieces: list[bytes] = []
    received = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        pieces.append(message.get("body", b""))
        received += len(pieces[-1])
        if received > MOST_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return b"".join(pieces)


def _too_large() -> Refused:
    most = MOST_BODY_BYTES // (1024 * 1024)
    message = f"The body is larger than {most} MB."
    headers = (("connection", "close"),)  # the rest of the body is not read
    return Refused(Fault(kind="request_too_large", message=message, headers=headers))
