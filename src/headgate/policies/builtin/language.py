"""Only some languages may be spoken."""

from typing import Annotated

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.parts import Role
from headgate.model.request import Request
from headgate.policies.asking import texts_of
from headgate.policies.flow import Flow
from headgate.policies.keys import BOTH, EntryRefused, HoldingKeys, Side
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.languages import LANGUAGES, language_of
from headgate.policies.policy import Policy, Reads, Refuse

Sample = Annotated[int, msgspec.Meta(ge=40, le=10_000)]


class LanguageKeys(HoldingKeys, frozen=True, kw_only=True):
    """The keys of ``language``."""

    allow: Annotated[tuple[str, ...], key("Languages that may be spoken: en, de, …")]
    sample: Annotated[Sample, key("Characters by which the language of a text is told.")] = 240
    apply_to: Annotated[tuple[Side, ...], key("Requests, answers, or both.")] = BOTH
    roles: Annotated[tuple[Role, ...], key("Whose messages of a request are read.")] = ("user",)


class Language(Policy):
    """See the module. A text whose language cannot be told is let pass."""

    judges = True

    def __init__(self, keys: LanguageKeys) -> None:
        self._keys = keys

    @override
    def reads(self) -> frozenset[Reads]:
        return frozenset(("text",)) if "response" in self._keys.apply_to else frozenset()

    @override
    def on_request(self, request: Request) -> None:
        if "request" in self._keys.apply_to:
            for text in texts_of(request, self._keys.roles):
                self.check(text[: self._keys.sample])

    @override
    def open_flow(self, kind: Reads, choice: int) -> Flow:
        return SampleFlow(self, self._keys.sample)

    def check(self, text: str) -> None:
        """Raises Refuse where `text` is in a language that may not be."""
        language = language_of(text)
        if language is not None and language not in self._keys.allow:
            self.note(f"language:{language}")
            raise Refuse("it is not in a language that is allowed")


class SampleFlow(Flow):
    """The beginning of a block is held until its language is told; the rest passes."""

    def __init__(self, policy: Language, sample: int) -> None:
        self._policy = policy
        self._sample = sample
        self._kept = ""
        self._told = False

    @property
    @override
    def held(self) -> int:
        return len(self._kept)

    @property
    @override
    def wanting(self) -> bool:
        return False

    @override
    def feed(self, text: str) -> str:
        if self._told:
            return text
        self._kept += text
        return self._release() if len(self._kept) >= self._sample else ""

    @override
    def late(self) -> str:
        return self._release()

    @override
    def end(self) -> str:
        return self._release()

    @override
    async def ask(self) -> str:
        return ""

    @override
    def raw(self) -> str:
        kept, self._kept = self._kept, ""
        return kept

    def _release(self) -> str:
        if not self._told:
            self._policy.check(self._kept[: self._sample])
            self._told = True
        return self.raw()


def _prepare(keys: LanguageKeys, setting: Setting) -> Prepared:
    unknown = [language for language in keys.allow if language not in LANGUAGES]
    if unknown or not keys.allow:
        known = ", ".join(sorted(LANGUAGES))
        raise EntryRefused("allow", f"cannot tell {', '.join(unknown) or 'nothing'}; knows {known}")
    if setting.lookback < keys.sample:
        raise EntryRefused("lookback", "is less than the sample that must be held")
    return Prepared(lambda _occasion: Language(keys), judges=True)


LANGUAGE = Kind(keys=LanguageKeys, prepare=_prepare, max_hold_s=2.0)
