"""Who asks: from the key in the headers to the user, in constant time."""

import hmac
from collections.abc import Mapping

from headgate.model.caller import ANYBODY, User
from headgate.model.fault import Fault, Refused, bad_request
from headgate.pipeline.keys import digest
from headgate.pipeline.snapshot import Snapshot

_NO_DIGEST = bytes(32)


def identify(snapshot: Snapshot, headers: Mapping[str, str]) -> User:
    """The user whose key stands in `headers`. Raises Refused: 400 for two keys, 401 for none."""
    key = given_key(headers)
    if snapshot.open:
        return ANYBODY
    if key is None:
        raise _unknown(
            "No API key was sent. Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."
        )
    wanted = digest(key)
    user = snapshot.users.get(wanted)
    known = hmac.compare_digest(wanted if user else _NO_DIGEST, wanted)
    if user is None or not known or not user.is_active:
        raise _unknown("The API key is not valid.")
    return user


def given_key(headers: Mapping[str, str]) -> str | None:
    """The key that the caller sent, in either header. Raises Refused where they differ."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    plain = headers.get("x-api-key", "").strip()
    if bearer and plain and not hmac.compare_digest(bearer.encode(), plain.encode()):
        raise bad_request("'authorization' and 'x-api-key' carry different keys. Send one of them.")
    return bearer or plain or None


def _unknown(message: str) -> Refused:
    return Refused(Fault(kind="invalid_api_key", message=message))
