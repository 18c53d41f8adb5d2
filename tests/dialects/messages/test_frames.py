from typing import Any

import pytest

from headgate.dialects.messages import frames
from tests.dialects.messages import given
from tests.streams import fold, named_frames


def test_the_forms_of_section_five() -> None:
    assert frames.KEEP_ALIVE == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert frames.MESSAGE_STOP == b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    assert frames.start(2, {"type": "text", "text": ""}) == (
        b"event: content_block_start\n"
        b'data: {"type":"content_block_start","index":2,'
        b'"content_block":{"type":"text","text":""}}\n\n'
    )
    assert frames.delta(frames.TEXT, 2, 'a"\n%d') == (
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":2,'
        b'"delta":{"type":"text_delta","text":"a\\"\\n%d"}}\n\n'
    )
    assert frames.stop(2) == (
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":2}\n\n'
    )


def test_lone_surrogates_stay_escapes() -> None:
    assert b"\\ud83d" in frames.delta(frames.TEXT, 0, "\ud83d")


@pytest.mark.parametrize(
    ("block", "shape"),
    [
        ({"type": "text", "text": "hi"}, ["start 0 text", "text_delta 0", "stop 0"]),
        (
            {"type": "text", "text": "hi", "citations": [{"type": "page_location"}]},
            ["start 0 text", "text_delta 0", "citations_delta 0", "stop 0"],
        ),
        (
            {"type": "thinking", "thinking": "", "signature": "s"},
            ["start 0 thinking", "signature_delta 0", "stop 0"],
        ),
        (
            {"type": "server_tool_use", "id": "s", "name": "w", "input": {"a": 1}},
            ["start 0 server_tool_use", "input_json_delta 0", "stop 0"],
        ),
        (
            {"type": "mcp_tool_use", "id": "s", "name": "w", "input": {}},
            ["start 0 mcp_tool_use", "stop 0"],
        ),
        ({"type": "redacted_thinking", "data": "x"}, ["start 0 redacted_thinking", "stop 0"]),
        (
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            ["start 0 web_search_tool_result", "stop 0"],
        ),
        (
            {"type": "compaction", "content": "sum", "encrypted_content": "e"},
            ["start 0 compaction", "compaction_delta 0", "stop 0"],
        ),
    ],
)
def test_a_whole_block_comes_in_the_events_of_its_type(
    block: dict[str, Any], shape: list[str]
) -> None:
    stream = frames.whole(0, block)
    assert given.blocks(stream) == shape
    (read,) = fold(given.read(given.OPENED + stream + given.closed())).choices[0].parts
    (again,) = (
        fold(given.read(given.spoken([*given.read(given.OPENED + stream + given.closed())])))
        .choices[0]
        .parts
    )
    assert read == again


def test_an_input_that_its_model_broke_is_passed_on_as_it_is() -> None:
    stream = frames.whole(0, {"type": "server_tool_use", "id": "s", "input": '{"a":'})
    assert named_frames(stream)[1]["delta"]["partial_json"] == '{"a":'
