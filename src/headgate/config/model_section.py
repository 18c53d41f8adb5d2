"""The sections ``models`` and ``rewrites``: the names that callers may ask for."""

from typing import Annotated, Literal

import msgspec

from headgate.config.section import ModelName, Name, OnLoss, Section, key

Strategy = Literal[
    "weighted", "round_robin", "least_busy", "fastest", "cheapest", "hash", "priority"
]

Count = Annotated[int, msgspec.Meta(ge=0)]
Weight = Annotated[float, msgspec.Meta(ge=0)]

FallbackReason = Literal["connect", "timeout", "429", "5xx"]

HashKey = Annotated[str, key("session, user, key or header:NAME.", text="hash_on")]


class TargetSettings(Section, frozen=True, kw_only=True):
    """One backend's model behind a name."""

    backend: Annotated[Name, key("A backend's name.")]
    model: Annotated[ModelName, key("The model's name there.")]
    weight: Annotated[Weight, key("Its share, for the strategy 'weighted'.")] = 1.0
    priority: Annotated[Count, key("Lower is tried first, for the strategy 'priority'.")] = 0


class ModelSettings(Section, frozen=True, kw_only=True):
    """A name that callers may ask for, and what stands behind it."""

    targets: Annotated[tuple[TargetSettings, ...], key("Backends and their models, one or more.")]
    strategy: Annotated[Strategy, key("In which order targets are tried.")] = "weighted"
    hash_on: Annotated[HashKey, key("What the strategy 'hash' looks at.")] = "session"
    retries: Annotated[Count, key("Further attempts before the first event.")] = 2
    fallback_on: Annotated[
        tuple[FallbackReason, ...], key("What makes the next target be tried.")
    ] = ("connect", "timeout", "429", "5xx")
    on_loss: Annotated[OnLoss | None, key("Overrides server.on_loss for this model.")] = None


class RewriteSettings(Section, frozen=True, kw_only=True):
    """Another name for a model."""

    source: Annotated[ModelName, key("The name that callers ask for.")]
    target: Annotated[ModelName, key("The name that is used instead.")]
    force: Annotated[bool, key("Also where some backend serves the source itself.")] = False
    active: Annotated[bool, key("Whether the rule applies.")] = True
    note: Annotated[str, key("A word to oneself.")] = ""
