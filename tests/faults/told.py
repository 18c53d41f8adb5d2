"""What callers must be told, written out: error bodies and the events that end a stream."""

import json
from typing import Any

from tests.faults.caller import Answer, frames

TRUNCATED = "The backend closed the stream before its reply was complete."
TOO_SLOW = "The backend stopped sending and ran out of time."
RESTARTING = "The gateway is restarting. Send the request again."

LAST_WORDS = {
    "chat": b"data: [DONE]\n\n",
    "messages": b"event: message_stop\n",
    "responses": b"event: response.completed\n",
}
"""How a whole reply ends; nothing of it may stand in a broken one."""


def check_error(answer: Answer, dialect: str, status: int, code: str, type_: str) -> str:
    """Asserts an error before the first byte: `code` for the OpenAI dialects, `type_` for the
    Messages dialect; returns its message."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.id.startswith("req_")
    told = answer.json
    if dialect == "messages":
        message = told["error"]["message"]
        error = {"type": type_, "message": message}
        assert told == {"type": "error", "error": error, "request_id": answer.id}
    else:
        assert told.keys() == {"error"}
        assert told["error"].keys() == {"message", "type", "param", "code"}
        assert told["error"]["code"] == code
        message = told["error"]["message"]
    assert isinstance(message, str)
    assert message
    return message


def check_broken(
    dialect: str, body: bytes, message: str, code: str, types: dict[str, str]
) -> bytes:
    """Asserts that a stream ends with its one error, byte for byte, and has neither finish nor
    terminator; returns what stands before the error."""
    assert LAST_WORDS[dialect] not in body
    if dialect == "responses":
        return _check_broken_response(body, message, code, types[dialect])
    if dialect == "messages":
        error = {"type": "error", "error": {"type": types[dialect], "message": message}}
        ending = b"event: error\ndata: " + _json(error) + b"\n\n"
    else:
        said = {"message": message, "type": types[dialect], "param": None, "code": code}
        ending = b"data: " + _json({"error": said}) + b"\n\n"
    assert body.endswith(ending), body[-1000:]
    before = body.removesuffix(ending)
    assert b"error" not in before
    return before


def _check_broken_response(body: bytes, message: str, code: str, type_: str) -> bytes:
    *before, error, failed = frames(body)
    number = len(before)
    said = {"message": message, "type": type_, "param": None, "code": code}
    told: dict[str, Any] = {
        "type": "error",
        "code": code,
        "message": message,
        "param": None,
        "error": said,
    }
    told = {**told, "sequence_number": number}
    assert error == b"event: error\ndata: " + _json(told) + b"\n\n"
    name, _, data = failed.partition(b"\ndata: ")
    last = json.loads(data)
    assert name == b"event: response.failed"
    assert last.keys() == {"type", "response", "sequence_number"}
    assert (last["type"], last["sequence_number"]) == ("response.failed", number + 1)
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {
        "code": last["response"]["error"]["code"],
        "message": message,
    }
    if before:
        opened = json.loads(before[0].partition(b"\ndata: ")[2])
        assert last["response"]["id"] == opened["response"]["id"]
    return b"".join(before)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
