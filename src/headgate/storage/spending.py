"""What callers have spent, from the attempts in the books."""

from sqlalchemy import func, select

from headgate.storage.engine import Database
from headgate.storage.tables import attempts, exchanges


class BookedSpending:
    """See `headgate.ports.Spending`. Attempts that failed count too: they cost as well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(self, user_id: str, since: float, until: float) -> float:
        """US dollars of the user's exchanges that began in that time. Raises StoreUnreachable."""
        cost = func.coalesce(func.sum(attempts.c.cost_usd), 0.0).label("cost_usd")
        theirs = select(cost).select_from(
            attempts.join(exchanges, exchanges.c.id == attempts.c.exchange_id)
        )
        rows = await self._database.fetch(
            theirs.where(
                exchanges.c.user_id == user_id,
                exchanges.c.created_at >= since,
                exchanges.c.created_at < until,
            )
        )
        return float(rows[0]["cost_usd"])
