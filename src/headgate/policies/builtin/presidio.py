"""Microsoft Presidio's analyzer finds personal data; what it finds is replaced."""

from typing import Annotated, Any, Literal

import msgspec
from typing_extensions import override

from headgate.config.section import Duration, key
from headgate.model.parts import ToolCall
from headgate.model.request import Request
from headgate.policies.asking import About, Asking
from headgate.policies.breaker import Breaker
from headgate.policies.hook_flow import Misbehaved
from headgate.policies.json_strings import find_strings, put_strings
from headgate.policies.keys import WaitingKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Refuse, ToolVerdict
from headgate.policies.request_texts import map_texts
from headgate.policies.service import Address, Service
from headgate.wire.json_text import decode

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
OVERLAP_CHARACTERS = 80
"""What is kept of a window for the next one, so that nothing is cut in two."""


class PresidioKeys(WaitingKeys, frozen=True, kw_only=True):
    """The keys of ``presidio``."""

    url: Annotated[str, key("The analyzer's address, before /analyze.", text="http")]
    language: Annotated[str, key("The language of the texts.", text="name")] = "en"
    entities: Annotated[tuple[str, ...], key("What to look for; left out, everything.")] = ()
    score: Annotated[Share, key("How sure the analyzer must be.")] = 0.5
    action: Annotated[
        Literal["redact", "refuse"], key("Replace what is found, or end the exchange.")
    ] = "redact"
    rest: Annotated[Duration, key("How long it is left alone after five failures.")] = 30.0


class Entity(msgspec.Struct, frozen=True):
    """What was found: character offsets."""

    start: int
    end: int
    kind: str


class Presidio(Asking):
    """See the module. https://microsoft.github.io/presidio/api-docs/api-docs.html"""

    judges = False

    def __init__(self, keys: PresidioKeys, service: Service) -> None:
        super().__init__(keys)
        self._keys = keys
        self._service = service

    @override
    async def judge(self, about: About, text: str, context: str) -> None:
        await self._redacted(text)

    @override
    async def on_request(self, request: Request) -> Request:
        if "request" not in self._keys.apply_to:
            return request
        return await map_texts(request, frozenset(self._keys.roles), self._redacted)

    @override
    async def on_text(self, text: str) -> str:
        last = self.last
        found = await self._found(text)
        edge = len(text) if last else self._edge(text, found)
        self.hold(text[edge:])
        return self._without(text[:edge], [entity for entity in found if entity.end <= edge])

    @override
    async def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        found = find_strings(call.arguments)
        if found is None:
            arguments = await self._redacted(call.arguments)
        else:
            values = [await self._redacted(token.value) for token in found]
            arguments = put_strings(call.arguments, found, values)
        return msgspec.structs.replace(call, arguments=arguments)

    def _edge(self, text: str, found: list[Entity]) -> int:
        """Up to where a window is decided: a blank before its last characters, and before what
        was found across that place."""
        edge = text.rfind(" ", 0, max(len(text) - OVERLAP_CHARACTERS, 0)) + 1
        return min(
            (entity.start for entity in found if entity.start < edge < entity.end), default=edge
        )

    async def _redacted(self, text: str) -> str:
        return self._without(text, await self._found(text)) if text.strip() else text

    async def _found(self, text: str) -> list[Entity]:
        question: dict[str, Any] = {"text": text, "language": self._keys.language}
        question["score_threshold"] = self._keys.score
        if self._keys.entities:
            question["entities"] = list(self._keys.entities)
        entities = _entities(await self._service.ask(question), len(text))
        if entities and self._keys.action == "refuse":
            raise Refuse("it contains personal data")
        return entities

    def _without(self, text: str, found: list[Entity]) -> str:
        out, done = [], 0
        for entity in found:
            if entity.start >= done:
                self.note(entity.kind)
                out += [text[done : entity.start], f"[{entity.kind}]"]
                done = entity.end
        return "".join((*out, text[done:]))


def _entities(body: bytes, length: int) -> list[Entity]:
    """What the analyzer says, leftmost and longest first. Raises Misbehaved."""
    try:
        found = [
            Entity(int(item["start"]), int(item["end"]), str(item["entity_type"]))
            for item in decode(body)
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise Misbehaved("the service's answer is no list of entities") from error
    if not all(0 <= entity.start < entity.end <= length for entity in found):
        raise Misbehaved("the service found something beyond the text")
    return sorted(found, key=lambda entity: (entity.start, -entity.end))


def _prepare(keys: PresidioKeys, setting: Setting) -> Prepared:
    address = Address(url=f"{keys.url.rstrip('/')}/analyze")
    service = Service(setting.environment, address, Breaker(5, keys.rest), setting.deadline_s)
    return Prepared(lambda _occasion: Presidio(keys, service), judges=keys.action == "refuse")


PRESIDIO = Kind(keys=PresidioKeys, prepare=_prepare, max_hold_s=2.0, deadline_s=5.0)
