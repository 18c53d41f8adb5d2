"""From a section of the configuration to a backend: what it leaves out comes from the catalog."""

from collections.abc import Mapping

import msgspec

from headgate.backends.backend import Backend, Detour, Timeouts
from headgate.backends.base_url import is_versioned, normalise, path_of
from headgate.backends.catalog import provider_of
from headgate.backends.provider import Provider, to
from headgate.backends.sigv4 import AwsKeys
from headgate.config.backend_section import (
    AwsSettings,
    BackendSettings,
    PathPair,
    TimeoutSettings,
)
from headgate.config.section import AuthStyle, DialectName
from headgate.dialects.destination import Quirks
from headgate.model.price import Price

_AGENT: tuple[DialectName, ...] = ("chat", "messages", "responses")

_ALONE: Mapping[tuple[DialectName, ...], AuthStyle] = {
    ("messages",): "x-api-key",
    ("gemini",): "x-goog-api-key",
}
"""How an unknown server that speaks one dialect alone is likely to take a key."""


def from_config(name: str, settings: BackendSettings) -> Backend:
    """The backend `name`. An agent has no address and speaks what callers do."""
    base_url = normalise(settings.base_url or "")
    provider = provider_of(settings.kind, base_url)
    if not base_url and not settings.agent:
        base_url = provider.base_url or ""
    provider = _as_addressed(provider, base_url)
    speaks = settings.speaks or (_AGENT if settings.agent else provider.speaks)
    return Backend(
        name=name,
        base_url=base_url,
        vendor=provider.vendor or name,
        speaks=speaks,
        auth=settings.auth or ("sigv4" if settings.aws else _auth(provider, speaks)),
        api_key=settings.api_key,
        aws=_aws(settings.aws),
        headers=tuple((key.lower(), value) for key, value in settings.headers.items()),
        timeouts=_timeouts(settings.timeouts),
        active=settings.active,
        quirks=_quirks(provider.quirks, settings),
        models=settings.models,
        paths={**provider.paths, **_paths(settings)},
        agent=settings.agent,
        detail_logging=settings.detail_logging,
        prices=_prices(settings),
        on_disconnect=settings.on_disconnect,
    )


def _as_addressed(provider: Provider, base_url: str) -> Provider:
    """The provider as it is at `base_url`, which may be one side of it only."""
    path = path_of(base_url)
    side = next((side for end, side in provider.sides.items() if path.endswith(end)), None)
    if side is not None:
        return msgspec.structs.replace(
            provider,
            vendor=side.vendor or provider.vendor,
            speaks=side.speaks,
            auth=side.auth,
            quirks=side.quirks,
            paths={},
        )
    if provider.paths_anywhere or path == path_of(provider.base_url or ""):
        return provider
    speaks = tuple(d for d in provider.speaks if d != "messages" or not provider.paths)
    paths = {"/v1/": to("/")} if is_versioned(base_url) else {}
    return msgspec.structs.replace(provider, speaks=speaks, paths=paths)


def _auth(provider: Provider, speaks: tuple[DialectName, ...]) -> AuthStyle:
    if provider.vendor:
        return provider.auth
    return _ALONE.get(speaks, provider.auth)


def _aws(settings: AwsSettings | None) -> AwsKeys | None:
    return AwsKeys(**msgspec.structs.asdict(settings)) if settings else None


def _timeouts(settings: TimeoutSettings) -> Timeouts:
    return Timeouts(
        connect_s=settings.connect,
        first_event_s=settings.first_event,
        idle_s=settings.idle,
        total_s=settings.total,
    )


def _quirks(known: Quirks, settings: BackendSettings) -> Quirks:
    said = msgspec.structs.asdict(settings.quirks)
    said["usage_in_stream"] = (
        settings.quirks.usage_in_stream
        if settings.usage_in_stream is None
        else settings.usage_in_stream
    )
    if said["refuses_fields"] is not None:
        said["refuses_fields"] = frozenset(said["refuses_fields"])
    changes = {field: value for field, value in said.items() if value is not None}
    return msgspec.structs.replace(known, **changes)


def _prices(settings: BackendSettings) -> tuple[tuple[str, Price], ...]:
    return tuple(
        (glob, Price(**msgspec.structs.asdict(price))) for glob, price in settings.prices.items()
    )


def _paths(settings: BackendSettings) -> dict[str, Detour]:
    return {
        path: Detour(led.whole, led.stream) if isinstance(led, PathPair) else to(led)
        for path, led in settings.paths.items()
    }
