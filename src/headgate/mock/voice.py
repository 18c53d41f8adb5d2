"""A dialect as the scripted upstream speaks it: written apart from the gateway's own dialects.

The tests' opponent must not share its subject's mistakes, so nothing here is used by the gateway
and nothing of `headgate.dialects` is used here.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from headgate.mock.lookup import count_words

Payload = dict[str, Any]


class Heard(msgspec.Struct, frozen=True):
    """What a request says: its last user text, all its words counted, whether usage is wanted."""

    text: str
    prompt_tokens: int
    wants_usage: bool = True


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One answer before it has a dialect. ``id`` is the bare seed, ``created`` Unix seconds,
    ``pieces`` the text in the deltas that it comes in."""

    id: str
    created: int
    model: str
    pieces: tuple[str, ...]
    prompt_tokens: int
    usage: bool = True

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    @property
    def completion_tokens(self) -> int:
        """The words of the answer."""
        return count_words(self.text)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error to tell. ``number`` is how many frames came before it in the stream."""

    status: int
    message: str
    number: int = 0


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect's functions.

    ``speak`` gives the payloads of a stream without its terminator, ``fold`` makes of such
    payloads (or of scripted ones) the whole JSON reply, ``terminator`` what must follow the
    payloads (None: nothing), ``is_terminator`` recognises it. ``named``: frames carry an
    ``event:`` line with the payload's ``type``. No function raises, whatever JSON it is given.
    """

    hear: Callable[[Payload, bool], Heard]
    speak: Callable[[Said], list[Payload]]
    fold: Callable[[list[Any], Said], Payload]
    terminator: Callable[[list[Any], Said], Payload | str | None]
    is_terminator: Callable[[Any], bool]
    error: Callable[[Failure], Payload]
    named: bool


Vendor = Literal["openai", "anthropic", "google"]


def error_type(status: int, vendor: Vendor) -> str:
    """The vendor's word for an error of this status."""
    row = _ERROR_TYPES.get(status) or _ERROR_TYPES[500 if status >= 500 else 400]
    return row[("openai", "anthropic", "google").index(vendor)]


_ERROR_TYPES: dict[int, tuple[str, str, str]] = {
    400: ("invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"),
    401: ("authentication_error", "authentication_error", "UNAUTHENTICATED"),
    402: ("insufficient_quota", "billing_error", "FAILED_PRECONDITION"),
    403: ("permission_error", "permission_error", "PERMISSION_DENIED"),
    404: ("invalid_request_error", "not_found_error", "NOT_FOUND"),
    409: ("conflict_error", "conflict_error", "ABORTED"),
    413: ("invalid_request_error", "request_too_large", "INVALID_ARGUMENT"),
    429: ("rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"),
    500: ("server_error", "api_error", "INTERNAL"),
    503: ("server_error", "overloaded_error", "UNAVAILABLE"),
    504: ("server_error", "timeout_error", "DEADLINE_EXCEEDED"),
    529: ("server_error", "overloaded_error", "UNAVAILABLE"),
}
