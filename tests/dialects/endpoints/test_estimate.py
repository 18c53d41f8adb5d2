import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headgate.dialects.endpoints.estimate import IMAGE_TOKENS, estimate_tokens

TEXT = "The quick brown fox jumps over the lazy dog. " * 20
"""Some 200 tokens in any tokenizer."""
TOOL = {"name": "look_up", "description": TEXT, "input_schema": {"type": "object"}}


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


def test_text_counts_by_its_size() -> None:
    assert 200 <= estimate_tokens(user(TEXT)) <= 320
    assert estimate_tokens(user([{"type": "text", "text": TEXT}])) == estimate_tokens(user(TEXT))
    assert estimate_tokens(user("")) >= 1
    assert estimate_tokens({}) == 1


def test_t95_system_and_tools_count_as_messages_do() -> None:
    alone = estimate_tokens(user("Hello"))
    assert estimate_tokens(user("Hello", system=TEXT)) >= alone + 200
    assert estimate_tokens(user("Hello", system=[{"type": "text", "text": TEXT}])) >= alone + 200
    assert estimate_tokens(user("Hello", tools=[TOOL, TOOL])) >= alone + 400
    call = {"type": "tool_use", "id": "t", "name": "look_up", "input": {"word": TEXT}}
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [{"type": "text", "text": TEXT}],
    }
    assert estimate_tokens(user([call])) >= alone + 200
    assert estimate_tokens(user([result])) >= alone + 200


def test_pictures_count_the_same_whatever_their_bytes() -> None:
    data = base64.b64encode(b"x" * 300_000).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    alone = estimate_tokens(user([{"type": "text", "text": "Hi"}]))
    seen = estimate_tokens(
        user([{"type": "text", "text": "Hi"}, {"type": "image", "source": source}])
    )
    assert seen == alone + IMAGE_TOKENS
    inside = {"type": "tool_result", "content": [{"type": "image", "source": source}]}
    assert estimate_tokens(user([inside])) < 2 * IMAGE_TOKENS


def test_documents_count_by_their_pages_and_texts() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "x" * 700_000}
    assert 20_000 <= estimate_tokens(user([{"type": "document", "source": pdf}])) <= 40_000
    plain = {"type": "document", "source": {"type": "text", "data": TEXT}, "title": "A"}
    assert 200 <= estimate_tokens(user([plain])) <= 320
    assert estimate_tokens(user([{"type": "document", "source": None, "context": TEXT}])) >= 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=15,
)


@given(json_values, json_values, json_values)
def test_any_json_has_an_estimate(content: Any, system: Any, tools: Any) -> None:
    assert estimate_tokens(user(content, system=system, tools=tools)) >= 1
