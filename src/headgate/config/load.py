"""From a file, a text or a decoded object to checked records, or to every problem at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from headgate.config.backend_section import BackendSettings
from headgate.config.build import Builder, Places
from headgate.config.checks import CheckPolicy, Review, check
from headgate.config.formats import check_http, check_key
from headgate.config.overrides import override
from headgate.config.problems import ConfigErrors, Findings, Problem
from headgate.config.schema import Config
from headgate.config.tree import Node, Table, compose, from_plain

T = TypeVar("T")


def load(
    path: str | Path, env: Mapping[str, str], check_policy: CheckPolicy | None = None
) -> Config:
    """The configuration in the file at `path`. Raises ConfigErrors."""
    file = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or "it is no file"
        raise ConfigErrors([Problem(file, None, "", f"cannot be read: {reason}")]) from error
    return parse(data, env, file, check_policy)


def parse(
    text: str | bytes,
    env: Mapping[str, str],
    filename: str,
    check_policy: CheckPolicy | None = None,
) -> Config:
    """The configuration in `text`, variables taken from `env`. Raises ConfigErrors with all
    problems; `check_policy` adds those of the policy chain's entries."""
    findings = Findings(filename)
    root = compose(_decode(text, findings), env, findings)
    places = Places()
    config = Builder(findings, places).record(Config, root or Table(()))
    if config is not None:
        config = override(config, env, findings)
        review = Review(config, places, findings, _declared(root, "backends"))
        check(review, check_policy)
    findings.raise_any()
    assert config is not None
    return config


def read_section(kind: type[T], value: Any, name: str = "") -> T:
    """A record of `kind` from a decoded JSON object, by the rules of the file: the same keys and
    units. `name` stands for the file in problems. Raises ConfigErrors."""
    findings = Findings(name)
    record = Builder(findings, Places()).record(kind, from_plain(value))
    findings.raise_any()
    assert record is not None
    return record


def from_environment(
    backends: Mapping[str, BackendSettings], origins: Mapping[str, str], env: Mapping[str, str]
) -> Config:
    """The configuration of `backends` alone and what `env` overrides; `origins` names the variable
    that each backend's key came from. Raises ConfigErrors."""
    findings = Findings("the environment")
    for name, backend in backends.items():
        for check_text, text in ((check_key, backend.api_key), (check_http, backend.base_url)):
            try:
                check_text(text or "")
            except ValueError as error:
                findings.add(None, origins[name], str(error))
    config = override(Config(backends=backends), env, findings)
    findings.raise_any()
    return config


def _decode(text: str | bytes, findings: Findings) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        findings.add(line, "", f"is not UTF-8 (byte {error.start + 1} of the file)")
        return ""


def _declared(root: Node | None, section: str) -> frozenset[str]:
    entry = root.find(section) if isinstance(root, Table) else None
    if entry is None or not isinstance(entry.value, Table):
        return frozenset()
    return frozenset(inner.key for inner in entry.value.entries)
