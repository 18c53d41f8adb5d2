import re

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.request import HostedTool, Tool, ToolRef
from headgate.model.tool_names import SIXTY_FOUR_WORD, ToolNames


def test_a_name_that_fits_travels_as_it_is() -> None:
    names = ToolNames([Tool("get_weather")])
    assert names.wire("get_weather") == "get_weather"
    assert names.back == {"get_weather": ToolRef("get_weather")}


def test_a_namespace_stands_before_the_name() -> None:
    names = ToolNames([Tool("read", namespace="files", custom=True)])
    assert names.wire("read", "files") == "files__read"
    assert names.back["files__read"] == ToolRef("read", "files", True)


def test_a_name_that_is_refused_is_cleaned_and_told_apart() -> None:
    names = ToolNames([Tool("get weather"), Tool("get.weather")])
    first, second = names.wire("get weather"), names.wire("get.weather")
    assert first != second
    assert first.startswith("get_weather_")
    assert names.back[first] == ToolRef("get weather")


def test_a_cleaned_name_begins_with_a_letter() -> None:
    assert ToolNames([]).wire("9 lives")[0].isalpha()
    assert ToolNames([]).wire("")[0].isalpha()


def test_tools_of_the_vendor_have_no_way_back() -> None:
    assert ToolNames([HostedTool("web_search", "responses", {})]).back == {}


def test_a_target_may_take_shorter_names() -> None:
    fits = re.compile(r"[a-z_]{1,20}\Z")
    name = ToolNames([], fits, 20).wire("x" * 30)
    assert len(name) == 20


@given(st.text() | st.text(alphabet="\ud800\udfff"), st.none() | st.text(max_size=9))
@settings(max_examples=100)
def test_whatever_a_tool_is_called_it_travels_and_comes_back(
    name: str, namespace: str | None
) -> None:
    names = ToolNames([Tool(name, namespace=namespace)])
    wire = names.wire(name, namespace)
    assert SIXTY_FOUR_WORD.match(wire)
    assert names.back[wire] == ToolRef(name, namespace)
