"""Ids that fit the vendor that must take them: kept where they fit, else mapped, always alike."""

import base64
import hashlib
import re

MESSAGES_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
CHAT_TOOL_ID = re.compile(r"[^\x00-\x1f]{1,64}\Z")
NINE_ALPHANUMERIC = re.compile(r"[a-zA-Z0-9]{9}\Z")


def once(id_: str, given: set[str]) -> str:
    """`id_`, told apart where it is among the `given` already, so that every answer finds its
    call; joins them."""
    unique = id_
    number = len(given)
    while unique in given:
        number += 1
        unique = f"{id_}_{number}"
    given.add(unique)
    return unique


def fit(id_: str, pattern: re.Pattern[str], length: int = 32, prefix: str = "hg") -> str:
    """`id_` itself where `pattern` takes it, else a digest of it in ``[a-z2-7]``.

    The same id gives the same digest, so that a call and its result stay together over turns
    without any memory. `length` counts the prefix.
    """
    if pattern.match(id_):
        return id_
    digest = hashlib.blake2s(id_.encode("utf-8", "surrogatepass")).digest()
    return (prefix + base64.b32encode(digest).decode().rstrip("=").lower())[:length]
