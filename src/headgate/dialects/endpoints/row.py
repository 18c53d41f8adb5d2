"""What the table says of one endpoint."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint whose requests name a model and pass as they are.

    ``texts`` are the top-level fields that hold the caller's texts; ``model`` stands in where the
    request names none. ``form``: it takes multipart forms beside JSON. ``stream`` is the field
    that asks for an event stream and what it must say. ``most_output`` are the output tokens to
    reserve; None: unsaid. ``plain``: replies may be sound or text instead of JSON. ``generates``:
    replies hold text that a model wrote. ``asks_usage``: it knows ``stream_options``.
    """

    name: str
    path: str
    texts: tuple[str, ...] = ()
    model: str | None = None
    form: bool = False
    stream: tuple[str, bool | str] = ("stream", True)
    most_output: int | None = None
    plain: bool = False
    generates: bool = False
    asks_usage: bool = False

    def wants_stream(self, said: Mapping[str, Any]) -> bool:
        """Whether a decoded request asks for an event stream."""
        field, value = self.stream
        return said.get(field) == value
