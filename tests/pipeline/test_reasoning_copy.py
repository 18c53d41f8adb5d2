import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.dialects.table import DIALECTS
from headgate.model.caller import User
from headgate.pipeline.gears import Metered
from headgate.pipeline.reasoning_copy import ReasoningCopied, copy_in_frames, copy_in_reply
from headgate.wire import sse
from tests.filters.served import scene_of, user
from tests.pipeline.fakes import FakeAnswer, Scene, reply
from tests.pipeline.samples import CHAT, DONE, REPLY, chunk


def frame(delta: dict[str, Any]) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return sse.write(json.dumps({"id": "c1", "choices": [choice]}).encode())


def delta_of(frames: bytes) -> dict[str, Any]:
    (parsed,) = sse.parse(frames)
    delta = json.loads(parsed.data)["choices"][0]["delta"]
    assert isinstance(delta, dict)
    return delta


def test_reasoning_is_copied_and_the_original_stays() -> None:
    assert delta_of(copy_in_frames(frame({"reasoning": "Think", "content": "x"}))) == {
        "reasoning": "Think",
        "content": "x",
        "reasoning_content": "Think",
    }


UNTOUCHED: list[bytes] = [
    frame({"content": "x"}),
    frame({"reasoning": "a", "reasoning_content": "b"}),
    frame({"reasoning": "a", "reasoning_content": None}),
    frame({"reasoning": None}),
    frame({"reasoning": {"effort": "high"}}),
    frame({"content": 'the word "reasoning"'}),
    frame({"reasoning_details": [{"reasoning": "a"}]}),
    b'data: {"reasoning": "no choices"}\n\n',
    b'data: {"choices": [{"delta": null, "reasoning": "a"}]}\n\n',
    b'data: {"choices": {"reasoning": "a"}}\n\n',
    b'data: [ "reasoning" ]\n\n',
    b'data: no json "reasoning"\n\n',
    b'data: \xff "reasoning"\n\n',
    b': "reasoning"\n\n',
    DONE,
]


@pytest.mark.parametrize("untouched", UNTOUCHED)
def test_what_needs_no_copy_keeps_its_bytes(untouched: bytes) -> None:
    assert copy_in_frames(untouched) == untouched


def test_only_the_frame_that_changes_is_written_anew() -> None:
    odd = b'data:  {"id" : "c1", "choices": [ ], "x": 1.50}\r\n\r\n'
    changed = frame({"reasoning": "a"})
    copied = copy_in_frames(odd + changed + odd + DONE)
    assert copied == odd + copy_in_frames(changed) + odd + DONE
    assert copied != odd + changed + odd + DONE


def test_what_a_changed_event_says_besides_is_kept_to_the_letter() -> None:
    before = (
        b': hm\r\nid: 7\r\ndata: {"n":1.50,"big":123456789012345678901234567890,'
        b'"choices":[{"delta":{"reasoning":"\\u00e9\\n"}}]}\r\nevent: x\r\n\r\n'
    )
    assert copy_in_frames(before) == (
        b': hm\r\nid: 7\r\ndata: {"n":1.50,"big":123456789012345678901234567890,'
        b'"choices":[{"delta":{"reasoning":"\\u00e9\\n","reasoning_content":"\\u00e9\\n"}}]}'
        b"\r\nevent: x\r\n\r\n"
    )


def test_half_a_surrogate_pair_is_copied_as_it_is() -> None:
    half = b'data: {"choices":[{"delta":{"reasoning":"\\ud83d"}}]}\n\n'
    assert delta_of(copy_in_frames(half)) == {"reasoning": "\ud83d", "reasoning_content": "\ud83d"}
    for untouched in (b'{"reasoning":"\\ud83d"}', b'{"choices":[{"delta":{"content":"\\ud83d"}}]}'):
        told = b'data: {"reasoning":1,' + untouched[1:] + b"\n\n"
        assert copy_in_frames(told) == told


