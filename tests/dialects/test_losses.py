"""Losses under the caller's names."""

import pytest

from headgate.dialects.losses import Losses, check_hosted, note_unsaid, refuse_unserved
from headgate.model.fault import Untranslatable
from headgate.model.request import HostedTool, Message, Request


def asked(dialect: str = "chat", messages: tuple[Message, ...] = ()) -> Request:
    return Request(dialect=dialect, model="m", messages=messages)


def test_each_loss_is_told_once_in_order_and_in_the_callers_words() -> None:
    losses = Losses(asked("responses"))
    losses.add("messages", "detail")
    losses.add("response_format")
    losses.add("messages", "detail")

    assert losses.names == ("input.detail", "text.format")


def test_extras_are_losses_unless_they_mean_nothing_elsewhere() -> None:
    losses = Losses(asked())
    losses.add_extras("tools", {"odd": 1, "defer_loading": True, "chat": {"id": 1}, "none": None})
    losses.add_extras(None, {"top": 1})
    losses.add_extras(None, None)

    assert losses.names == ("tools.odd", "top")


def test_the_fields_of_messages_are_noted() -> None:
    message = Message("user", (), name="bob", extras={"weight": 1})
    request = asked(messages=(message,))
    losses = Losses(request)
    note_unsaid(request, losses)

    assert losses.names == ("messages.weight", "messages.name")


def test_what_another_vendor_keeps_is_refused() -> None:
    refuse_unserved(asked())
    with pytest.raises(Untranslatable):
        refuse_unserved(Request(dialect="responses", model="m", messages=(), conversation="c"))
    with pytest.raises(Untranslatable):
        refuse_unserved(
            Request(dialect="messages", model="m", messages=(), extras={"container": 1})
        )


@pytest.mark.parametrize("kind", ["mcp", "computer"])
def test_a_tool_whose_calls_go_between_caller_and_vendor_is_refused(kind: str) -> None:
    with pytest.raises(Untranslatable, match=kind):
        check_hosted(HostedTool(kind, "responses", {"type": kind}))


def test_a_vendors_tool_is_refused_where_it_must_be_called() -> None:
    tool = HostedTool("file_search", "responses", {"type": "file_search"})
    check_hosted(tool)
    with pytest.raises(Untranslatable, match="file_search"):
        check_hosted(tool, forced=True)
