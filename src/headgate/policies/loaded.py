"""Policies in Python, by the name ``package.module:Class``."""

import importlib
import inspect
import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.config.problems import nearest
from headgate.policies.keys import EntryRefused
from headgate.policies.kind import Prepared
from headgate.policies.patience import Endless, bounded
from headgate.policies.policy import Policy

MAKE_S = 60.0
"""How long the first instance may take, which may have much to read."""


def load(name: str) -> type[Policy]:
    """The class. Raises EntryRefused."""
    module_name, _, class_name = name.partition(":")
    if not class_name.isidentifier() or not all(map(str.isidentifier, module_name.split("."))):
        raise EntryRefused("policy", f"{name!r} is no package.module:Class")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise EntryRefused("policy", f"{module_name!r} cannot be imported: {error}") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise EntryRefused("policy", f"{module_name!r} fails when imported: {reason}") from error
    found = getattr(module, class_name, None)
    if found is None:
        close = nearest(class_name, vars(module))
        hint = f"; did you mean {close!r}?" if close else ""
        raise EntryRefused("policy", f"{module_name!r} has no {class_name!r}{hint}")
    if not isinstance(found, type) or not issubclass(found, Policy):
        raise EntryRefused("policy", f"{name!r} is no subclass of headgate.policies.Policy")
    return found


def prepare(kind: type[Policy], keys: Mapping[str, Any]) -> Prepared:
    """`kind` with `keys` as its keyword arguments, in their declared types. Raises EntryRefused.

    One instance is made at once, so that what is wrong with the keys shows now.
    """
    arguments = {name: _typed(kind, name, value) for name, value in keys.items()}
    signature = inspect.signature(kind)
    known = [name for name, p in signature.parameters.items() if p.kind in _BY_NAME]
    takes_all = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    for name in () if takes_all else keys:
        if name not in known:
            close = nearest(name, known)
            raise EntryRefused(name, "is unknown" + (f"; did you mean {close!r}?" if close else ""))
    for name in known:
        if signature.parameters[name].default is inspect.Parameter.empty and name not in keys:
            raise EntryRefused(name, "is missing")
    try:
        sample = bounded(MAKE_S, lambda: kind(**arguments))
    except Endless as error:
        raise EntryRefused("", f"cannot be made within {MAKE_S:g} s") from error
    except (Exception, SystemExit) as error:
        raise EntryRefused("", f"cannot be made: {type(error).__name__}: {error}") from error
    return Prepared(lambda _occasion: kind(**arguments), judges=sample.judges)


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _typed(kind: type[Policy], name: str, value: Any) -> Any:
    """`value` as the parameter's annotation has it; as it is where there is none that helps."""
    try:
        hints = typing.get_type_hints(kind.__init__)
    except (NameError, TypeError, AttributeError):
        return value
    if name not in hints:
        return value
    try:
        return msgspec.convert(value, hints[name])
    except msgspec.ValidationError as error:
        raise EntryRefused(name, _lower(str(error))) from error
    except TypeError:
        return value


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
