"""Seals backends' secrets anew, under the newest secret key."""

import logging
from typing import Any

from headgate.model.directory import BackendRow
from headgate.model.store_faults import SecretLost
from headgate.storage.backend_secrets import renewed_secrets
from headgate.storage.directory import DirectoryStore
from headgate.storage.vault import Vault

_LOG = logging.getLogger(__name__)


async def reseal(store: DirectoryStore, vault: Vault, now: float) -> int:
    """Seals what an older key sealed; says of how many backends. What cannot be opened stays."""
    renewed = 0
    for row in await store.list_backends():
        fields = _renewed(row, vault)
        if fields:
            noting = store.noting(
                at=now, actor="headgate", action="backend.reseal", subject=row.id, detail={}
            )
            await noting.change_backend(row.id, **fields)
            renewed += 1
    return renewed


def _renewed(row: BackendRow, vault: Vault) -> dict[str, Any]:
    try:
        return renewed_secrets(vault, row)
    except SecretLost as lost:
        _LOG.error("a secret of the backend %r cannot be opened: %s", row.name, lost)
        return {}
