import msgspec
import pytest

from headgate.model.parts import Text
from headgate.model.request import Message, Request, Sampling

ASKED = Request(dialect="chat", model="m", messages=(Message("user", (Text("Hi"),)),))


def test_what_the_caller_did_not_say_is_unsaid() -> None:
    said = {"dialect", "model", "messages"}
    for name in set(Request.__struct_fields__) - said:
        assert getattr(ASKED, name) in (None, False, (), {}, Sampling()), name


def test_the_dials_are_unsaid_too() -> None:
    assert set(msgspec.structs.asdict(Sampling()).values()) == {None, ()}


def test_requests_do_not_share_what_they_do_not_know() -> None:
    other = Request(dialect="chat", model="m", messages=())
    assert ASKED.extras is not other.extras


def test_a_request_is_not_changed_but_replaced() -> None:
    with pytest.raises(AttributeError):
        ASKED.model = "other"  # type: ignore[misc]
    assert msgspec.structs.replace(ASKED, model="other").messages == ASKED.messages
