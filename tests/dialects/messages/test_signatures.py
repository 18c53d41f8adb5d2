from headgate.dialects.messages import signatures
from headgate.model.state import OpaqueState, seal

OWN = OpaqueState("anthropic", "sig")
FOREIGN = OpaqueState("openai", "enc", "encrypted", "rs_1")
REDACTED = OpaqueState("anthropic", "data", "redacted")


def test_callers_see_the_home_vendors_signature_bare() -> None:
    block = signatures.for_caller("hm", OWN)
    assert block == {"type": "thinking", "thinking": "hm", "signature": "sig"}
    assert signatures.for_caller("", REDACTED) == {"type": "redacted_thinking", "data": "data"}


def test_callers_see_other_vendors_state_sealed() -> None:
    block = signatures.for_caller("", FOREIGN)
    assert block is not None
    assert block["thinking"] == ""
    assert signatures.from_caller(block["signature"], "signature") == FOREIGN


def test_redacted_state_beside_text_keeps_its_kind() -> None:
    block = signatures.for_caller("hm", REDACTED)
    assert block is not None
    assert signatures.from_caller(block["signature"], "signature") == REDACTED


def test_reasoning_that_nobody_signed_comes_back_without_state() -> None:
    block = signatures.for_caller("hm", None)
    assert block is not None
    assert block["signature"].startswith("hg1.")
    assert signatures.from_caller(block["signature"], "signature") is None
    assert signatures.for_caller("", None) is None


def test_a_backend_sees_its_own_state_only() -> None:
    block = signatures.for_backend("hm", OWN, "anthropic", False)
    assert block == {"type": "thinking", "thinking": "hm", "signature": "sig"}
    assert signatures.for_backend("hm", OWN, "moonshot", False) is None
    assert signatures.for_backend("hm", FOREIGN, "anthropic", False) is None
    assert signatures.for_backend("hm", None, "anthropic", False) is None


def test_a_backend_that_checks_nothing_gets_the_words() -> None:
    block = signatures.for_backend("hm", FOREIGN, "moonshot", True)
    assert block == {"type": "thinking", "thinking": "hm", "signature": ""}
    assert signatures.for_backend("", FOREIGN, "moonshot", True) is None


def test_reopening_leaves_bare_blocks_alone() -> None:
    block = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    assert signatures.reopen(block, "anthropic", False) is block
    assert signatures.reopen({"type": "thinking"}, "anthropic", False) == {"type": "thinking"}


def test_reopening_gives_the_owner_its_state_and_nobody_else() -> None:
    sealed = {"type": "thinking", "thinking": "hm", "signature": seal(OpaqueState("kimi", "k"))}
    assert signatures.reopen(sealed, "anthropic", False) is None
    opened = signatures.reopen(sealed, "kimi", False)
    assert opened == {"type": "thinking", "thinking": "hm", "signature": "k"}
    redacted = {"type": "redacted_thinking", "data": seal(OpaqueState("kimi", "k", "redacted"))}
    opened = signatures.reopen(redacted, "kimi", False)
    assert opened == {"type": "redacted_thinking", "data": "k"}


def test_backends_state_is_theirs() -> None:
    assert signatures.from_backend("s", "kimi", "signature") == OpaqueState("kimi", "s")
    assert signatures.from_backend("", "kimi", "signature") is None
    assert signatures.from_backend(5, "kimi", "signature") is None
