"""What every section of the configuration is built from: records that hide secrets, and the types
of their keys, each with the words that an editor and an error show."""

from typing import Annotated, Any, Literal

import msgspec
from typing_extensions import override

DialectName = Literal["chat", "messages", "responses", "gemini", "converse"]
AuthStyle = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "sigv4", "none"]
OnLoss = Literal["header", "refuse"]

SECRET_FIELDS = frozenset(
    (
        "api_key",
        "headers",
        "database",
        "redis",
        "chain",
        "access_key_id",
        "secret_access_key",
        "session_token",
        "client_secret",
        "secret",
        "hash_key",
    )
)


class Guarded(msgspec.Struct, frozen=True, kw_only=True):
    """A record that shows its fields, never its secrets."""

    @override
    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_mask(self, name)!r}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({shown})"

    @override
    def __rich_repr__(self) -> Any:
        """The same for pretty printers."""
        yield from ((name, _mask(self, name)) for name in self.__struct_fields__)


class Section(Guarded, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the configuration, with its keys as fields."""


def key(description: str, **extra: str) -> msgspec.Meta:
    """What an editor shows for a key; `extra` names the format that its text must have."""
    marks = {"x-unit": extra["unit"]} if "unit" in extra else None
    return msgspec.Meta(description=description, extra=extra or None, extra_json_schema=marks)


Duration = Annotated[
    float, key("A duration with its unit: 50ms, 5s, 10m, 1h, 30d.", unit="duration")
]
"""Seconds, written as a duration."""

Size = Annotated[int, key("A size with its unit: 20kB, 32MiB.", unit="size")]
"""Bytes, written as a size."""

Name = Annotated[str, key("A name: letters, digits, '.', '_' and '-'.", text="name")]
"""A name that may stand in a header and a URL."""

ModelName = Annotated[str, key("A model's name.", text="model")]

Key = Annotated[str, key("A secret; best taken from the environment: ${NAME}.", text="key")]

Names = Literal["*"] | tuple[ModelName, ...]
"""All (``*``), or a list of names."""


def _mask(record: Guarded, name: str) -> Any:
    value = getattr(record, name)
    return "***" if name in SECRET_FIELDS and value else value
