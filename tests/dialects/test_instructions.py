"""Instructions in system messages."""

from headgate.dialects.instructions import instructions_of
from headgate.model.parts import Image, Text, Url
from headgate.model.request import Message


def test_t93_billing_lines_and_empty_texts_are_left_out() -> None:
    message = Message(
        "system",
        (Text("x-anthropic-billing-header: cc_version=1"), Text(""), Text("be"), Image(Url("u"))),
    )

    assert instructions_of(message) == ["be"]
