"""What the resources share: the store, the file's rows beside it, and the writing of changes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from fastapi import Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict

from headgate.config import ConfigErrors, read_section
from headgate.model.directory import Directory, KeyRow, SourceName
from headgate.ports import DirectoryPort

Row = TypeVar("Row")

IN_FILE = "this is defined in the configuration's file; change it there"


class NewKey(msgspec.Struct, frozen=True):
    """A key as it is kept and, this once, as it is."""

    row: KeyRow
    text: str


class ModelState(msgspec.Struct, frozen=True):
    """What is known of a backend's model list; ``at`` is when it was asked, in Unix seconds."""

    models: frozenset[str] | None = None
    at: float | None = None
    error: str | None = None

    @property
    def word(self) -> str:
        """The state in one word."""
        if self.error is not None:
            return "error"
        return "uninitialized" if self.models is None else "ready"


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """Handed in by the composition root.

    ``file_rows`` are the rows that the configuration's file defines; ``changed`` puts what was
    written in force in this worker; ``make_key(user_id, own)`` makes a key, the caller's ``own``
    where one is given (ValueError where it is too weak); ``seal(backend_id, key)`` is the envelope
    of a backend's key, ``seal_setting(backend_id, place, secret)`` what is kept of a secret among
    its settings; ``models_of`` and ``refresh_models`` take a backend's name; ``reload`` reads
    the file again and gives what is wrong with it; ``now`` is Unix time; ``mint`` 16 random hex
    digits; ``mint_secret`` 256 random bits as text.
    """

    store: DirectoryPort
    file_rows: Callable[[], Directory]
    changed: Callable[[], Awaitable[None]]
    make_key: Callable[[str, str | None], NewKey]
    seal: Callable[[str, str], bytes]
    seal_setting: Callable[[str, str, str], str]
    models_of: Callable[[str], ModelState]
    refresh_models: Callable[[str], Awaitable[None]]
    reload: Callable[[], Awaitable[list[str]]]
    check_policy: Callable[[Mapping[str, Any]], Iterable[str]]
    now: Callable[[], float]
    mint: Callable[[], str]
    mint_secret: Callable[[], str]

    def writing(
        self, request: Request, action: str, subject: str, detail: Mapping[str, Any]
    ) -> DirectoryPort:
        """The store, whose next write notes in the audit log who did what."""
        return self.store.noting(
            at=self.now(), actor=_actor(request), action=action, subject=subject, detail=detail
        )

    async def note(
        self, request: Request, action: str, subject: str, detail: Mapping[str, Any]
    ) -> None:
        """Notes in the audit log what is no write of the store."""
        await self.store.append_audit(
            at=self.now(), actor=_actor(request), action=action, subject=subject, detail=detail
        )


def _actor(request: Request) -> str:
    return str(request.state.identity.actor)


def _control_of(request: Request) -> Control:
    control: Control = request.app.state.control
    return control


Wired = Annotated[Control, Depends(_control_of)]
"""The application's control, as a parameter of a route."""


class Named(Protocol):
    """A row with a name that is unique over file and database."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Sourced(Protocol):
    """A row that knows where it was defined."""

    @property
    def source(self) -> SourceName: ...


class Body(BaseModel):
    """What a write may say: nothing that is not named here."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """The fields that were sent."""
        return self.model_dump(exclude_unset=True)


def require(row: Row | None) -> Row:
    """`row`, or a 404."""
    if row is None:
        raise HTTPException(404)
    return row


def refuse_duplicate(rows: Iterable[Named], name: str, what: str, id_: str = "") -> None:
    """A 409 where another of `rows` has the name."""
    if any(row.name == name and row.id != id_ for row in rows):
        raise HTTPException(409, f"{what} named '{name}' exists already")


def refuse_file(rows: Iterable[Named], id_: str) -> None:
    """A 409 where the row stands in the configuration's file, which the API does not write."""
    if any(row.id == id_ for row in rows):
        raise HTTPException(409, IN_FILE)


def refuse_file_row(row: Sourced) -> None:
    """A 409 where the row stands in the configuration's file."""
    if row.source == "file":
        raise HTTPException(409, IN_FILE)


def read_or_refuse(kind: type[Row], section: Mapping[str, Any]) -> Row:
    """The record of `kind` by the rules of the configuration's file, or a 400 that names the
    field which the file would not take either."""
    try:
        return read_section(kind, section)
    except ConfigErrors as errors:
        first = errors.problems[0]
        hint = f"; did you mean {first.nearest!r}?" if first.nearest else ""
        place = f"{first.where}: " if first.where else ""
        raise HTTPException(400, f"{place}{first.message}{hint}") from errors


def refuse_null(given: Mapping[str, Any], *names: str) -> None:
    """A 400 where a field that has always a value was sent as null."""
    for name in names:
        if name in given and given[name] is None:
            raise HTTPException(400, f"{name}: must not be null")
