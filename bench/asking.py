"""The requests as raw bytes: what a caller of each dialect sends, in every size."""

from collections.abc import Mapping

import msgspec

KEY = "bench-key-0123456789-0123456789"
MODEL = "m"
TLS_MODEL = "m-tls"
PATHS: Mapping[str, str] = {"chat": "/v1/chat/completions", "messages": "/v1/messages"}
_WORDS = "the quick brown fox jumps over a lazy dog and runs on to the river bank "


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where a proxy, or the backend itself, takes requests: a port, and what its headers and its
    model are called."""

    port: int
    headers: Mapping[str, str] = {}
    model: str = MODEL

    def asks(self, dialect: str = "chat", *, stream: bool = False, tokens: int = 10) -> bytes:
        """A whole request with a prompt of about `tokens` tokens (four letters each)."""
        body = {
            "model": self.model,
            "max_tokens": 1000,
            "stream": stream,
            "messages": [{"role": "user", "content": _prompt(tokens)}],
        }
        text = msgspec.json.encode(body)
        lines = [
            f"POST {PATHS[dialect]} HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            f"authorization: Bearer {KEY}",
            "content-type: application/json",
            f"content-length: {len(text)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


def _prompt(tokens: int) -> str:
    length = tokens * 4
    return (_WORDS * (length // len(_WORDS) + 1))[:length]
