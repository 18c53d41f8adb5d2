"""What a policy may know of an exchange beside its request and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

_CREDENTIALS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "x-amz-security-token",
    )
)


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for what, where. ``headers`` have lower-case names and no credentials.

    ``model`` is the name that was asked for; ``backend`` is None until one is chosen.
    """

    user: str = ""
    model: str = ""
    backend: str | None = None
    path: str = ""
    dialect: str = ""
    headers: Mapping[str, str] = {}


def is_credential(header: str) -> bool:
    """Whether a header of that name is never shown to policies."""
    return header.lower() in _CREDENTIALS


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` as a policy may see them."""
    return {name.lower(): value for name, value in headers.items() if not is_credential(name)}


@dataclass(frozen=True, slots=True)
class Effects:
    """What policies want beside changes of the request and the answer.

    Headers for the backend's request and for the caller's answer; tags for the log.
    """

    to_backend: list[tuple[str, str]] = field(default_factory=list)
    to_caller: list[tuple[str, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def clear(self) -> None:
        """Forgets everything: the request is looked at anew."""
        self.to_backend.clear()
        self.to_caller.clear()
        self.tags.clear()
