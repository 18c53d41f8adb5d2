"""Durations and sizes as people write them: ``5s``, ``10m``, ``32MiB``."""

import re

DURATION_PATTERN = r"^(0|[0-9]+(\.[0-9]+)?(ms|s|m|h|d))$"
SIZE_PATTERN = r"^(0|[0-9]+(\.[0-9]+)?(B|kB|MB|GB|KiB|MiB|GiB))$"

LONGEST_S = 3650 * 86_400.0
"""Ten years: what is longer was not meant, and overflows timers."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_BYTES = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_WRITTEN = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-zµ]*)", re.ASCII)


def read_duration(text: str) -> float:
    """Seconds in `text`. Raises ValueError with what to write instead."""
    number, unit = _split(text, "a duration", ", ".join(_SECONDS))
    if not unit:
        return _unitless(number, text, f"write {text}s or {text}m")
    if unit not in _SECONDS:
        raise ValueError(f"unknown unit {unit!r} of a duration; known are {', '.join(_SECONDS)}")
    seconds = number * _SECONDS[unit]
    if seconds > LONGEST_S:
        raise ValueError("a duration can be ten years at most")
    return seconds


def read_size(text: str) -> int:
    """Bytes in `text`. Raises ValueError with what to write instead."""
    number, unit = _split(text, "a size", ", ".join(_BYTES))
    if not unit:
        return int(_unitless(number, text, f"write {text}kB or {text}MiB"))
    if unit not in _BYTES:
        raise ValueError(f"unknown unit {unit!r} of a size; known are {', '.join(_BYTES)}")
    return int(number * _BYTES[unit])


def write_duration(seconds: float) -> str:
    """The shortest text that `read_duration` reads as `seconds`."""
    if seconds == 0:
        return "0"
    units = [unit for unit in _SECONDS if (seconds / _SECONDS[unit]).is_integer()]
    unit = units[-1] if units else "s"
    return f"{seconds / _SECONDS[unit]:.15g}{unit}"


def write_size(size: int) -> str:
    """The shortest text that `read_size` reads as `size`."""
    if size == 0:
        return "0"
    units = [unit for unit in _BYTES if size % _BYTES[unit] == 0]
    unit = max(units, key=lambda name: _BYTES[name])
    return f"{size // _BYTES[unit]}{unit}"


def _split(text: str, what: str, units: str) -> tuple[float, str]:
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"must be {what}: a number and a unit ({units})")
    return float(match.group(1)), match.group(2)


def _unitless(number: float, text: str, hint: str) -> float:
    if number:
        raise ValueError(f"{text} has no unit; {hint}")
    return 0.0
