"""The periods of budgets, in UTC."""

from datetime import UTC, datetime, timedelta

from headgate.model.limits import BudgetPeriod


def period_start(period: BudgetPeriod, at: float) -> float:
    """The Unix time at which the period that holds the Unix time `at` began; 0 for ``total``."""
    return 0.0 if period == "total" else _start(period, at).timestamp()


def period_end(period: BudgetPeriod, at: float) -> float | None:
    """The Unix time at which the next period begins; None where there is none."""
    if period == "total":
        return None
    start = _start(period, at)
    if period == "day":
        return (start + timedelta(days=1)).timestamp()
    return (start + timedelta(days=32)).replace(day=1).timestamp()


def _start(period: BudgetPeriod, at: float) -> datetime:
    midnight = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if period == "day" else midnight.replace(day=1)
