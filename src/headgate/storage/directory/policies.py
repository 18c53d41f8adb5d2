"""The policy chain of the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update

from headgate.model.directory import PolicyRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import policies
from headgate.storage.sql import Step

POLICIES = Shape(policies, PolicyRow)
_TAKEN = {"": "a policy with this id exists already"}


class PolicyStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_policies(self) -> tuple[PolicyRow, ...]:
        """All, by position."""
        return await self._list(POLICIES, policies.c.position, policies.c.id)

    async def get_policy(self, policy_id: str) -> PolicyRow | None:
        """One entry."""
        return await self._get(POLICIES, policy_id)

    async def add_policy(self, policy: PolicyRow) -> None:
        """One more entry."""
        await self._add(POLICIES, policy, _TAKEN)

    async def change_policy(self, policy_id: str, **fields: Any) -> PolicyRow | None:
        """Changes the given fields."""
        return await self._change(POLICIES, policy_id, fields, _TAKEN)

    async def remove_policy(self, policy_id: str) -> bool:
        """Takes one away."""
        return await self._remove(policies, policy_id)

    async def reorder_policies(self, policy_ids: Sequence[str]) -> bool:
        """Positions in the order given; False where these are not exactly the chain's ids."""
        there = sorted(policy.id for policy in await self.list_policies())
        if sorted(policy_ids) != there or not there:
            return not policy_ids and not there
        placed = [
            update(policies).where(policies.c.id == policy_id).values(position=position)
            for position, policy_id in enumerate(policy_ids)
        ]
        return await self._write([Step(place, must_touch=True) for place in placed])
