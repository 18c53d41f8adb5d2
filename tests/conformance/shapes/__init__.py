"""Streams of shapes that no recording at hand has, made after vendors' documents and issue threads.

Each is a dialect, a name that says what is odd, and the payloads of its events; what they mean is
read by the same clients that read recordings.
"""

from typing import Any

import msgspec

from tests.conformance.shapes import chat, gemini, messages, responses

Json = dict[str, Any]


class Shape(msgspec.Struct, frozen=True):
    """One stream."""

    dialect: str
    name: str
    payloads: tuple[Json, ...]

    @property
    def sse(self) -> str:
        """The stream as its vendor would send it."""
        named = self.dialect in ("messages", "responses")
        frames = []
        for payload in self.payloads:
            name = f"event: {payload['type']}\n" if named else ""
            frames.append(f"{name}data: {msgspec.json.encode(payload).decode()}\n\n")
        if self.dialect == "chat":
            frames.append("data: [DONE]\n\n")
        return "".join(frames)


SHAPES = [
    Shape(dialect, name, payloads)
    for dialect, shapes in (
        ("chat", chat.STREAMS),
        ("messages", messages.STREAMS),
        ("responses", responses.STREAMS),
        ("gemini", gemini.STREAMS),
    )
    for name, payloads in shapes.items()
]
