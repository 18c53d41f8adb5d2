"""The section ``users``: who may call, what, and how much."""

from typing import Annotated, Literal

import msgspec

from headgate.config.section import Key, Name, Names, Section, key

Positive = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[float, msgspec.Meta(ge=0)]


class LimitSettings(Section, frozen=True, kw_only=True):
    """How much a caller may use; a limit left out does not exist."""

    requests_per_minute: Annotated[Positive | None, key("Requests in a minute.")] = None
    tokens_per_minute: Annotated[Positive | None, key("Tokens in a minute, both ways.")] = None
    requests_per_day: Annotated[Positive | None, key("Requests in a day.")] = None
    tokens_per_day: Annotated[Positive | None, key("Tokens in a day, both ways.")] = None
    concurrent: Annotated[Positive | None, key("Requests at the same time.")] = None
    budget_usd: Annotated[Amount | None, key("Cost in US dollars in a budget_period.")] = None
    budget_period: Annotated[
        Literal["day", "month", "total"], key("When the budget starts anew (UTC).")
    ] = "month"


class UserSettings(Section, frozen=True, kw_only=True):
    """One caller."""

    name: Annotated[str, key("Who it is; no two users share a name.", text="model")]
    api_key: Annotated[Key, key("What the caller shows; long and random, best ${NAME}.")]
    email: Annotated[str | None, key("Where to reach them.")] = None
    backends: Annotated[
        Literal["*"] | tuple[Name, ...], key("Backends that may be used; left out: none.")
    ] = ()
    models: Annotated[Names, key("Models that may be used, as globs; left out: all.")] = "*"
    active: Annotated[bool, key("Whether the key works.")] = True
    detail_logging: Annotated[bool, key("Keep request and answer bodies in the log.")] = False
    copy_reasoning_to_reasoning_content: Annotated[
        bool, key("Copy 'reasoning' to 'reasoning_content' where the latter is absent.")
    ] = False
    limits: Annotated[LimitSettings, key("How much may be used.")] = LimitSettings()
