"""Encrypted reasoning on its four ways: whose it is, and to whom it may be shown."""

from headgate.dialects.responses.notes import HOME_VENDOR
from headgate.model.state import OpaqueState, read_state, seal


def from_caller(encrypted: str, item_id: str | None) -> OpaqueState | None:
    """The state in a caller's history: sealed by us, else the home vendor's own; None where a
    seal is damaged."""
    state = read_state(encrypted, HOME_VENDOR, "encrypted")
    if state is not None and state.value == encrypted:
        return OpaqueState(state.issuer, encrypted, "encrypted", item_id)
    return state


def from_backend(encrypted: str, vendor: str, item_id: str | None) -> OpaqueState:
    """The state in a reply of `vendor`."""
    return OpaqueState(vendor, encrypted, "encrypted", item_id)


def for_backend(state: OpaqueState | None, vendor: str) -> str | None:
    """What `vendor` may be shown: its own state bare, nothing of anybody else."""
    if state is None or state.issuer != vendor or state.kind != "encrypted":
        return None
    return state.value


def for_caller(state: OpaqueState) -> str:
    """What a caller is shown: the home vendor's state bare, any other sealed."""
    if state.issuer == HOME_VENDOR and state.kind == "encrypted":
        return state.value
    return seal(state)
