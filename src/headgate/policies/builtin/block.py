"""Words, regexes and topics that end the exchange, or (`log_only`) are only counted."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from typing_extensions import override

from headgate.config.section import key
from headgate.model.parts import ToolCall
from headgate.model.request import Request
from headgate.policies.flow import Flow, run_whole
from headgate.policies.json_strings import map_strings
from headgate.policies.keys import EntryRefused, ReadingKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.patterns.finder import Finder, Hit, Pattern
from headgate.policies.policy import Policy, Reads, Refuse
from headgate.policies.request_texts import map_texts
from headgate.policies.scanning import ScanFlow, check_regex, make_finder, scan_whole

Words = tuple[str, ...]
Count = Annotated[int, msgspec.Meta(ge=1)]


class BlockKeys(ReadingKeys, frozen=True, kw_only=True):
    """The keys of ``block`` and ``log_only``."""

    words: Annotated[Words, key("Words and phrases, whatever their case.")] = ()
    regexes: Annotated[
        Mapping[Annotated[str, key("A name.", text="name")], str],
        key("Regexes (RE2), by the name that the refusal says."),
    ] = {}
    topics: Annotated[
        Mapping[Annotated[str, key("A name.", text="name")], Words],
        key("Words that make a topic, by the topic's name."),
    ] = {}
    topic_words: Annotated[
        Count, key("How many different words of a topic make it: in one message or block.")
    ] = 2
    message: Annotated[str | None, key("What the caller reads as the reason.")] = None


class Plan(msgspec.Struct, frozen=True):
    """An entry made ready. ``topics``: from a word to the topics that it belongs to."""

    keys: BlockKeys
    finder: Finder
    topics: Mapping[str, tuple[str, ...]]
    acts: bool


class Block(Policy):
    """See the module."""

    judges = True
    answers_calls = False

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @override
    def reads(self) -> frozenset[Reads]:
        return self._plan.keys.answer_parts()

    @override
    async def on_request(self, request: Request) -> Request:
        keys = self._plan.keys
        if "request" in keys.apply_to:
            await map_texts(request, keys.role_set(), self._look)
        return request

    @override
    def open_flow(self, kind: Reads, choice: int) -> Flow:
        met: dict[str, set[str]] = {}
        return ScanFlow(self._plan.finder, lambda hit: self._judge(hit, met), self._refusal)

    @override
    def on_tool_call(self, call: ToolCall) -> None:
        map_strings(call.arguments, self._whole)

    async def _look(self, text: str) -> str:
        return await scan_whole(self.open_flow("text", 0), text)

    def _whole(self, text: str) -> str:
        return run_whole(self.open_flow("tool_calls", 0), text)

    def _judge(self, hit: Hit, met: dict[str, set[str]]) -> str | None:
        """None: enough."""
        kind = hit.pattern.name
        if kind == "topic":
            word = _folded(hit.text)
            for topic in self._plan.topics.get(word, ()):
                met.setdefault(topic, set()).add(word)
                if len(met[topic]) == self._plan.keys.topic_words:
                    self.note(f"topic:{topic}")
                    return None if self._plan.acts else hit.text
            return hit.text
        self.note(kind)
        return None if self._plan.acts else hit.text

    def _refusal(self, hit: Hit) -> Refuse:
        return Refuse(self._plan.keys.message or _REASONS[hit.pattern.name.partition(":")[0]])


_REASONS = {
    "word": "it contains a word that is not allowed",
    "regex": "it contains a text that is not allowed",
    "topic": "it is about a topic that is not allowed",
}


def _patterns(keys: BlockKeys) -> list[Pattern]:
    topics = list(dict.fromkeys(word for words in keys.topics.values() for word in words))
    patterns = []
    for name, words in (("word", list(keys.words)), ("topic", topics)):
        if not all(word.strip() for word in words):
            raise EntryRefused(f"{name}s", "has an empty word")
        if words:
            patterns.append(Pattern(name, f"(?i:{'|'.join(map(word_regex, words))})"))
    for name, source in keys.regexes.items():
        check_regex(f"regexes.{name}", source)
        patterns.append(Pattern(f"regex:{name}", source))
    if not patterns:
        raise EntryRefused("", "has no words, regexes or topics")
    return patterns


def word_regex(word: str) -> str:
    """The regex of a word or phrase: any space between its words, no letter beside it. RE2 knows
    the edges of ASCII words only; beside other letters a word is found inside words as well."""
    word = word.strip()
    edges = [r"\b" if _is_ascii_word(character) else "" for character in (word[0], word[-1])]
    inner = r"\s{1,8}".join(map(_escape, word.split()))
    return f"{edges[0]}{inner}{edges[1]}"


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def _escape(text: str) -> str:
    return "".join(c if not c.isascii() or c.isalnum() or c == "_" else f"\\{c}" for c in text)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _plan(keys: BlockKeys, setting: Setting, acts: bool) -> Plan:
    topics: dict[str, tuple[str, ...]] = {}
    for topic, words in keys.topics.items():
        for word in map(_folded, words):
            topics[word] = (*topics.get(word, ()), topic)
    return Plan(keys, make_finder(_patterns(keys), setting.lookback), topics, acts)


def _prepare(keys: BlockKeys, setting: Setting) -> Prepared:
    plan = _plan(keys, setting, acts=True)
    return Prepared(lambda _occasion: Block(plan), judges=True)


def _prepare_log(keys: BlockKeys, setting: Setting) -> Prepared:
    if keys.max_hold is not None:
        raise EntryRefused("max_hold", "has no meaning here: log_only never holds anything")
    plan = _plan(keys, setting, acts=False)
    return Prepared(lambda _occasion: Block(plan), judges=True)


BLOCK = Kind(keys=BlockKeys, prepare=_prepare, max_hold_s=1.0)
LOG_ONLY = Kind(keys=BlockKeys, prepare=_prepare_log, on_error="open", watches=True)
