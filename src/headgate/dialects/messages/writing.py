"""What the writers of one request share: where it goes, the tools' names, what was lost."""

from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.dialects.destination import Destination
from headgate.dialects.messages.losses import Losses
from headgate.dialects.messages.own import own
from headgate.model.fault import Untranslatable
from headgate.model.parts import CacheMark, Extras
from headgate.model.tool_names import ToolNames

_LONG = frozenset({"30m", "1h", "12h", "24h"})
"""Lifetimes that an hour stands for; the dialect knows five minutes and one hour."""

_DIALECTS = frozenset({"chat", "messages", "responses", "gemini", "converse"})


class Writing(msgspec.Struct, frozen=True):
    """One request while it is written. ``native``: it was read from this dialect."""

    native: bool
    destination: Destination
    names: ToolNames
    losses: Losses

    def finish(
        self, block: dict[str, Any], cache: CacheMark | None, extras: Extras | None, *outer: str
    ) -> dict[str, Any]:
        """`block` with its cache mark and with the fields beyond the hub's words, where they are
        this dialect's; `outer` names where the block stands."""
        if cache is not None:
            block["cache_control"] = self.mark(cache)
        if extras:
            block.update(own(extras))
            self._beyond(block, extras, outer)
        return block

    def mark(self, cache: CacheMark) -> dict[str, Any]:
        """The ``cache_control`` of a mark."""
        if self.native and cache.native is not None:
            return dict(cache.native)
        return {"type": "ephemeral", "ttl": "1h"} if cache.ttl in _LONG else {"type": "ephemeral"}

    def refuse(self, field: str, *inner: str, message: str) -> Untranslatable:
        """The refusal of what the caller insists on and the target cannot do."""
        return Untranslatable(self.losses.name(field, *inner), message)

    def _beyond(self, block: dict[str, Any], extras: Extras, outer: tuple[str, ...]) -> None:
        unknown = {key: value for key, value in extras.items() if not is_note(key, value)}
        if self.native:
            block.update(unknown)
        else:
            self.losses.add_extras(unknown, *outer)


def is_note(key: str, value: Any) -> bool:
    """Whether an entry of extras is a dialect's own bookkeeping, of use to that dialect alone."""
    return isinstance(value, Mapping) and key in _DIALECTS
