"""The headers of a request that stays in this dialect: a version, and betas where taken."""

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import Headers

VERSION = "2023-06-01"
"""The version of a request whose caller says none: the oldest, which asks least."""


def relay_headers(headers: Headers, destination: Destination) -> Headers:
    """`headers` for `destination`: a host that wants the version in the body gets none here, one
    that refuses betas gets no betas, and a caller who said no version gets the oldest."""
    dropped = set()
    if destination.quirks.body_version is not None:
        dropped.add("anthropic-version")
    if destination.quirks.refuses_betas:
        dropped.add("anthropic-beta")
    kept = tuple((name, value) for name, value in headers if name not in dropped)
    if "anthropic-version" in dropped or any(name == "anthropic-version" for name, _ in kept):
        return kept
    return (("anthropic-version", VERSION), *kept)
