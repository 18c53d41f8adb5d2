"""Seals backends' secrets anew, under the newest secret key."""

import logging

from headgate.model.directory import BackendRow
from headgate.model.store_faults import SecretLost
from headgate.storage.directory import DirectoryStore
from headgate.storage.vault import Place, Vault

_LOG = logging.getLogger(__name__)


def place_of(backend_id: str) -> Place:
    """Where the key of a backend stands."""
    return Place("backends", backend_id, "api_key_sealed")


async def reseal(store: DirectoryStore, vault: Vault, now: float) -> int:
    """Seals what an older key sealed; says how many. What cannot be opened stays as it is."""
    renewed = 0
    for row in await store.list_backends():
        sealed = _renewed(row, vault)
        if sealed is not None:
            noting = store.noting(
                at=now, actor="headgate", action="backend.reseal", subject=row.id, detail={}
            )
            await noting.change_backend(row.id, api_key_sealed=sealed)
            renewed += 1
    return renewed


def _renewed(row: BackendRow, vault: Vault) -> bytes | None:
    if row.api_key_sealed is None:
        return None
    try:
        return vault.renew(row.api_key_sealed, place_of(row.id))
    except SecretLost as lost:
        _LOG.error("the key of the backend %r cannot be opened: %s", row.name, lost)
        return None
