"""What one key cannot say alone: references between sections, names used twice, cycles."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from headgate.config.backend_section import ADDRESSLESS, BackendSettings
from headgate.config.build import Places
from headgate.config.model_section import ModelSettings, RewriteSettings, TargetSettings
from headgate.config.problems import Findings, nearest
from headgate.config.schema import Config
from headgate.config.user_section import UserSettings

_WILD = re.compile(r"[*?\[]")

CheckPolicy = Callable[[Mapping[str, Any]], Iterable[str]]
"""Says what is wrong with one entry of the policy chain, a sentence each."""


class Review(msgspec.Struct, frozen=True):
    """A configuration under review: what was built, where it stood, and the backends' names as
    the file declares them (also those that could not be built)."""

    config: Config
    places: Places
    findings: Findings
    backends: frozenset[str]

    def add(self, record: object, path: tuple[str | int, ...], where: str, message: str) -> None:
        """Notes a problem at `path` inside `record`."""
        self.findings.add(self.places.line(record, *path), where, message)

    def known_models(self) -> frozenset[str] | None:
        """Every name that can be asked for; None where some backend tells its models itself."""
        config = self.config
        if len(config.backends) != len(self.backends):
            return None
        names = {*config.models, *(rewrite.source for rewrite in config.rewrites)}
        for backend in config.backends.values():
            if backend.models == "*":
                return None
            names.update(backend.models)
        return frozenset(names)


def check(review: Review, check_policy: CheckPolicy | None = None) -> None:
    """Adds to the findings what does not hold between the parts."""
    _check_backends(review)
    for name, model in review.config.models.items():
        _check_model(review, name, model)
    _check_rewrites(review)
    _check_users(review)
    _check_oidc(review)
    _check_policies(review, check_policy)


def find_cycle(rewrites: Iterable[RewriteSettings]) -> tuple[str, ...]:
    """The names of a cycle among the active rules, the first repeated at the end; else empty."""
    follow = {rule.source: rule.target for rule in rewrites if rule.active}
    for start in follow:
        path = [start]
        while (target := follow.get(path[-1])) is not None:
            if target in path:
                return (*path[path.index(target) :], target)
            path.append(target)
    return ()


def _check_backends(review: Review) -> None:
    for name, backend in review.config.backends.items():
        where = f"backends.{name}"
        ways = [way for way in ("base_url", "agent") if review.places.says(backend, way)]
        if len(ways) == 2:
            review.add(backend, ("agent",), where, "has a base_url and an agent; it is one of both")
        if not ways and not review.places.says(backend, "kind"):
            review.add(backend, (), where, "the key 'base_url' is missing")
        if not ways and backend.kind in ADDRESSLESS:
            message = f"the kind {backend.kind} has no address of its own; base_url is missing"
            review.add(backend, ("kind",), where, message)
        _check_credentials(review, where, backend)
        if backend.speaks is not None and not backend.speaks:
            review.add(backend, ("speaks",), f"{where}.speaks", "names no dialect")
        for dialect in _repeated(backend.speaks or ()):
            review.add(backend, ("speaks",), f"{where}.speaks", f"names {dialect!r} twice")


def _check_credentials(review: Review, where: str, backend: BackendSettings) -> None:
    if backend.auth == "sigv4" and not review.places.says(backend, "aws"):
        review.add(backend, ("auth",), where, "sigv4 needs the key 'aws'")
    if backend.aws is not None and (backend.api_key or backend.auth not in (None, "sigv4")):
        review.add(backend, ("aws",), where, "has aws credentials and another way to sign in")


def _check_model(review: Review, name: str, model: ModelSettings) -> None:
    where = f"models.{name}"
    if not model.targets:
        review.add(model, ("targets",), where, "has no target")
    elif model.strategy == "weighted" and not any(target.weight for target in model.targets):
        review.add(model, ("targets",), where, "every target has the weight 0")
    for number, target in enumerate(model.targets):
        _check_target(review, f"{where}.targets[{number}]", target)


def _check_target(review: Review, where: str, target: TargetSettings) -> None:
    line = review.places.line(target, "backend")
    if target.backend not in review.backends:
        close = nearest(target.backend, review.backends)
        message = f"there is no backend {target.backend!r}"
        review.findings.add(line, f"{where}.backend", message, close)


def _check_rewrites(review: Review) -> None:
    rewrites = review.config.rewrites
    for source in _repeated(rule.source for rule in rewrites):
        last = next(rule for rule in reversed(rewrites) if rule.source == source)
        review.add(last, ("source",), "rewrites", f"the source {source!r} stands twice")
    cycle = find_cycle(rewrites)
    if cycle:
        rule = next(rule for rule in rewrites if rule.active and rule.source == cycle[0])
        message = f"the rules run in a cycle: {' -> '.join(cycle)}"
        review.add(rule, ("target",), "rewrites", message)
    known = review.known_models()
    for rule in rewrites:
        if known is not None and rule.target not in known:
            line = review.places.line(rule, "target")
            message = f"there is no model {rule.target!r}"
            review.findings.add(line, "rewrites", message, nearest(rule.target, known))


def _check_users(review: Review) -> None:
    users = review.config.users
    keys: dict[str, UserSettings] = {}
    names: dict[str, UserSettings] = {}
    for user in users:
        where = f"users.{user.name}"
        if user.name in names:
            review.add(user, ("name",), where, "this name stands twice")
        same = keys.get(user.api_key)
        if same is not None:
            review.add(user, ("api_key",), where, f"has the same api_key as {same.name!r}")
        names.setdefault(user.name, user)
        keys.setdefault(user.api_key, user)
        _check_user_names(review, where, user)


def _check_user_names(review: Review, where: str, user: UserSettings) -> None:
    for number, name in enumerate(() if user.backends == "*" else user.backends):
        if name not in review.backends:
            line = review.places.line(user, "backends", number)
            close = nearest(name, review.backends)
            review.findings.add(line, f"{where}.backends", f"there is no backend {name!r}", close)
    known = review.known_models()
    for number, glob in enumerate(() if user.models == "*" or known is None else user.models):
        if glob not in (known or ()) and not _WILD.search(glob):
            line = review.places.line(user, "models", number)
            message = f"no model is called {glob!r}"
            review.findings.add(line, f"{where}.models", message, nearest(glob, known or ()))


def _check_oidc(review: Review) -> None:
    oidc = review.config.admin.oidc
    if oidc is None:
        return
    where = "admin.oidc"
    if "openid" not in oidc.scopes:
        review.add(oidc, ("scopes",), f"{where}.scopes", "must name 'openid'")
    if oidc.default_role is None and not review.places.says(oidc, "roles"):
        review.add(oidc, (), where, "lets nobody in; name roles or a default_role")
    if oidc.default_role is not None and not review.places.says(oidc, "allowed_domains"):
        message = (
            "lets in everybody whom the issuer knows; name allowed_domains, or '*' if that is meant"
        )
        review.add(oidc, ("default_role",), f"{where}.default_role", message)


def _check_policies(review: Review, check_policy: CheckPolicy | None) -> None:
    policies = review.config.policies
    for number, entry in enumerate(policies.chain):
        where = f"policies.chain[{number}]"
        if not isinstance(entry.get("policy"), str):
            review.add(policies, ("chain", number), where, "the key 'policy' is missing")
            continue
        for problem in check_policy(entry) if check_policy else ():
            review.add(policies, ("chain", number), where, problem)


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
