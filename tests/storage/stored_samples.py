"""Stored responses as the tests of their stores make them."""

import json
from typing import Any

from headgate.model.stored import Kept, StoredResponse

OWNER = "alice"


def message(role: str, text: str, **more: Any) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    content = [{"type": kind, "text": text}]
    return {"type": "message", "role": role, "content": content, **more}


def stored(id_: str, **fields: Any) -> StoredResponse:
    """A completed response of `OWNER`, the first of its chain unless said otherwise."""
    key = fields.pop("key", f"key-{id_}")
    response = {"id": id_, "status": "completed", "output": []}
    made: dict[str, Any] = {
        "key": key,
        "owner": OWNER,
        "id": id_,
        "created_at": 1000.0,
        "used_at": 1000.0,
        "status": "completed",
        "root": key,
        "input": "[]",
        "response": json.dumps(response),
    }
    return StoredResponse(**{**made, **fields})


def following(previous: StoredResponse, id_: str, **fields: Any) -> StoredResponse:
    """A response that goes on from another."""
    return stored(id_, previous=previous.key, root=previous.root, **fields)


def kept(record: StoredResponse, **fields: Any) -> Kept:
    return Kept(stored=record, **fields)
