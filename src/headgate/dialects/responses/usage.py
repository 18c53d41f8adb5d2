"""Token counts of this dialect, both ways."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.responses.notes import NAME
from headgate.model.usage import Usage
from headgate.wire.json_fields import count, fields

_KNOWN = frozenset(
    {
        "input_tokens",
        "input_tokens_details",
        "output_tokens",
        "output_tokens_details",
        "total_tokens",
    }
)


def read_usage(value: object) -> Usage | None:
    """The usage in a response's ``usage`` field; None where it says nothing."""
    if not isinstance(value, dict):
        return None
    inputs = fields(value, "input_tokens_details")
    outputs = fields(value, "output_tokens_details")
    usage = Usage(
        input_tokens=count(value, "input_tokens"),
        output_tokens=count(value, "output_tokens"),
        cached_tokens=count(inputs, "cached_tokens"),
        cache_write_tokens=count(inputs, "cache_write_tokens"),
        reasoning_tokens=count(outputs, "reasoning_tokens"),
        dialect=NAME,
        extras=value if _says_more(value, inputs, outputs) else None,
    )
    said = (usage.input_tokens, usage.output_tokens)
    return usage if usage.extras or any(number is not None for number in said) else None


def write_usage(usage: Usage | None) -> dict[str, Any] | None:
    """The ``usage`` field: strict clients need every count as an integer, so unknown is 0."""
    if usage is None:
        return None
    native = usage.extras if usage.dialect == NAME and usage.extras else {}
    inputs = {**fields(native, "input_tokens_details"), "cached_tokens": usage.cached_tokens or 0}
    if usage.cache_write_tokens is not None:
        inputs["cache_write_tokens"] = usage.cache_write_tokens
    outputs = fields(native, "output_tokens_details")
    return {
        **native,
        "input_tokens": usage.input_tokens or 0,
        "input_tokens_details": inputs,
        "output_tokens": usage.output_tokens or 0,
        "output_tokens_details": {**outputs, "reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": usage.total_tokens,
    }


def _says_more(
    value: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Any]
) -> bool:
    return (
        not value.keys() <= _KNOWN
        or not inputs.keys() <= {"cached_tokens", "cache_write_tokens"}
        or not outputs.keys() <= {"reasoning_tokens"}
    )
