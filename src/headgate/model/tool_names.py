"""Tool names as a target takes them, and the way back to the caller's own."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from headgate.model.request import HostedTool, Tool, ToolRef

SIXTY_FOUR_WORD = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


class ToolNames:
    """One request's tools under the names that travel.

    A namespaced tool is called ``namespace__name``; a name that the target refuses is cleaned and
    told apart by a digest. `back` gives the caller's tool for a name in the reply.
    """

    def __init__(
        self,
        tools: Iterable[Tool | HostedTool],
        fits: re.Pattern[str] = SIXTY_FOUR_WORD,
        length: int = 64,
    ) -> None:
        self._fits = fits
        self._length = length
        self._back: dict[str, ToolRef] = {}
        for tool in tools:
            if isinstance(tool, Tool):
                ref = ToolRef(tool.name, tool.namespace, tool.custom)
                self._back[self.wire(tool.name, tool.namespace)] = ref

    def wire(self, name: str, namespace: str | None = None) -> str:
        """The name that travels for the caller's `name`."""
        full = f"{namespace}__{name}" if namespace else name
        if self._fits.match(full):
            return full
        digest = hashlib.blake2s(full.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        clean = re.sub(r"[^a-zA-Z0-9_-]", "_", full) or "tool"
        if not clean[0].isalpha():
            clean = "t" + clean
        return f"{clean[: self._length - 9]}_{digest}"

    @property
    def back(self) -> Mapping[str, ToolRef]:
        """From travelling names to the caller's tools."""
        return self._back
