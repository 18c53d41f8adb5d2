"""Whether a database's keys and secrets were made with the secret key that we have."""

from collections.abc import Sequence

from sqlalchemy import func, select, update

from headgate.storage.directory_tables import backends, directory_version, keys
from headgate.storage.engine import Database
from headgate.storage.secret_key import SecretKey
from headgate.storage.sql import Step


class AnotherSecretKey(Exception):  # noqa: N818 - named for the fact
    """What the database holds was made with a secret key that we do not have."""


async def claim(database: Database, secret_keys: Sequence[SecretKey]) -> None:
    """Writes the newest key's id into the database where the last one is known here, too, or
    nothing depends on it. Raises AnotherSecretKey and StoreUnreachable."""
    newest = secret_keys[0].id
    stated = directory_version.c.secret_id
    last = (await database.fetch(select(stated)))[0]["secret_id"]
    if last == newest:
        return
    known = last is None or last in {key.id for key in secret_keys}
    if not known and await _is_used(database):
        raise AnotherSecretKey(
            "the database's API keys and secrets were made with another secret key: set "
            "HEADGATE_SECRET_KEY to that one, or to NEW,OLD to go over to a new one"
        )
    same = stated.is_(None) if last is None else stated == last
    claimed = update(directory_version).where(same).values(secret_id=newest)
    if not await database.write([Step(claimed)]):
        await claim(database, secret_keys)  # another process was here in the meantime


async def _is_used(database: Database) -> bool:
    sealed = backends.c.api_key_sealed.is_not(None)
    counts = (
        select(func.count().label("n")).select_from(keys),
        select(func.count().label("n")).select_from(backends).where(sealed),
    )
    return any([(await database.fetch(count))[0]["n"] for count in counts])
