"""What the catalog says of one provider."""

from collections.abc import Mapping

import msgspec

from headgate.backends.backend import Detour
from headgate.config.backend_section import Kind
from headgate.config.section import AuthStyle, DialectName
from headgate.dialects.destination import Quirks

COMPATIBLE = Quirks(max_tokens_field="max_tokens", developer_role=False, keeps_responses=False)
"""What a server that merely resembles OpenAI's can be trusted with."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A provider at an address of its own: other dialects, and perhaps another vendor's models.

    ``vendor`` None means the provider's own.
    """

    speaks: tuple[DialectName, ...] = ("messages",)
    vendor: str | None = None
    auth: AuthStyle = "bearer"
    quirks: Quirks = COMPATIBLE


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One known provider.

    ``hosts`` is a pattern of ``host[:port]``. ``base_url`` is None where the address holds
    something of the customer's; ``env_address`` makes it from environment variables.
    ``env`` are the variables that may hold its key, the first that is set counts.
    ``vendor`` "" means the backend's own name. ``paths`` hold at ``base_url``'s own path only,
    unless ``paths_anywhere``. ``sides`` are by the end of the address's path. ``docs`` is where
    the facts come from.
    """

    kind: Kind
    title: str
    docs: str
    vendor: str
    hosts: str | None = None
    base_url: str | None = None
    env: tuple[str, ...] = ()
    env_address: str | None = None
    speaks: tuple[DialectName, ...] = ("chat",)
    auth: AuthStyle = "bearer"
    quirks: Quirks = COMPATIBLE
    paths: Mapping[str, Detour] = {}
    paths_anywhere: bool = False
    sides: Mapping[str, Side] = {}


def to(whole: str, stream: str | None = None) -> Detour:
    """A detour, the same for streams unless said."""
    return Detour(whole, stream or whole)
