from typing import Any

import msgspec
import pytest

from headgate.model.directory import BackendRow
from headgate.model.store_faults import SecretLost
from headgate.storage.backend_secrets import (
    open_secrets,
    place_of,
    renewed_secrets,
    seal_setting,
)
from headgate.storage.secret_key import derive
from headgate.storage.vault import Vault
from tests.storage.directory.samples import backend

VAULT = Vault([derive(b"a secret key of tests")])


def row(backend_id: str = "b1", **headers: str) -> BackendRow:
    sealed: dict[str, Any] = {
        name: seal_setting(VAULT, "b1", f"headers/{name}", value) for name, value in headers.items()
    }
    key = VAULT.seal("sk-up", place_of("b1"))
    return backend(backend_id, api_key_sealed=key, settings={"kind": "openai", "headers": sealed})


def test_what_was_sealed_is_opened_and_the_rest_stays() -> None:
    sealed = row(**{"x-key": "s3cret", "x-team": "research"})
    assert "s3cret" not in repr(sealed)
    opened = {"kind": "openai", "headers": {"x-key": "s3cret", "x-team": "research"}}
    assert open_secrets(VAULT, sealed) == ("sk-up", opened)


def test_a_backend_without_secrets_has_none() -> None:
    bare = backend(api_key_sealed=None, settings={"timeouts": {"idle": "5s"}})
    assert open_secrets(VAULT, bare) == (None, bare.settings)
    assert renewed_secrets(VAULT, bare) == {}


@pytest.mark.parametrize("harm", ["another row", "another header", "damaged"])
def test_what_was_moved_or_damaged_does_not_open(harm: str) -> None:
    sealed = msgspec.structs.replace(row(**{"x-key": "s3cret"}), api_key_sealed=None)
    text = sealed.settings["headers"]["x-key"]
    moved = {
        "another row": backend("b2", api_key_sealed=None, settings=sealed.settings),
        "another header": backend(api_key_sealed=None, settings={"headers": {"x-other": text}}),
        "damaged": backend(api_key_sealed=None, settings={"headers": {"x-key": text + "!"}}),
    }[harm]
    with pytest.raises(SecretLost):
        open_secrets(VAULT, moved)
