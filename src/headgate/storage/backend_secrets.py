"""The secrets of a backend's row, sealed: its key, and what is secret among its settings."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from headgate.model.directory import BackendRow
from headgate.model.secret_fields import as_sealed, change_secrets, envelope_of
from headgate.model.store_faults import SecretLost
from headgate.storage.vault import Place, Vault

_TABLE = "backends"


def place_of(backend_id: str) -> Place:
    """Where the key of a backend stands."""
    return Place(_TABLE, backend_id, "api_key_sealed")


def seal_setting(vault: Vault, backend_id: str, place: str, secret: str) -> str:
    """What stands in the database for the secret at that place of the settings."""
    envelope = vault.seal(secret, _setting(backend_id, place))
    return as_sealed(base64.b64encode(envelope).decode())


def open_secrets(vault: Vault, row: BackendRow) -> tuple[str | None, Mapping[str, Any]]:
    """The backend's key, None where it has none, and its settings. Raises SecretLost."""
    sealed = row.api_key_sealed
    api_key = None if sealed is None else vault.open(sealed, place_of(row.id))
    settings = change_secrets(
        row.settings, lambda place, value: _opened(vault, row.id, place, value)
    )
    return api_key, settings


def renewed_secrets(vault: Vault, row: BackendRow) -> dict[str, Any]:
    """The row's fields that are to be written, so that the newest secret key has sealed them all.
    Raises SecretLost."""
    fields: dict[str, Any] = {}
    sealed = row.api_key_sealed
    if sealed is not None and (anew := vault.renew(sealed, place_of(row.id))) is not None:
        fields["api_key_sealed"] = anew
    settings = change_secrets(
        row.settings, lambda place, value: _renewed(vault, row.id, place, value)
    )
    if settings != row.settings:
        fields["settings"] = settings
    return fields


def _setting(backend_id: str, place: str) -> Place:
    return Place(_TABLE, backend_id, f"settings/{place}")


def _opened(vault: Vault, backend_id: str, place: str, value: Any) -> Any:
    envelope = envelope_of(value)
    if envelope is None:
        return value
    return vault.open(_bytes(envelope), _setting(backend_id, place))


def _renewed(vault: Vault, backend_id: str, place: str, value: Any) -> Any:
    envelope = envelope_of(value)
    if envelope is None:
        # An earlier Headgate left it in clear.
        return seal_setting(vault, backend_id, place, str(value))
    anew = vault.renew(_bytes(envelope), _setting(backend_id, place))
    return value if anew is None else as_sealed(base64.b64encode(anew).decode())


def _bytes(envelope: str) -> bytes:
    try:
        return base64.b64decode(envelope, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretLost("it is damaged") from error
