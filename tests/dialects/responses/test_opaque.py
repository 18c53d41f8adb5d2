from headgate.dialects.responses import opaque
from headgate.model.state import OpaqueState, seal


def test_bare_state_of_a_caller_is_the_home_vendors() -> None:
    state = opaque.from_caller("blob", "rs_1")
    assert state == OpaqueState("openai", "blob", "encrypted", "rs_1")


def test_sealed_state_of_a_caller_keeps_its_issuer_and_id() -> None:
    sealed = OpaqueState("anthropic", "sig", "signature", "x")
    assert opaque.from_caller(seal(sealed), "rs_hg") == sealed


def test_a_damaged_seal_belongs_to_nobody() -> None:
    assert opaque.from_caller("hg1.openai.%%%", None) is None


def test_a_backend_sees_its_own_state_only() -> None:
    state = OpaqueState("xai", "blob", "encrypted")
    assert opaque.for_backend(state, "xai") == "blob"
    assert opaque.for_backend(state, "openai") is None
    assert opaque.for_backend(None, "openai") is None
    assert opaque.for_backend(OpaqueState("openai", "sig", "signature"), "openai") is None


def test_a_caller_sees_the_home_vendors_state_bare_and_any_other_sealed() -> None:
    own = opaque.from_backend("blob", "openai", "rs_1")
    assert opaque.for_caller(own) == "blob"
    other = opaque.from_backend("blob", "xai", "rs_1")
    assert opaque.from_caller(opaque.for_caller(other), "rs_hg") == other
