"""One page of a list of items, as the clients of OpenAI's API turn them."""

from collections.abc import Mapping, Sequence
from typing import Any

from headgate.model.fault import bad_request
from headgate.wire import json_text
from headgate.wire.json_fields import text

MOST = 100
USUAL = 20


def page_of(items: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> bytes:
    """The page that `query` asks for (``limit``, ``order``, ``after``); `items` stand in the order
    in which they were said, the last said comes first unless asked otherwise. Raises Refused."""
    limit, order = _limit(query.get("limit")), query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise bad_request("'order' must be asc or desc.", "order")
    turned = list(items) if order == "asc" else list(reversed(items))
    rest = turned[_start(turned, query.get("after")) :]
    page = rest[:limit]
    ids = [text(item, "id") for item in page]
    return json_text.encode(
        {
            "object": "list",
            "data": page,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
            "has_more": len(rest) > limit,
        }
    )


def number_in(said: str | None, name: str) -> int | None:
    """A whole number in a query; None where it is not said. Raises Refused."""
    if said is None:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 15:
        raise bad_request(f"'{name}' must be a whole number.", name)
    return int(said)


def _limit(said: str | None) -> int:
    limit = number_in(said, "limit")
    if limit is None:
        return USUAL
    if not 1 <= limit <= MOST:
        raise bad_request(f"'limit' must be from 1 to {MOST}.", "limit")
    return limit


def _start(turned: Sequence[Mapping[str, Any]], after: str | None) -> int:
    if after is None:
        return 0
    places = (place for place, item in enumerate(turned, 1) if text(item, "id") == after)
    found = next(places, None)
    if found is None:
        raise bad_request(f"There is no item '{after[:80]}' in this list.", "after")
    return found
