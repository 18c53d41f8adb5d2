import msgspec
import pytest

from headgate.dialects.destination import Destination
from headgate.dialects.dialect import (
    BackendHalf,
    CallerHalf,
    Dialect,
    Envelope,
    ReplyContext,
    Written,
    WrittenRequest,
)
from headgate.dialects.table import DIALECTS

CHAT = DIALECTS["chat"]


@pytest.mark.parametrize(
    "kind",
    [BackendHalf, CallerHalf, Dialect, Envelope, ReplyContext, Written, WrittenRequest],
)
def test_the_records_of_a_dialect_cannot_be_changed(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen


def test_a_dialect_that_says_nothing_of_headers_passes_them_as_they_are() -> None:
    fields = {
        name: getattr(CHAT.backend, name)
        for name in BackendHalf.__struct_fields__
        if name != "relay_headers"
    }
    half = BackendHalf(**fields)
    headers = (("openai-beta", "a"),)
    assert half.relay_headers(headers, Destination(model="m", vendor="v")) is headers


def test_a_dialect_may_face_backends_only() -> None:
    assert Dialect(name="d", backend=CHAT.backend).caller is None


def test_what_an_envelope_does_not_say_is_unsaid() -> None:
    envelope = Envelope(model="m")
    assert (envelope.stream, envelope.include_usage) == (False, False)
    assert (envelope.max_tokens, envelope.user, envelope.session) == (None, None, None)


def test_a_request_that_lost_nothing_says_so() -> None:
    written = WrittenRequest(body=b"{}")
    assert (written.losses, written.headers, dict(written.tools)) == ((), (), {})
    assert Written(b"{}").losses == ()
