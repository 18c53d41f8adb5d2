"""``${NAME}`` and ``${NAME:-default}`` inside the values of a configuration."""

import re
from collections.abc import Mapping

_MARK = re.compile(r"\$\$|\$\{([^}]*)(\}?)")
_WHOLE_MARK = re.compile(r"\$\$\{[^}\n\"']*\}|\$\{[^}\n\"']*\}")
_OPEN, _CLOSE = "\uf8f0", "\uf8f1"
_COVER = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_CONTENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


def expand(text: str, env: Mapping[str, str]) -> tuple[str, list[str]]:
    """`text` with variables replaced, and sentences about those that could not be.

    ``$$`` stands for one ``$``; a default serves where the variable is unset or empty. What is
    put in is not searched again.
    """
    if "$" not in text:
        return text, []
    problems: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match.group() == "$$":
            return "$"
        value, problem = _value(match.group(1), bool(match.group(2)), env)
        if problem:
            problems.append(problem)
        return value

    return _MARK.sub(replace, text), problems


class Cover:
    """Hides marks from the YAML parser, to which ``{`` and ``}`` mean something inside ``{ }``.

    `text` is what to parse; `uncover` gives a scalar's own text back.
    """

    def __init__(self, text: str) -> None:
        self._marks: list[str] = []
        clash = _OPEN in text
        self.text = text if clash else _WHOLE_MARK.sub(self._hide, text)

    def uncover(self, text: str) -> str:
        """`text` with its marks as they were written."""
        if _OPEN not in text or not self._marks:
            return text
        return _COVER.sub(lambda match: self._marks[int(match.group(1))], text)

    def _hide(self, match: re.Match[str]) -> str:
        self._marks.append(match.group())
        return f"{_OPEN}{len(self._marks) - 1}{_CLOSE}"


def _value(content: str, closed: bool, env: Mapping[str, str]) -> tuple[str, str | None]:
    if not closed:
        return "", "'${' has no closing '}'; write $${ for the characters themselves"
    match = _CONTENT.fullmatch(content)
    if match is None:
        return "", f"'${{{content}}}' names no variable; write ${{NAME}} or ${{NAME:-default}}"
    name, default = match.groups()
    if default is not None and "${" in default:
        return "", f"the default of ${{{name}}} cannot hold another ${{…}}"
    if default is not None:
        return env.get(name) or default, None
    if name not in env:
        return "", f"the environment variable {name} is not set; ${{{name}:-…}} gives a default"
    return env[name], None
