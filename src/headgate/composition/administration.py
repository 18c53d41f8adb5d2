"""What the admin API of a worker is handed. It costs some 25 MB: import it at the first request."""

import asyncio
import functools
import hmac
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from headgate.admin.app import create_app
from headgate.admin.control import Control, ModelState, NewKey
from headgate.admin.deps import Deps
from headgate.admin.oidc import SignIn
from headgate.admin.recordings import Playing
from headgate.admin.rehearsals import TryOut
from headgate.backends.backend import Backend
from headgate.config import Config
from headgate.model import key_format
from headgate.model.directory import BackendRow, Directory, KeyRow
from headgate.model.store_faults import RowConflict
from headgate.pipeline.file_rows import file_rows
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.keys import digest
from headgate.pipeline.knowledge import Knowledge
from headgate.pipeline.model_lists import ModelLists
from headgate.pipeline.playback import play
from headgate.policies.chain import check_entry
from headgate.ports import DirectoryPort
from headgate.server.interface import App
from headgate.storage.analytics import Analytics
from headgate.storage.backend_secrets import place_of, seal_setting
from headgate.storage.engine import Database
from headgate.storage.ledger import Ledger
from headgate.storage.request_log import RequestLog
from headgate.storage.secret_key import SecretKey
from headgate.storage.vault import Vault
from headgate.upstream.answer import Upstream


def open_admin(
    books: tuple[Database, Ledger],
    control: Control,
    admin_digest: bytes,
    sign_in: SignIn,
    try_out: TryOut,
    recordings: Playing,
) -> App:
    """The application; see `headgate.admin.app`."""
    database, ledger = books
    return create_app(
        Deps(
            request_log=RequestLog(database, ledger.catch_up),
            analytics=Analytics(database, ledger.catch_up),
            control=control,
            admin_digest=admin_digest,
            sign_in=sign_in,
            try_out=try_out,
            recordings=recordings,
        )
    )


def playing_of(find: Callable[[str], Awaitable[bytes | None]], gateway: Gateway) -> Playing:
    """Recordings as the admin API reads and plays them."""
    return Playing(find=find, play=lambda recorded: play(recorded, gateway.snapshot))


def sign_in_of(knowledge: Knowledge, http: Upstream, keys: Sequence[SecretKey]) -> SignIn:
    """How administrators get in, by the configuration in force."""
    return SignIn(
        settings=lambda: knowledge.config.admin,
        http=http,
        keys=tuple(key.login for key in keys),
        clock=time.monotonic,
    )


def control_of(
    store: DirectoryPort,
    knowledge: Knowledge,
    lists: ModelLists,
    vault: Vault,
    pepper: bytes,
    built_in: Callable[[], Sequence[Backend]] = tuple,
) -> Control:
    """What the resources of the admin API work with. ``built_in`` are the backends in force that
    nobody defined; they are shown, and as read-only as the file's."""
    return Control(
        store=store,
        file_rows=lambda: read_only(file_rows(knowledge.config), built_in()),
        changed=knowledge.changed,
        make_key=lambda user_id, own: make_key(
            user_id, refuse_taken(own, knowledge.config), pepper, time.time()
        ),
        seal=lambda backend_id, key: vault.seal(key, place_of(backend_id)),
        seal_setting=functools.partial(seal_setting, vault),
        models_of=lambda name: model_state(lists, name, time.time()),
        refresh_models=lambda name: refresh_models(lists, name),
        reload=knowledge.reload,
        check_policy=check_entry,
        now=time.time,
        mint=lambda: secrets.token_hex(8),
        mint_secret=lambda: secrets.token_urlsafe(32),
    )


def read_only(rows: Directory, built_in: Sequence[Backend]) -> Directory:
    """The file's `rows` and the backends that are built in."""
    more = (
        BackendRow(id=b.name, name=b.name, base_url=b.base_url, speaks=b.speaks, source="file")
        for b in built_in
    )
    return msgspec.structs.replace(rows, backends=(*rows.backends, *more))


def refuse_taken(own: str | None, config: Config) -> str | None:
    """`own`. Raises RowConflict where it is the key of a user of the file, who goes first."""
    if own is not None and any(
        hmac.compare_digest(own.encode(), user.api_key.encode()) for user in config.users
    ):
        raise RowConflict("this key is in use already")
    return own


def make_key(user_id: str, own: str | None, pepper: bytes, now: float) -> NewKey:
    """A new key of a user, or the one that the administrator made. Raises ValueError where that
    one is too weak."""
    if own is None:
        made = key_format.make(os.urandom(key_format.RANDOM_BYTES))
        key_id, text = made.id, made.text
    else:
        why = key_format.weakness(own)
        if why is not None:
            raise ValueError(why)
        key_id, text = key_format.id_of(own) or secrets.token_hex(8), own
    row = KeyRow(
        id=key_id,
        user_id=user_id,
        digest=digest(text, pepper),
        hint=key_format.hint_of(text),
        created_at=now,
    )
    return NewKey(row, text)


def model_state(lists: ModelLists, name: str, now: float) -> ModelState:
    """What is known of the models of the backend with that name."""
    state = lists.state(name)
    if state is None:
        return ModelState()
    age_s = asyncio.get_running_loop().time() - state.fetched_at
    # A list that the configuration gives was never asked for.
    return ModelState(state.models, now - age_s if state.fetched_at else None, state.error)


async def refresh_models(lists: ModelLists, name: str) -> None:
    """Asks that backend for its models now; one that could not be put in force is not asked."""
    if name in lists.known:
        await lists.refresh(name)
