"""What the environment says over the file: ``HEADGATE_HOST``, ``HEADGATE_PORT`` and the like."""

from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.config.build import Builder, Places
from headgate.config.problems import Findings, Problem
from headgate.config.schema import Config
from headgate.config.tree import Entry, Node, Scalar, Table

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "HEADGATE_HOST": ("server", "host"),
    "HEADGATE_PORT": ("server", "port"),
    "HEADGATE_DATABASE_URL": ("database",),
    "HEADGATE_REDIS_URL": ("redis",),
    "DETAIL_STREAM_LOG_MODE": ("logging", "stream_detail"),
}
"""From variables to the keys that they override."""

FALLBACKS: Mapping[str, str] = {"DETAIL_STREAM_LOG_MODE": "compact"}
"""What is taken instead of a word that a variable cannot say; for others it is a problem."""


def override(config: Config, env: Mapping[str, str], findings: Findings) -> Config:
    """`config` with what `env` says; an empty variable says nothing."""
    for variable, path in VARIABLES.items():
        text = env.get(variable, "")
        if text and variable in FALLBACKS and _problems(variable, text):
            text = FALLBACKS[variable]
        if text:
            config = _override(config, variable, path, text, findings)
    return config


def passed_over(env: Mapping[str, str]) -> list[Problem]:
    """What is wrong with variables in whose place a fallback is taken."""
    said = [(variable, env.get(variable, "")) for variable in FALLBACKS]
    return [problem for variable, text in said if text for problem in _problems(variable, text)]


def _problems(variable: str, text: str) -> list[Problem]:
    findings = Findings("the environment")
    _override(Config(), variable, VARIABLES[variable], text, findings)
    return findings.problems


def _override(
    config: Config, variable: str, path: tuple[str, ...], text: str, findings: Findings
) -> Config:
    own = Findings("the environment")
    read = Builder(own, Places()).record(Config, _document(path, text))
    for problem in own.problems:
        findings.take(msgspec.structs.replace(problem, line=None, where=variable))
    if read is None or own.problems:
        return config
    replaced: Config = _replaced(config, path, _reached(read, path))
    return replaced


def _document(path: tuple[str, ...], text: str) -> Node:
    node: Node = Scalar(text, plain=True, expanded=True)
    for key in reversed(path):
        node = Table((Entry(key, node),))
    return node


def _reached(record: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        record = getattr(record, key)
    return record


def _replaced(record: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    inner = _replaced(getattr(record, path[0]), path[1:], value)
    return msgspec.structs.replace(record, **{path[0]: inner})
