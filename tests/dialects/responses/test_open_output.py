from headgate.dialects.responses.open_output import Frames, OpenOutput, OpenPart
from headgate.model.state import OpaqueState
from tests.streams import named_frames


def _output(kind: str, **head: str) -> OpenOutput:
    return OpenOutput(2, "id_1", kind, head, {})


def test_events_are_numbered_without_gaps_from_the_first() -> None:
    frames = Frames(7)
    part = OpenPart(_output("message"), "output_text", 0)
    out = frames.write("response.a") + frames.write_delta(part.head, "x") + frames.write("b")
    assert [frame["sequence_number"] for frame in named_frames(out)] == [7, 8, 9]
    assert frames.next_number == 10


def test_a_delta_says_where_it_belongs() -> None:
    part = OpenPart(_output("message"), "output_text", 1)
    (frame,) = named_frames(Frames().write_delta(part.head, 'a"\n\u2028'))
    assert frame == {
        "type": "response.output_text.delta",
        "item_id": "id_1",
        "output_index": 2,
        "content_index": 1,
        "logprobs": [],
        "delta": 'a"\n\u2028',
        "sequence_number": 0,
    }
    thought = OpenPart(_output("reasoning"), "summary_text", 0)
    (frame,) = named_frames(Frames().write_delta(thought.head, "a"))
    assert frame["summary_index"] == 0
    assert "content_index" not in frame
    call = OpenPart(_output("function_call", name="f"), "function_call", 0)
    (frame,) = named_frames(Frames().write_delta(call.head, "{}"))
    assert frame.keys() == {"type", "item_id", "output_index", "delta", "sequence_number"}


def test_a_part_begins_empty_and_ends_with_all_that_was_said() -> None:
    frames = Frames()
    item = _output("message")
    part = OpenPart(item, "output_text", 0)
    item.parts.append(part)
    begun = frames.begin_part(part)
    part.texts += ["a", "b"]
    told = named_frames(begun + frames.end_part(part))
    assert [frame["type"] for frame in told] == [
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
    ]
    assert told[0]["part"]["text"] == ""
    assert told[1]["text"] == told[2]["part"]["text"] == "ab"


def test_a_call_is_one_part_without_events_of_its_own() -> None:
    frames = Frames()
    item = _output("function_call", name="f", call_id="c")
    part = OpenPart(item, "function_call", 0)
    assert frames.begin_part(part) == b""
    part.texts.append('{"a":1}')
    (frame,) = named_frames(frames.end_part(part))
    assert frame["type"] == "response.function_call_arguments.done"
    assert (frame["name"], frame["arguments"]) == ("f", '{"a":1}')


def test_an_item_shows_its_state_only_at_its_end() -> None:
    item = _output("reasoning")
    item.state = OpaqueState("openai", "blob", "encrypted")
    assert item.begun() == {"id": "id_1", "type": "reasoning", "summary": []}
    assert item.ended("completed")["encrypted_content"] == "blob"


def test_an_item_is_busy_while_a_part_is() -> None:
    item = _output("message")
    part = OpenPart(item, "refusal", 0)
    item.parts.append(part)
    assert item.busy
    part.open = False
    assert not item.busy
    assert item.ended("incomplete")["status"] == "incomplete"