def test_data_in_several_lines_becomes_one() -> None:
    before = b'data: {"choices":\ndata: [{"delta":{"reasoning":"a"}}]}\nid: 1\n\n'
    assert copy_in_frames(before) == (
        b'data: {"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]}\nid: 1\n\n'
    )


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_will_do(newline: bytes) -> None:
    frames = (frame({"reasoning": "a"}) + frame({"content": "b"})).replace(b"\n", newline)
    copied = copy_in_frames(frames)
    assert copied.endswith(frame({"content": "b"}).replace(b"\n", newline))
    assert len(sse.parse(copied)) == 2
    assert copied.count(newline * 2) == 2


def test_every_choice_has_its_copy() -> None:
    choices = [{"index": n, "delta": {"reasoning": str(n)}} for n in range(3)]
    copied = copy_in_frames(sse.write(json.dumps({"choices": choices}).encode()))
    told = json.loads(sse.parse(copied)[0].data)["choices"]
    assert [choice["delta"]["reasoning_content"] for choice in told] == ["0", "1", "2"]


def test_a_whole_reply_has_its_copy() -> None:
    body = b'{"choices":[{"message":{"reasoning":"a","content":"b"}}],"usage":{"n":1.0}}'
    assert copy_in_reply(body) == (
        b'{"choices":[{"message":{"reasoning":"a","content":"b","reasoning_content":"a"}}],'
        b'"usage":{"n":1.0}}'
    )
    assert copy_in_reply(REPLY) == REPLY


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    with_mark = b'data: {"reasoning"' + data + b"\n\n"
    assert isinstance(copy_in_frames(with_mark), bytes)
    assert isinstance(copy_in_reply(with_mark), bytes)


def test_a_gear_with_copies_shares_the_facts_of_its_gear() -> None:
    chat = DIALECTS["chat"]
    assert chat.caller is not None
    plain = Metered(chat.backend, chat.caller, hide_usage=False)
    gear = ReasoningCopied(plain)
    assert delta_of(gear.feed(frame({"reasoning": "a"})))["reasoning_content"] == "a"
    assert gear.feed(frame({"reasoning": "b"})[:-1]) == b""
    assert delta_of(gear.end())["reasoning_content"] == "b"
    assert gear.facts is plain.facts
    assert gear.facts.events == 2
    assert gear.close() == DONE


THOUGHT = frame({"reasoning": "Think"})


async def streamed(who: User, **more: Any) -> Scene:
    scene = scene_of(who, FakeAnswer(THOUGHT, *CHAT[:3], DONE), stream=True, **more)
    await scene.run()
    return scene


async def test_a_stream_is_copied_for_those_who_want_it() -> None:
    told = (await streamed(user(copy_reasoning=True))).downstream.body
    assert told == copy_in_frames(THOUGHT) + b"".join(CHAT[:3]) + DONE


async def test_without_the_flag_bytes_are_unchanged() -> None:
    told = (await streamed(user())).downstream.body
    assert told == THOUGHT + b"".join(CHAT[:3]) + DONE


async def test_a_whole_reply_is_copied_for_those_who_want_it() -> None:
    message = {"role": "assistant", "content": "x", "reasoning": "Think"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = msgspec.json.encode({"id": "c1", "choices": [choice]})
    scene = scene_of(user(copy_reasoning=True), reply(body))
    assert (await scene.run()).body == copy_in_reply(body) != body
    scene = scene_of(user(), reply(body))
    assert (await scene.run()).body == body


async def test_other_dialects_have_reasoning_of_their_own() -> None:
    scene = await streamed(user(copy_reasoning=True), dialect="messages")
    assert b"reasoning_content" not in scene.downstream.body


async def test_a_chunk_of_text_alone_passes_as_it_is() -> None:
    assert copy_in_frames(chunk("reasoning")) == chunk("reasoning")
