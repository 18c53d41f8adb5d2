"""Opaque reasoning state at this dialect's border: bare, sealed, or left out.

The only place of the dialect that decides it. A signature of the home vendor travels bare to
callers; another vendor's is sealed. Towards a backend only its own state passes.
"""

from typing import Any

from headgate.model.state import PREFIX, OpaqueState, StateKind, read_state, seal, unseal

HOME = "anthropic"
"""The vendor whose signatures travel bare in this dialect."""

SEALED = b'"hg1.'
"""How a sealed state looks in a body."""

_UNSIGNED = seal(OpaqueState("unsigned", ""))


def from_caller(text: Any, kind: StateKind) -> OpaqueState | None:
    """The state in a caller's ``signature`` or ``data``; None where nobody signed."""
    if not isinstance(text, str) or not text:
        return None
    state = read_state(text, HOME, kind)
    return state if state is not None and state.value else None


def from_backend(text: Any, vendor: str, kind: StateKind) -> OpaqueState | None:
    """The state that a backend of `vendor` sent; None where it is empty."""
    return OpaqueState(vendor, text, kind) if isinstance(text, str) and text else None


def for_caller(text: str, state: OpaqueState | None) -> dict[str, Any] | None:
    """The thinking block of a reply; None where there is nothing to say.

    Reasoning that nobody signed gets a sealed empty signature: clients refuse a block without
    one, and the seal tells us later that it must not reach a vendor who checks signatures.
    """
    if state is not None and state.kind == "redacted" and not text:
        return {"type": "redacted_thinking", "data": _for_caller(state)}
    if not text and state is None:
        return None
    return {"type": "thinking", "thinking": text, "signature": signature_for_caller(state)}


def signature_for_caller(state: OpaqueState | None) -> str:
    """The signature that closes a thinking block."""
    if state is None:
        return _UNSIGNED
    if state.kind != "signature":
        return seal(state)
    return _for_caller(state)


def for_backend(
    text: str, state: OpaqueState | None, vendor: str, unsigned_too: bool
) -> dict[str, Any] | None:
    """The thinking block of a request to `vendor`; None where the vendor would refuse it.

    `unsigned_too`: the backend takes reasoning back that nobody signed.
    """
    if state is not None and state.issuer == vendor:
        if state.kind == "redacted":
            return {"type": "redacted_thinking", "data": state.value}
        return {"type": "thinking", "thinking": text, "signature": state.value}
    if text and unsigned_too:
        return {"type": "thinking", "thinking": text, "signature": ""}
    return None


def reopen(block: dict[str, Any], vendor: str, unsigned_too: bool) -> dict[str, Any] | None:
    """A caller's thinking block as `vendor` may see it: itself where it carries no seal."""
    field = "data" if block.get("type") == "redacted_thinking" else "signature"
    text = block.get(field)
    if not isinstance(text, str) or not text.startswith(PREFIX):
        return block
    thinking = block.get("thinking")
    words = thinking if isinstance(thinking, str) else ""
    return for_backend(words, unseal(text), vendor, unsigned_too)


def _for_caller(state: OpaqueState) -> str:
    return state.value if state.issuer == HOME else seal(state)
