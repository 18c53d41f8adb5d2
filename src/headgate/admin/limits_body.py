"""How much may be used, as a body of the admin API says it of a user or of a key."""

from typing import Annotated, Any

from pydantic import Field

from headgate.admin.control import Body
from headgate.model.limits import Limits

Most = Annotated[int, Field(ge=1, le=2**53)]


class LimitsBody(Body):
    """How much may be used; null: no limit."""

    requests_per_minute: Most | None = None
    tokens_per_minute: Most | None = None
    requests_per_day: Most | None = None
    tokens_per_day: Most | None = None
    concurrent: Most | None = None
    budget_usd: Annotated[float, Field(ge=0, le=1e12)] | None = None
    budget_period: Annotated[str, Field(pattern="^(day|month|total)$")] = "month"


def limits_of(given: dict[str, Any] | None) -> Limits:
    """The limits that a body gives; null are none."""
    return Limits(**(given or {}))
