"""Who asks: from the key in the headers to the user, in constant time."""

import hmac
from collections.abc import Mapping

import msgspec

from headgate.model.caller import ANYBODY, User
from headgate.model.fault import Fault, Refused, bad_request
from headgate.model.key_format import is_junk
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Snapshot

_NO_DIGEST = bytes(32)
_NO_KEY = Fault(
    kind="invalid_api_key",
    message="No API key was sent. Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.",
)
_NOT_VALID = Fault(kind="invalid_api_key", message="The API key is not valid.")


class Showing(msgspec.Struct, frozen=True):
    """A request as far as it says who asks: for which path, from where, when (Unix time)."""

    headers: Mapping[str, str]
    path: str
    peer: str | None
    at: float


def identify(snapshot: Snapshot, showing: Showing) -> User:
    """The user whose key is shown. Raises Refused: 400 for two keys, 401 for none or one that is
    not valid, 403 for one that is not for this path or not from this address."""
    user = user_of(snapshot, showing.headers, showing.at)
    if isinstance(user, Fault):
        raise Refused(user)
    if not user.key.may_come_from(showing.peer):
        raise _forbidden("This key may not be used from this address.")
    if not user.key.may_call(showing.path):
        raise _forbidden("This key may not be used for this path.")
    return user


def user_of(snapshot: Snapshot, headers: Mapping[str, str], at: float) -> User | Fault:
    """The user whose key is shown at the Unix time `at`, or why it is nobody's. Raises Refused
    for two keys."""
    key = given_key(headers)
    if snapshot.open:
        return ANYBODY
    if key is None:
        return _NO_KEY
    user = None if is_junk(key) else _find(snapshot, key)
    if user is None or not user.is_active or not user.key.is_live(at):
        return _NOT_VALID
    return user


def given_key(headers: Mapping[str, str]) -> str | None:
    """The key that the caller sent, in either header. Raises Refused where they differ."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    plain = headers.get("x-api-key", "").strip()
    if bearer and plain and not hmac.compare_digest(bearer.encode(), plain.encode()):
        raise bad_request("'authorization' and 'x-api-key' carry different keys. Send one of them.")
    return bearer or plain or None


def _find(snapshot: Snapshot, key: str) -> User | None:
    """The same path for known and unknown keys, under every pepper there is."""
    found = None
    for pepper in snapshot.peppers:
        wanted = digest(key, pepper)
        user = snapshot.users.get(wanted)
        if hmac.compare_digest(wanted if user else _NO_DIGEST, wanted):
            found = user
    return found


def _forbidden(message: str) -> Refused:
    return Refused(Fault(kind="permission_denied", message=message))
