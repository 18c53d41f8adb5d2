"""The body of a request as JSON, for readers that need all of it."""

from typing import Any

from headgate.model.fault import bad_request
from headgate.wire import json_text


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, also where its strings hold lone surrogates, which some clients
    let through. Raises Refused."""
    try:
        value = json_text.decode(body)
    except ValueError as error:
        raise bad_request(f"The body must be JSON: {error}.") from error
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object.")
    return value
