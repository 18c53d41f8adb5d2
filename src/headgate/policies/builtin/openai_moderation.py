"""OpenAI's moderation endpoint, or one that speaks like it, decides."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from headgate.config.section import Duration, Key, key
from headgate.policies.asking import About, Asking
from headgate.policies.breaker import Breaker
from headgate.policies.hook_flow import Misbehaved
from headgate.policies.keys import WaitingKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Refuse
from headgate.policies.service import Address, Service

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ModerationKeys(WaitingKeys, frozen=True, kw_only=True):
    """The keys of ``openai_moderation``."""

    api_key: Annotated[Key | None, key("The key of the endpoint; best ${NAME}.")] = None
    base_url: Annotated[str, key("Where the endpoint is.", text="http")] = (
        "https://api.openai.com/v1"
    )
    model: Annotated[str, key("The model that moderates.", text="model")] = "omni-moderation-latest"
    categories: Annotated[
        tuple[str, ...], key("Categories that count; left out, whatever is flagged.")
    ] = ()
    thresholds: Annotated[
        Mapping[str, Share], key("Scores from which a category counts, flagged or not.")
    ] = {}
    rest: Annotated[Duration, key("How long it is left alone after five failures.")] = 30.0


class OpenaiModeration(Asking):
    """See the module. https://platform.openai.com/docs/api-reference/moderations"""

    def __init__(self, keys: ModerationKeys, service: Service) -> None:
        super().__init__(keys)
        self._keys = keys
        self._service = service

    @override
    async def judge(self, about: About, text: str, context: str) -> None:
        question = {"model": self._keys.model, "input": context + text}
        answer = await self._service.ask_object(question)
        met = self._met(answer)
        if met:
            self.note(f"category:{met}")
            raise Refuse("it was moderated as not allowed")

    def _met(self, answer: Mapping[str, Any]) -> str | None:
        """The first category that counts."""
        try:
            result = answer["results"][0]
            flags = dict(result["categories"])
            scores = {name: float(score) for name, score in result["category_scores"].items()}
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise Misbehaved("the service's answer is no moderation") from error
        wanted = self._keys.categories or tuple(flags)
        for name in wanted:
            if flags.get(name) is True and name not in self._keys.thresholds:
                return str(name)
        high = (n for n, least in self._keys.thresholds.items() if scores.get(n, 0.0) >= least)
        return next(high, None)


def _prepare(keys: ModerationKeys, setting: Setting) -> Prepared:
    headers = (("authorization", f"Bearer {keys.api_key}"),) if keys.api_key else ()
    address = Address(url=f"{keys.base_url.rstrip('/')}/moderations", headers=headers)
    service = Service(setting.environment, address, Breaker(5, keys.rest), setting.deadline_s)
    return Prepared(lambda _occasion: OpenaiModeration(keys, service), judges=True)


OPENAI_MODERATION = Kind(keys=ModerationKeys, prepare=_prepare, max_hold_s=2.0, deadline_s=5.0)
