"""Holds callers to their limits: reserves at admission, settles with the truth at the end."""

import functools
import math
from collections.abc import Callable

from typing_extensions import override

from headgate.filters.limit_headers import limit_headers
from headgate.model.caller import User
from headgate.model.fault import Fault, Refused
from headgate.model.limits import Account, Claim, Exceeded
from headgate.pipeline.bill import bill_of
from headgate.pipeline.charge import expected_cost, output_bound
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter, Waiting
from headgate.ports import Limiter, Prices
from headgate.routing.target import Target

A_DAY_S = 86_400.0
"""When to ask again where a budget never begins anew: an administrator may have raised it."""


class LimitCallers(Filter):
    """Rates, exchanges at the same time and budgets, for users and keys that have limits. What
    an exchange uses counts for both; whichever is tighter refuses."""

    def __init__(self, limiter: Limiter, prices: Prices, wall: Callable[[], float]) -> None:
        self._limiter = limiter
        self._prices = prices
        self._wall = wall

    @override
    def admit(self, exchange: Exchange) -> Waiting | None:
        accounts = _accounts(exchange.user)
        return self._reserve(exchange, accounts) if accounts else None

    async def _reserve(self, exchange: Exchange, accounts: tuple[Account, ...]) -> None:
        # Of a form nothing is read yet: its prompt counts when it is settled.
        tokens = exchange.input_estimate + output_bound(exchange)
        claim = Claim(accounts=accounts, tokens=tokens)
        answer = await self._limiter.reserve(claim)
        told_in = exchange.dialect.told_in
        exchange.headers_out += limit_headers(told_in, answer.standings, self._wall())
        if isinstance(answer, Exceeded):
            raise _refused(answer)
        exchange.reservation = answer

    @override
    def choose(self, exchange: Exchange, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        if exchange.reservation is None or not exchange.reservation.has_budget:
            return targets
        dearest = 0.0
        for target in targets:
            dearest = max(dearest, expected_cost(exchange, target, self._prices) or 0.0)
        exceeded = self._limiter.hold(exchange.reservation, dearest)
        if exceeded is not None:
            raise _refused(exceeded)
        return targets

    @override
    def close(self, exchange: Exchange) -> None:
        if exchange.reservation is None:
            return
        tokens, cost_usd = 0, 0.0
        for attempt in exchange.attempts:
            tokens += bill_of(attempt, exchange.input_estimate).usage.total_tokens
            cost_usd += attempt.cost.usd if attempt.cost else 0.0
        self._limiter.settle(exchange.reservation, tokens, cost_usd)


@functools.lru_cache(maxsize=4096)
def _accounts(user: User) -> tuple[Account, ...]:
    """Who is held to limits."""
    user_account = Account(("user", user.id), user.limits)
    if not user.key.limits:
        return (user_account,) if user.limits else ()
    key_account = Account(("key", user.key.id), user.key.limits)
    return (user_account, key_account) if user.limits else (key_account,)


def _refused(exceeded: Exceeded) -> Refused:
    if exceeded.budget:
        message = f"The budget of this {exceeded.owner}, {exceeded.limit}, is used up."
        return Refused(
            Fault(
                kind="quota_exhausted",
                message=message,
                retry_after_s=A_DAY_S if exceeded.wait_s is None else exceeded.wait_s,
                # The official clients try a 429 again unless they are told not to.
                headers=(("x-should-retry", "false"),),
            )
        )
    wait_s = exceeded.wait_s or 0.0
    message = (
        f"Rate limit reached: this {exceeded.owner} may use {exceeded.limit}. "
        f"Try again in {max(1, math.ceil(wait_s))} s."
    )
    return Refused(Fault(kind="rate_limited", message=message, retry_after_s=wait_s))
