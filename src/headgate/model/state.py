"""Opaque reasoning state and the seal under which it travels through foreign dialects.

A vendor's signature, encrypted reasoning or thought signature means something to that vendor
alone. In its own dialect it travels bare; through another dialect it rides in that dialect's
opaque field as ``hg1.<issuer>.<base64url(json)>``, so that it can be told from the field's own
values, given back to its issuer, and never sent to anybody else.
"""

import base64
import binascii
from typing import Literal

import msgspec

PREFIX = "hg1."

StateKind = Literal["signature", "encrypted", "redacted"]


class OpaqueState(msgspec.Struct, frozen=True, gc=False):
    """What one vendor wants back unread.

    ``issuer`` is the vendor (``anthropic``, ``openai``, ``google``, or a backend's name where the
    vendor is unknown); ``value`` the bytes of the vendor, unread; ``id`` the item it belongs to
    where the vendor names one (Responses ``rs_…``).
    """

    issuer: str
    value: str
    kind: StateKind = "signature"
    id: str | None = None


class _Sealed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    v: str
    k: StateKind = "signature"
    id: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Sealed).decode


def seal(state: OpaqueState) -> str:
    """The state as one opaque, self-describing string."""
    payload = _encode(_Sealed(_whole(state.value), state.kind, state.id and _whole(state.id)))
    body = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    return f"{PREFIX}{state.issuer}.{body}"


def _whole(text: str) -> str:
    """`text` without half characters, which no vendor writes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def unseal(text: str) -> OpaqueState | None:
    """The state that `seal` put into `text`; None where it is not ours or is damaged."""
    if not text.startswith(PREFIX):
        return None
    issuer, _, body = text[len(PREFIX) :].rpartition(".")
    if not issuer:
        return None
    try:
        payload = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        sealed = _decode(payload)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    return OpaqueState(issuer, sealed.v, sealed.k, sealed.id)


def read_state(text: str, native_issuer: str, kind: StateKind) -> OpaqueState | None:
    """The state in an opaque field: sealed by us, else the field's own vendor's; None if damaged.

    A damaged seal is dropped and never forwarded: it belongs to nobody.
    """
    if text.startswith(PREFIX):
        return unseal(text)
    return OpaqueState(native_issuer, text, kind)
