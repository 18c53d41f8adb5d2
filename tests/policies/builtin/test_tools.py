from typing import Any

import pytest

from headgate.model.fault import Fault, Refused
from headgate.model.parts import Text, ToolCall
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef
from tests.policies.drive import opened, reply, request, run, whole

TOOLS: Any = (
    Tool("read_file"),
    Tool("write_file", namespace="fs"),
    HostedTool("web_search", "messages", {"type": "web_search_20250305"}),
)


def names(tools: Any) -> list[str]:
    return [getattr(tool, "name", None) or tool.kind for tool in tools]


@pytest.mark.parametrize(
    ("policy", "globs", "left"),
    [
        ("allow_tools", ["read*", "web_search"], ["read_file", "web_search"]),
        ("allow_tools", [], []),
        ("deny_tools", ["*_file"], ["web_search"]),
        ("deny_tools", ["fs__*"], ["read_file", "web_search"]),
        ("deny_tools", ["web_search_*"], ["read_file", "write_file"]),
    ],
)
def test_tools_that_may_not_be_are_not_offered(
    policy: str, globs: list[str], left: list[str]
) -> None:
    given = request("a", tools=TOOLS, parallel_tool_calls=True)
    changed = run(opened({"policy": policy, "tools": globs}).request(given))
    assert names(changed.tools) == left
    assert changed.parallel_tool_calls is (True if left else None)


def test_a_choice_among_tools_fits_those_that_are_left() -> None:
    deny = {"policy": "deny_tools", "tools": ["read_file"]}
    choice = ToolChoice("auto", allowed=(ToolRef("read_file"), ToolRef("write_file")))
    changed = run(opened(deny).request(request("a", tools=TOOLS, tool_choice=choice)))
    assert changed.tool_choice == ToolChoice("auto", allowed=(ToolRef("write_file"),))
    alone = request("a", tools=TOOLS[:1], tool_choice=ToolChoice("auto"))
    assert run(opened(deny).request(alone)).tool_choice is None


@pytest.mark.parametrize(
    ("tools", "choice"),
    [
        (TOOLS, ToolChoice("tool", ToolRef("read_file"))),
        (TOOLS[:1], ToolChoice("required")),
    ],
)
def test_who_insists_on_a_denied_tool_is_refused(tools: Any, choice: ToolChoice) -> None:
    running = opened({"policy": "deny_tools", "tools": ["read_file"]})
    with pytest.raises(Refused, match="insists on a tool"):
        run(running.request(request("a", tools=tools, tool_choice=choice)))


def test_an_offer_or_a_call_can_end_the_exchange() -> None:
    entry = {"policy": "deny_tools", "tools": ["read*"], "action": "refuse"}
    with pytest.raises(Refused, match="offers a tool"):
        run(opened(entry).request(request("a", tools=TOOLS)))
    call = reply(ToolCall("1", "read_file"))
    assert isinstance(run(whole(opened(entry), call)), Fault)


def test_a_dropped_call_can_be_answered_for() -> None:
    entry = {"policy": "allow_tools", "tools": ["ls"], "answer": "Not here."}
    answer = run(whole(opened(entry), reply(ToolCall("1", "rm"))))
    assert answer == reply(Text("Not here."))


def test_either_side_can_be_left_alone() -> None:
    entry = {"policy": "deny_tools", "tools": ["*"]}
    given = request("a", tools=TOOLS)
    assert run(opened({**entry, "apply_to": ["response"]}).request(given)) is given
    call = reply(ToolCall("1", "rm"))
    assert run(whole(opened({**entry, "apply_to": ["request"]}), call)) == call
