import pytest

from headgate.pipeline.compact import MOST_BYTES, Compact, stop_text, written


def test_what_is_empty_is_left_out() -> None:
    assert written(Compact(), "f") == {
        "format": "f",
        "choices": [],
        "stream": {"network_chunk_count": 0, "data_frame_count": 0, "done": False},
    }


def test_the_first_introduction_counts() -> None:
    compact = Compact()
    compact.introduce({"id": None, "object": "", "created": "soon"})
    compact.introduce({"id": "a", "object": "o", "created": 0, "model": "m"})
    compact.introduce({"id": "b", "object": "p", "created": 2, "model": "n"})
    told = written(compact, "f")
    assert {name: told[name] for name in ("id", "object", "created", "model")} == {
        "id": "a",
        "object": "o",
        "created": 0,
        "model": "m",
    }


def test_choices_and_calls_stand_in_order() -> None:
    compact = Compact()
    for index in (2, 0):
        for number in (1, 0):
            call = compact.call(compact.choice(index), number)
            compact.keep(call.arguments, f"{index}{number}")
    told = written(compact, "f")["choices"]
    assert [choice["index"] for choice in told] == [0, 2]
    assert [call["function"]["arguments"] for call in told[1]["tool_calls"]] == ["20", "21"]


def test_the_fields_of_a_choice_stand_in_the_order_of_the_format() -> None:
    compact = Compact()
    choice = compact.choice(0)
    choice.stops.update(matched_stop="x", stop_reason="y", finish_reason="stop")
    compact.keep(choice.content, "said")
    compact.keep(choice.reasoning, "thought")
    choice.role = "assistant"
    compact.call(choice, 0).id = "c"
    (told,) = written(compact, "f")["choices"]
    assert list(told) == [
        "index",
        "role",
        "reasoning",
        "content",
        "tool_calls",
        "finish_reason",
        "stop_reason",
        "matched_stop",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [("stop", "stop"), (106, "106"), (True, "true"), ([1, "a"], '[1,"a"]')]
)
def test_reasons_to_stop_are_text(value: object, text: str) -> None:
    assert stop_text(value) == text


def test_what_is_no_text_is_not_kept() -> None:
    compact = Compact()
    pieces: list[str] = []
    for value in (None, 1, ["a"], "", "b"):
        compact.keep(pieces, value)
    assert pieces == ["b"]


def test_text_is_kept_up_to_a_bound_and_the_cut_is_told() -> None:
    compact = Compact()
    choice = compact.choice(0)
    for _ in range(MOST_BYTES // 1000 + 5):
        compact.keep(choice.content, "x" * 1000)
    told = written(compact, "f")
    assert MOST_BYTES - 2000 < len(told["choices"][0]["content"]) <= MOST_BYTES
    assert told["stream"]["cut"] is True


def test_choices_without_number_do_not_fill_the_memory() -> None:
    compact = Compact()
    for index in range(10_000):
        compact.call(compact.choice(index), index)
    assert len(compact.choices) <= MOST_BYTES // 256
    assert compact.cut
