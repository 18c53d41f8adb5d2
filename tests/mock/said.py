"""An answer to speak in every dialect, and hostile payloads to fold."""

from typing import Any

from hypothesis import strategies as st

from headgate.mock.voice import Said, Voice

HELLO = Said(
    id="abc", created=1700000000, model="m", pieces=("Hello", " big", " world"), prompt_tokens=5
)

_LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4) | st.floats(0, 1)
_KEYS = st.sampled_from(
    [
        *("type", "index", "delta", "content", "choices", "tool_calls", "function", "name"),
        *("arguments", "id", "text", "message", "model", "usage", "item", "response", "output"),
        *("content_block", "partial_json", "candidates", "parts", "role", "signature", "error"),
        *("citation", "citations", "finish_reason", "created_at", "raw", "event", "data"),
    ]
)
_TYPES = st.sampled_from(
    [
        *("content_block_start", "content_block_delta", "message_start", "message_delta"),
        *("message_stop", "response.output_item.done", "response.completed", "error"),
    ]
)
PAYLOADS: st.SearchStrategy[list[Any]] = st.lists(
    st.recursive(
        _LEAVES | _TYPES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
        max_leaves=15,
    ),
    max_size=4,
)


def whole(voice: Voice, said: Said = HELLO) -> dict[str, Any]:
    """The JSON reply that `voice` makes of its own stream."""
    return voice.fold(list(voice.speak(said)), said)
