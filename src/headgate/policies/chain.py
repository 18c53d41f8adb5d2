"""The policy chain: its entries compiled once, opened for each exchange, swapped whole.

An entry names a built-in policy, a class in Python, or a composition of entries (``sequence``,
``parallel``, ``branch``). Everything that is wrong with it is said when it is compiled, with the
entry and the key: what cannot work on a stream is refused here, and never skipped later.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from headgate.config.problems import Findings, nearest
from headgate.policies import loaded, nodes
from headgate.policies.duty import Terms
from headgate.policies.environment import Environment
from headgate.policies.keys import (
    BranchKeys,
    CaseKeys,
    ChainRefused,
    EntryRefused,
    K,
    PolicyKeys,
    PythonKeys,
    SequenceKeys,
    WaitingKeys,
    read_keys,
    words,
)
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.kinds import KINDS
from headgate.policies.occasion import Occasion, is_credential, without_credentials
from headgate.policies.running import Running
from headgate.policies.when import Condition, WhenSettings

Entry = Mapping[str, Any]

CALLS = 4
"""A hook that asks somebody else several times has so many deadlines of one call."""
PYTHON_MAX_HOLD_S = 1.0
MOST_DEPTH = 20


class Chain:
    """A compiled chain. It never changes; exchanges under way keep the one they began with."""

    def __init__(self, compiled: tuple[nodes.Node, ...], environment: Environment) -> None:
        self._nodes = compiled
        self._environment = environment
        self._asks_backend = nodes.asks_backend(compiled)

    def opens(self, occasion: Occasion) -> Running | None:
        """The chain at work on one exchange; None where no policy is in force."""
        if not self._nodes:
            return None
        seen = msgspec.structs.replace(occasion, headers=without_credentials(occasion.headers))
        if not self._asks_backend and not any(nodes.steps(self._nodes, seen)):
            return None
        return Running(self._nodes, seen, self._environment.clock)


NO_CHAIN = Chain((), Environment())


def compile_chain(entries: Sequence[Entry], environment: Environment) -> Chain:
    """The chain of `entries`. Raises ChainRefused with all that is wrong."""
    compiler = _Compiler(environment)
    compiled = compiler.all(entries, "chain")
    if compiler.findings.problems:
        raise ChainRefused(compiler.findings.problems)
    return Chain(compiled, environment)


def check_entry(entry: Entry) -> Iterable[str]:
    """What is wrong with one entry, a sentence each."""
    compiler = _Compiler(Environment())
    compiler.one(entry, "")
    return [words(problem) for problem in compiler.findings.problems]


class _Compiler:
    """Makes nodes of entries; says in `findings` where it cannot."""

    def __init__(self, environment: Environment) -> None:
        self.findings = Findings("")
        self._environment = environment
        self._beside = 0
        self._depth = 0

    def all(self, entries: Sequence[Any], where: str) -> tuple[nodes.Node, ...]:
        made = [self.one(entry, f"{where}[{number}]") for number, entry in enumerate(entries)]
        return tuple(node for node in made if node is not None)

    def one(self, entry: Any, where: str) -> nodes.Node | None:
        try:
            return self._made(entry, where)
        except EntryRefused as error:
            self.findings.add(None, _below(where, error.key_name), str(error))
            return None

    def _made(self, entry: Any, where: str) -> nodes.Node | None:
        if not isinstance(entry, Mapping):
            raise EntryRefused("", "must be a mapping of keys")
        name = entry.get("policy")
        if not isinstance(name, str):
            raise EntryRefused("", "the key 'policy' is missing")
        if name in _COMPOSITIONS:
            return self._composition(name, entry, where)
        kind = KINDS.get(name)
        if kind is not None:
            return self._builtin(kind, entry, where)
        if ":" in name:
            return self._python(name, entry, where)
        close = nearest(name, (*KINDS, *_COMPOSITIONS))
        self.findings.add(None, _below(where, "policy"), f"there is no policy {name!r}", close)
        return None

    def _builtin(self, kind: Kind, entry: Entry, where: str) -> nodes.Node | None:
        keys = self._read(kind.keys, entry, where)
        if keys is None:
            return None
        lookback = getattr(keys, "lookback", None) or kind.lookback
        deadline_s = getattr(keys, "deadline", None) or kind.deadline_s
        prepared = kind.prepare(keys, Setting(self._environment, lookback, deadline_s))
        terms = Terms(
            name=keys.name or keys.policy,
            mode="monitor" if kind.watches else keys.mode,
            on_error=keys.on_error or kind.on_error,
            max_hold_s=_first(getattr(keys, "max_hold", None), kind.max_hold_s),
            lookback=lookback,
            deadline_s=deadline_s * CALLS + 1 if isinstance(keys, WaitingKeys) else deadline_s,
            rewrites=not prepared.judges,
        )
        return self._link(terms, prepared, keys)

    def _python(self, name: str, entry: Entry, where: str) -> nodes.Node | None:
        common = {key_: value for key_, value in entry.items() if key_ in _PYTHON_FIELDS}
        keys = self._read(PythonKeys, common, where)
        if keys is None:
            return None
        own = {key_: value for key_, value in entry.items() if key_ not in _PYTHON_FIELDS}
        prepared = loaded.prepare(loaded.load(name), own)
        terms = Terms(
            name=keys.name or name.rpartition(":")[2],
            mode=keys.mode,
            on_error=keys.on_error or "closed",
            max_hold_s=_first(keys.max_hold, PYTHON_MAX_HOLD_S),
            lookback=keys.lookback or Terms(name="").lookback,
            deadline_s=keys.deadline or Terms(name="").deadline_s,
            rewrites=not prepared.judges,
            stranger=True,
        )
        return self._link(terms, prepared, keys)

    def _read(self, kind: type[K], entry: Entry, where: str) -> K | None:
        """The entry's keys, whose conditions can be met."""
        keys = read_keys(kind, entry, where, self.findings)
        for name in ("when", "unless"):
            condition: WhenSettings | None = getattr(keys, name, None)
            for header in condition.header if condition is not None else ():
                if is_credential(header):
                    place = _below(where, f"{name}.header.{header}")
                    self.findings.add(None, place, "is a credential, which no policy sees")
                    return None
        return keys

    def _link(self, terms: Terms, prepared: Prepared, keys: PolicyKeys) -> nodes.Link | None:
        if self._beside and not prepared.judges and terms.mode != "monitor":
            message = f"{terms.name!r} may change texts; policies side by side can only judge them"
            raise EntryRefused("", message)
        return nodes.Link(terms, prepared, Condition(keys.when, keys.unless))

    def _composition(self, name: str, entry: Entry, where: str) -> nodes.Node | None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise EntryRefused("", f"is nested deeper than {MOST_DEPTH}")
        try:
            return self._branch(entry, where) if name == "branch" else self._row(entry, where)
        finally:
            self._depth -= 1

    def _row(self, entry: Entry, where: str) -> nodes.Node | None:
        keys = self._read(SequenceKeys, entry, where)
        if keys is None:
            return None
        condition = Condition(keys.when, keys.unless)
        place = _below(where, "policies")
        if not keys.policies:
            raise EntryRefused("policies", "names no policy")
        if keys.policy == "sequence":
            return nodes.Sequence(condition, self.all(keys.policies, place))
        self._beside += 1
        inner = self.all(keys.policies, place)
        self._beside -= 1
        return nodes.Parallel(keys.name or keys.policy, condition, inner)

    def _branch(self, entry: Entry, where: str) -> nodes.Node | None:
        keys = self._read(BranchKeys, entry, where)
        if keys is None:
            return None
        cases = []
        for number, case in enumerate(keys.cases):
            place = _below(where, f"cases[{number}]")
            read = self._read(CaseKeys, case, place)
            if read is not None:
                inner = self.all(read.policies, _below(place, "policies"))
                cases.append(nodes.Sequence(Condition(read.when, read.unless), inner))
        otherwise = self.all(keys.otherwise, _below(where, "otherwise"))
        cases.append(nodes.Sequence(Condition(), otherwise))
        return nodes.Branch(Condition(keys.when, keys.unless), tuple(cases))


_COMPOSITIONS = ("sequence", "parallel", "branch")
_PYTHON_FIELDS = frozenset(PythonKeys.__struct_fields__)


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where and name else where or name


def _first(said: float | None, default: float | None) -> float | None:
    return default if said is None else said
