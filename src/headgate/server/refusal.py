"""The answer to a request that reached no application: a fault as a whole HTTP response.

No dialect's folder is asked, since these errors come before there is a request in any: the two
shapes of an error body stand here, told apart by the request's path.
"""

import msgspec

from headgate.model.fault import Fault

_REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    414: b"URI Too Long",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
}


def write_refusal(fault: Fault, target: bytes, request_id: str, own_lines: bytes) -> bytes:
    """The response, after which the connection closes; `own_lines` are the server's own."""
    body = write_body(fault, target, request_id)
    head = [
        b"HTTP/1.1 %d %b\r\n" % (fault.http_status, _REASONS[fault.http_status]),
        own_lines,
        b"content-type: application/json\r\nconnection: close\r\n",
        b"x-request-id: %b\r\ncontent-length: %d\r\n\r\n" % (request_id.encode(), len(body)),
    ]
    return b"".join(head) + body


def write_body(fault: Fault, target: bytes, request_id: str) -> bytes:
    """The JSON error body, in the messages form for its paths and else in the chat form."""
    ours = fault.http_status >= 500
    if target.startswith(b"/v1/messages"):
        type_ = "api_error" if ours else "invalid_request_error"
        told = {"type": type_, "message": fault.message}
        return msgspec.json.encode({"type": "error", "error": told, "request_id": request_id})
    type_ = "server_error" if ours else "invalid_request_error"
    told_chat = {
        "message": fault.message,
        "type": type_,
        "param": fault.param,
        "code": fault.public_code,
    }
    return msgspec.json.encode({"error": told_chat})
