"""An external service decides about requests, answers and tool calls."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from headgate.config.formats import check_header_name, check_header_value
from headgate.config.section import Duration, key
from headgate.model.parts import ToolCall
from headgate.model.request import Request
from headgate.policies.asking import About, Asking
from headgate.policies.breaker import Breaker
from headgate.policies.hook_flow import Misbehaved
from headgate.policies.keys import EntryRefused, WaitingKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import DROP, Refuse, ToolVerdict
from headgate.policies.request_texts import map_texts
from headgate.policies.service import Address, Service

Count = Annotated[int, msgspec.Meta(ge=1)]


class WebhookKeys(WaitingKeys, frozen=True, kw_only=True):
    """The keys of ``webhook``."""

    url: Annotated[str, key("Where the questions are posted.", text="http")]
    secret: Annotated[str | None, key("Signs every call (HMAC-SHA256); best ${NAME}.")] = None
    headers: Annotated[Mapping[str, str], key("Headers added to every call.")] = {}
    replace: Annotated[bool, key("Whether it may change texts, not only refuse them.")] = False
    failures: Annotated[Count, key("After so many failures in a row it is left alone.")] = 5
    rest: Annotated[Duration, key("For how long.")] = 30.0


class Webhook(Asking):
    """See the module. What it posts and what it may be answered is in docs/policies.md."""

    def __init__(self, keys: WebhookKeys, service: Service) -> None:
        super().__init__(keys)
        self._keys = keys
        self._service = service
        self.judges = not keys.replace

    @override
    async def judge(self, about: About, text: str, context: str) -> None:
        await self._ask(about, {"text": text, "context": context})

    @override
    async def on_request(self, request: Request) -> Request:
        if "request" not in self._keys.apply_to:
            return request
        texts: list[str] = []

        async def collect(text: str) -> str:
            texts.append(text)
            return text

        roles = frozenset(self._keys.roles)
        await map_texts(request, roles, collect)
        answer = await self._ask("request", {"texts": texts}) if texts else None
        if answer is None:
            return request
        new = _given(answer, len(texts))

        async def replace(text: str) -> str:
            return next(new, text)

        return await map_texts(request, roles, replace)

    @override
    async def on_text(self, text: str) -> str:
        answer = await self._ask("response", {"text": text, "context": self.context()})
        self.went_on(text)
        return text if answer is None else _text(answer, "text")

    @override
    async def on_tool_call(self, call: ToolCall) -> ToolVerdict:
        said = {"name": call.name, "arguments": call.arguments}
        answer = await self._ask("tool_call", {"tool_call": said})
        if answer is None:
            return None
        if answer["action"] == "drop":
            return DROP
        return msgspec.structs.replace(call, arguments=_text(answer, "arguments"))

    async def _ask(self, about: About, said: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer where it changes something. Raises Refuse and Misbehaved."""
        exchange = self.exchange
        question = {
            "about": about,
            "user": exchange.user,
            "model": exchange.model,
            "path": exchange.path,
            **said,
        }
        answer = await self._service.ask_object(question)
        action = answer.get("action")
        if action == "allow":
            return None
        if action == "refuse":
            reason = answer.get("reason")
            raise Refuse(reason if isinstance(reason, str) else "")
        if action == "replace" or (action == "drop" and about == "tool_call"):
            if not self._keys.replace:
                raise Misbehaved(f"the service wants to {action}, which 'replace' does not allow")
            return answer
        raise Misbehaved("the service's answer has no action that is known")


def _given(answer: Mapping[str, Any], count: int) -> Iterator[str]:
    """The texts that a service gives for `count` texts. Raises Misbehaved."""
    texts = answer.get("texts")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Misbehaved("the service's answer has no list of texts")
    if len(texts) != count:
        raise Misbehaved(f"the service gave {len(texts)} texts for {count}")
    return iter(texts)


def _text(answer: Mapping[str, Any], name: str) -> str:
    text = answer.get(name)
    if not isinstance(text, str):
        raise Misbehaved(f"the service's answer has no {name}")
    return text


def _prepare(keys: WebhookKeys, setting: Setting) -> Prepared:
    for name, value in keys.headers.items():
        try:
            check_header_name(name)
            check_header_value(value)
        except ValueError as error:
            raise EntryRefused(f"headers.{name}", str(error)) from error
    address = Address(url=keys.url, secret=keys.secret, headers=tuple(keys.headers.items()))
    breaker = Breaker(keys.failures, keys.rest)
    service = Service(setting.environment, address, breaker, setting.deadline_s)
    return Prepared(lambda _occasion: Webhook(keys, service), judges=not keys.replace)


WEBHOOK = Kind(keys=WebhookKeys, prepare=_prepare, max_hold_s=2.0, deadline_s=2.0)
