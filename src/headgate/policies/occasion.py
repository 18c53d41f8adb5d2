"""What a policy may know of an exchange beside its request and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

_CREDENTIALS = frozenset(("authorization", "x-api-key", "cookie", "proxy-authorization"))


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


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` as a policy may see them."""
    return {
        name.lower(): value for name, value in headers.items() if name.lower() not in _CREDENTIALS
    }


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
