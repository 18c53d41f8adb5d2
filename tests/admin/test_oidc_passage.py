import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.admin.oidc_passage import LONGEST_S, begin, resume

NOW = 1_700_000_000.0
OLD, NEW = b"old".ljust(32), b"new".ljust(32)
SECRET = "s" * 43


def test_the_browser_that_began_goes_on() -> None:
    cookie, passage = begin(SECRET, NOW, [NEW])
    assert resume(cookie, NOW, [NEW]) == resume(cookie, NOW + LONGEST_S - 1, [NEW]) == passage
    assert resume(cookie, NOW, [b"newest".ljust(32), NEW]) == passage
    assert resume(cookie, NOW + 0.5, [NEW]) == passage


def test_what_goes_out_is_unlike_anything_else() -> None:
    cookie, passage = begin(SECRET, NOW, [NEW])
    _, other = begin("t" * 43, NOW, [NEW])
    _, later = begin(SECRET, NOW + 1, [NEW])
    _, elsewhere = begin(SECRET, NOW, [OLD])
    texts = [
        text
        for one in (passage, other, later, elsewhere)
        for text in (one.state, one.nonce, one.verifier, one.challenge)
    ]
    assert len(set(texts)) == 16
    assert all(len(text) == 43 for text in texts)
    assert not any(text in cookie for text in texts)


def test_the_challenge_is_the_verifiers_digest() -> None:
    _, passage = begin(SECRET, NOW, [NEW])
    digest = base64.urlsafe_b64encode(hashlib.sha256(passage.verifier.encode()).digest())
    assert passage.challenge == digest.rstrip(b"=").decode()


@pytest.mark.parametrize("late_s", [LONGEST_S + 1, 10 * LONGEST_S, -10])
def test_a_login_that_took_long_or_began_tomorrow_is_over(late_s: float) -> None:
    cookie, _ = begin(SECRET, NOW, [NEW])
    assert resume(cookie, NOW + late_s, [NEW]) is None


COOKIE, _ = begin(SECRET, NOW, [NEW])


def test_a_cookie_sealed_by_somebody_else_is_none_of_ours() -> None:
    assert resume(COOKIE, NOW, [OLD]) is None


@given(st.integers(0, len(COOKIE) - 1), st.characters())
@settings(max_examples=150)
def test_no_sign_of_a_cookie_may_change(at: int, sign: str) -> None:
    changed = COOKIE[:at] + sign + COOKIE[at + 1 :]
    assert changed == COOKIE or resume(changed, NOW, [NEW]) is None


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_any_text_is_no_cookie(text: str) -> None:
    assert resume(text, NOW, [NEW]) is None
