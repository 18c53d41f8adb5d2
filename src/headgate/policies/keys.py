"""The keys that every entry of the chain may have, and how an entry is read."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from typing_extensions import override

from headgate.config.build import Builder, Places
from headgate.config.problems import Findings, Problem
from headgate.config.section import Duration, Section, key
from headgate.config.tree import from_plain
from headgate.model.parts import Role
from headgate.policies.duty import Mode, OnError
from headgate.policies.policy import Reads
from headgate.policies.when import WhenSettings

Side = Literal["request", "response"]
BOTH: tuple[Side, ...] = ("request", "response")
Characters = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class EntryKeys(Section, frozen=True, kw_only=True):
    """What every entry may say."""

    policy: Annotated[str, key("The kind of policy, or package.module:Class.")]
    name: Annotated[str | None, key("What errors, logs and metrics call it.")] = None
    when: Annotated[WhenSettings | None, key("In force only where this fits.")] = None
    unless: Annotated[WhenSettings | None, key("Not in force where this fits.")] = None

    @override
    def __repr__(self) -> str:
        # The keys of an entry may be secrets.
        return f"{type(self).__name__}(policy={self.policy!r}, name={self.name!r})"

    @override
    def __rich_repr__(self) -> Any:
        """The same for pretty printers."""
        yield from (("policy", self.policy), ("name", self.name))


class PolicyKeys(EntryKeys, frozen=True, kw_only=True):
    """What every entry with a policy of its own may say."""

    mode: Annotated[Mode, key("Whether it acts, or only notes what it would do.")] = "enforce"
    on_error: Annotated[
        OnError | None, key("A failure: 'closed' blocks, 'open' goes on without the policy.")
    ] = None


class HoldingKeys(PolicyKeys, frozen=True, kw_only=True):
    """What entries may say that hold text of a stream."""

    max_hold: Annotated[Duration | None, key("How long text is held at most.")] = None
    lookback: Annotated[Characters | None, key("How many characters are held at most.")] = None


class WaitingKeys(HoldingKeys, frozen=True, kw_only=True):
    """What entries may say that ask somebody else about texts."""

    deadline: Annotated[Duration | None, key("How long an answer is waited for.")] = None
    window: Annotated[
        Annotated[int, msgspec.Meta(ge=20, le=1_000_000)],
        key("Characters of a streamed answer that are asked about at a time."),
    ] = 400
    apply_to: Annotated[tuple[Side, ...], key("Requests, answers, or both.")] = BOTH
    roles: Annotated[tuple[Role, ...], key("Whose messages of a request are asked about.")] = (
        "user",
        "tool",
    )

    def applies_to(self, side: Side) -> bool:
        """Whether requests, or answers, are asked about."""
        return side in self.apply_to


Part = Literal["text", "reasoning", "tool_calls"]
ALL_PARTS: tuple[Part, ...] = ("text", "reasoning", "tool_calls")


class ReadingKeys(HoldingKeys, frozen=True, kw_only=True):
    """What entries may say that read texts."""

    apply_to: Annotated[tuple[Side, ...], key("Requests, answers, or both.")] = BOTH
    parts: Annotated[tuple[Part, ...], key("What of an answer is read.")] = ALL_PARTS
    roles: Annotated[tuple[Role, ...] | None, key("Whose messages of a request are read.")] = None

    def role_set(self) -> frozenset[str] | None:
        """The roles whose messages are read; None: every role."""
        return None if self.roles is None else frozenset(self.roles)

    def answer_parts(self) -> frozenset[Reads]:
        """What is read of an answer; nothing where it is not applied to answers."""
        return frozenset(self.parts if "response" in self.apply_to else ())


class PythonKeys(HoldingKeys, frozen=True, kw_only=True):
    """What entries of policies in Python may say beside their own keys."""

    deadline: Annotated[Duration | None, key("How long an async hook may take.")] = None


Entries = tuple[Mapping[str, Any], ...]


class SequenceKeys(EntryKeys, frozen=True, kw_only=True):
    """The keys of ``sequence`` and ``parallel``."""

    policies: Annotated[Entries, key("Entries of the chain.")]


class CaseKeys(Section, frozen=True, kw_only=True):
    """The keys of one case of a branch."""

    policies: Annotated[Entries, key("Entries of the chain.")]
    when: Annotated[WhenSettings | None, key("The case where this fits.")] = None
    unless: Annotated[WhenSettings | None, key("The case where this does not fit.")] = None


class BranchKeys(EntryKeys, frozen=True, kw_only=True):
    """The keys of ``branch``."""

    cases: Annotated[Entries, key("Each with 'when' or 'unless', and 'policies'.")]
    otherwise: Annotated[Entries, key("Entries where no case fits.")] = ()


K = TypeVar("K", bound=Section)


class ChainRefused(Exception):  # noqa: N818 - named for the fact
    """A chain that cannot be used, with all its problems; ``where`` names entry and key."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(words, problems)))


class EntryRefused(Exception):  # noqa: N818 - named for the fact
    """A key of one entry does not do, for a reason that its type cannot say."""

    def __init__(self, key_name: str, message: str) -> None:
        super().__init__(message)
        self.key_name = key_name


def read_keys(kind: type[K], entry: Mapping[str, Any], where: str, findings: Findings) -> K | None:
    """The entry as a record of `kind`; None, and the reasons in `findings`, where it is none."""
    before = len(findings.problems)
    record = Builder(findings, Places()).record(kind, from_plain(entry), where)
    return record if len(findings.problems) == before else None


def words(problem: Problem) -> str:
    """A problem in one sentence, without file and line."""
    subject = f"{problem.where}: " if problem.where else ""
    hint = f"; did you mean {problem.nearest!r}?" if problem.nearest else ""
    return f"{subject}{problem.message}{hint}"
