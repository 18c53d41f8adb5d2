"""What users and keys have spent, from the attempts in the books."""

from sqlalchemy import func, select

from headgate.model.limits import Subject
from headgate.storage.engine import Database
from headgate.storage.tables import attempts, exchanges


class BookedSpending:
    """See `headgate.ports.Spending`. Attempts that failed count too: they cost as well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(self, subject: Subject, since: float, until: float) -> float:
        """US dollars of the attempts before `until` of exchanges of the user or key that came from
        `since` on. Raises StoreUnreachable."""
        owner, id_ = subject
        column = exchanges.c.key_id if owner == "key" else exchanges.c.user_id
        cost = func.coalesce(func.sum(attempts.c.cost_usd), 0.0).label("cost_usd")
        theirs = select(cost).select_from(
            attempts.join(exchanges, exchanges.c.id == attempts.c.exchange_id)
        )
        rows = await self._database.fetch(
            theirs.where(
                column == id_,
                exchanges.c.created_at >= since,
                # Not the exchange: it comes before its reservation, which may be what asks.
                attempts.c.at < until,
            )
        )
        return float(rows[0]["cost_usd"])
