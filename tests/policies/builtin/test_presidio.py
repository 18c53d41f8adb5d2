import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Fault, Refused
from headgate.model.parts import Citation, Text, ToolCall
from headgate.model.reply import unfold
from headgate.policies.environment import Environment
from headgate.policies.running import Running
from tests.policies.drive import (
    Service,
    cut,
    opened,
    reply,
    request,
    run,
    said,
    stream,
    texts,
    whole,
)


def analyzer(question: Any) -> Any:
    return [
        {"start": m.start(), "end": m.end(), "entity_type": "PERSON", "score": 0.9}
        for m in re.finditer(r"(Ann|Bob)( \w+)?", question["text"])
    ]


def guarded(service: Service | None = None, **keys: object) -> Running:
    entry = {"policy": "presidio", "url": "http://presidio/", "window": 100, **keys}
    return opened(entry, environment=Environment(post=(service or Service(analyzer)).post))


def test_the_analyzer_is_asked_as_it_wants_to_be() -> None:
    service = Service(analyzer)
    changed = run(
        guarded(service, entities=["PERSON"], language="de").request(request("I am Ann Lee", " "))
    )
    assert said(changed) == ["I am [PERSON]", " "]
    assert service.calls[0].url == "http://presidio/analyze"
    assert msgspec.json.decode(service.calls[0].body) == {
        "text": "I am Ann Lee",
        "language": "de",
        "score_threshold": 0.5,
        "entities": ["PERSON"],
    }


WORDS = st.lists(
    st.sampled_from(("Ann", "Bob Lee", "and", "went", "to", "the", "market", "é")), max_size=80
).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(WORDS, st.integers(0, 1000))
def test_a_name_on_the_edge_of_two_windows_is_found_whole(text: str, seed: int) -> None:
    async def both() -> None:
        expected = await whole(guarded(), reply(Text(text)))
        streamed = await stream(guarded(), cut(unfold(reply(Text(text))), seed))
        assert streamed.result == expected
        assert not re.search("Ann|Bob", streamed.text)

    run(both())


def test_tool_calls_are_redacted_and_stay_json() -> None:
    calls = reply(ToolCall("1", "a", '{"who": "Ann"}'), ToolCall("2", "b", "Bob", custom=True))
    assert run(whole(guarded(), calls)) == reply(
        ToolCall("1", "a", '{"who": "[PERSON]"}'), ToolCall("2", "b", "[PERSON]", custom=True)
    )


def test_it_can_refuse_instead() -> None:
    assert isinstance(run(whole(guarded(action="refuse"), reply(Text("Ann")))), Fault)
    with pytest.raises(Refused, match="personal data"):
        run(guarded(action="refuse").request(request("Ann")))
    given = request("Ann")
    assert run(guarded(apply_to=["response"]).request(given)) is given


def test_what_a_citation_quotes_is_left_out_because_nobody_read_it() -> None:
    cited = Text("words ", (Citation(url="u", cited_text="Ann", native={"a": "Ann"}),))
    out = run(stream(guarded(), unfold(reply(cited)))).reply
    assert out.choices[0].parts == (Text("words ", (Citation(url="u"),)),)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [{"start": 0}],
        [{"start": 0, "end": 99, "entity_type": "X"}],
        [{"start": 2, "end": 1, "entity_type": "X"}],
        "x",
        b"nonsense",
    ],
)
def test_an_analyzer_that_lies_has_failed(answer: Any) -> None:
    if answer == {}:
        answer = {"error": "x"}
    assert isinstance(run(whole(guarded(Service(lambda _q: answer)), reply(Text("text")))), Fault)


def test_entities_that_overlap_are_replaced_once() -> None:
    found = [
        {"start": 0, "end": 3, "entity_type": "A"},
        {"start": 0, "end": 7, "entity_type": "B"},
        {"start": 4, "end": 9, "entity_type": "C"},
    ]
    answer = run(whole(guarded(Service(lambda _q: found)), reply(Text("Ann Lee Smith"))))
    assert not isinstance(answer, Fault)
    assert texts(answer) == ["[B] Smith"]
