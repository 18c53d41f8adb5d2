"""Pictures and files in bodies: data URLs, and the type that the first bytes tell."""

import base64
import binascii
import re

from headgate.model.parts import Inline, Source, Url

_DATA_URL = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,(.*)\Z", re.DOTALL)
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}


def read_url(url: str) -> Source:
    """The source in a URL field: inline where it is a base64 data URL, else the URL itself."""
    match = _DATA_URL.match(url)
    if match is None or not match.group(3):
        return Url(url)
    return inline(match.group(1) or "application/octet-stream", match.group(4))


def inline(media_type: str, data: str) -> Inline:
    """Inline bytes under their true type: a known beginning outranks the label."""
    return Inline(sniff(data) or _ALIASES.get(media_type.lower(), media_type), data)


def write_url(source: Inline | Url) -> str:
    """The URL field of a source."""
    if isinstance(source, Url):
        return source.url
    return f"data:{source.media_type};base64,{source.data}"


def sniff(data: str) -> str | None:
    """The media type that the first bytes of base64 `data` prove, or None."""
    try:
        head = base64.b64decode(data[:32] + "=" * (-len(data[:32]) % 4))
    except (binascii.Error, ValueError):
        return None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), None)
