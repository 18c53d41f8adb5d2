"""Personal data and secrets are replaced: by a placeholder, a keyed hash, or a token that the
answer turns back into what the caller said."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.parts import ToolCall
from headgate.model.request import Request
from headgate.policies.detectors import DETECTORS
from headgate.policies.flow import Flow, run_whole
from headgate.policies.json_strings import map_strings
from headgate.policies.keys import ALL_PARTS, EntryRefused, ReadingKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.patterns.finder import Finder, Hit, Pattern
from headgate.policies.policy import Policy, Reads
from headgate.policies.request_texts import map_texts
from headgate.policies.scanning import ScanFlow, check_regex, make_finder, scan_whole

Style = Literal["placeholder", "hash", "token"]
PatternName = Literal["email", "credit_card", "iban", "phone", "ip", "secret"]
ALL_PATTERNS: tuple[PatternName, ...] = (
    "email",
    "credit_card",
    "iban",
    "phone",
    "ip",
    "secret",
)


class RedactKeys(ReadingKeys, frozen=True, kw_only=True):
    """The keys of ``redact``."""

    patterns: Annotated[tuple[PatternName, ...] | None, key("What to look for; all.")] = None
    regexes: Annotated[
        Mapping[Annotated[str, key("A name.", text="name")], str],
        key("Regexes of one's own (RE2), by the name that stands in their place."),
    ] = {}
    style: Annotated[Style, key("What stands in the place of a match.")] = msgspec.field(
        default="placeholder", name="as"
    )
    hash_key: Annotated[str | None, key("The secret of 'as: hash'; best ${NAME}.")] = None


class Plan(msgspec.Struct, frozen=True):
    """An entry made ready. ``restore`` finds our own tokens as well."""

    keys: RedactKeys
    finder: Finder
    restore: Finder


class Redact(Policy):
    """See the module. The texts that tokens stand for live as long as the exchange."""

    answers_calls = False

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tokens: dict[str, str] = {}
        self._originals: dict[str, str] = {}

    @override
    def reads(self) -> frozenset[Reads]:
        if self._tokens:
            return frozenset(ALL_PARTS)
        return self._plan.keys.answer_parts()

    @override
    async def on_request(self, request: Request) -> Request:
        keys = self._plan.keys
        if "request" not in keys.apply_to:
            return request
        return await map_texts(request, keys.role_set(), self._redacted)

    @override
    def conceals(self) -> Mapping[str, str]:
        return self._tokens

    @override
    def open_flow(self, kind: Reads, choice: int) -> Flow:
        finder = self._plan.restore if self._tokens else self._plan.finder
        return ScanFlow(finder, self._replace)

    @override
    def on_tool_call(self, call: ToolCall) -> ToolCall:
        if call.custom:
            arguments = self._whole(call.arguments)
        else:
            arguments = map_strings(call.arguments, self._whole)
        if arguments == call.arguments:
            return call
        return msgspec.structs.replace(call, arguments=arguments)

    def _whole(self, text: str) -> str:
        return run_whole(self.open_flow("tool_calls", 0), text)

    async def _redacted(self, text: str) -> str:
        return await scan_whole(ScanFlow(self._plan.finder, self._hide), text)

    def _hide(self, hit: Hit) -> str:
        """What stands for a match in the request."""
        if self._plan.keys.style != "token":
            return self._mark(hit)
        self.note(hit.pattern.name)
        token = self._tokens.get(hit.text)
        if token is None:
            number = len(self._tokens) + 1
            token = f"[{hit.pattern.name.upper()}_{number}]"
            self._tokens[hit.text] = token
            self._originals[token] = hit.text
        return token

    def _replace(self, hit: Hit) -> str:
        """What stands for a match in the answer."""
        if hit.pattern.name == _TOKEN:
            return self._originals.get(hit.text, hit.text)
        if hit.text in self._tokens:
            return hit.text
        return self._mark(hit)

    def _mark(self, hit: Hit) -> str:
        self.note(hit.pattern.name)
        name = hit.pattern.name.upper()
        secret = self._plan.keys.hash_key
        if self._plan.keys.style != "hash" or secret is None:
            return f"[{name}]"
        text = hit.text.encode("utf-8", "surrogatepass")
        return f"[{name}:{hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:12]}]"


_TOKEN = ""
"""The name of the pattern that finds our own tokens: no entry can use it."""


def _prepare(keys: RedactKeys, setting: Setting) -> Prepared:
    if keys.style == "hash" and not keys.hash_key:
        raise EntryRefused("hash_key", "is needed for 'as: hash'")
    names = ALL_PATTERNS if keys.patterns is None else keys.patterns
    own = [Pattern(name, source) for name, source in keys.regexes.items()]
    patterns = [*(p for name in names for p in DETECTORS[name]), *own]
    if not patterns:
        raise EntryRefused("patterns", "names nothing to look for")
    for pattern in own:
        check_regex(f"regexes.{pattern.name}", pattern.source)
    finder = make_finder(patterns, setting.lookback)
    plan = Plan(keys, finder, _restoring(keys, patterns, setting) or finder)
    return Prepared(lambda _occasion: Redact(plan))


def _restoring(keys: RedactKeys, patterns: list[Pattern], setting: Setting) -> Finder | None:
    if keys.style != "token" or "request" not in keys.apply_to:
        return None
    names = "|".join(dict.fromkeys(pattern.name.upper() for pattern in patterns))
    token = Pattern(_TOKEN, rf"\[(?:{names.replace('.', '[.]')})_[0-9]{{1,6}}\]")
    return make_finder([token, *(patterns if keys.answer_parts() else ())], setting.lookback)


REDACT = Kind(keys=RedactKeys, prepare=_prepare, max_hold_s=1.0)
