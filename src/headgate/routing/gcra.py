"""Rates as the generic cell rate algorithm keeps them: one number for each.

The number, `paid_at`, is the time at which all that was taken will be paid off (ITU-T I.371 calls
it the theoretical arrival time). A rate of N in a period pays off N in that period, steadily, and
lets N through at once where nothing is owed: a token bucket that needs no timer.
"""

import math

from headgate.model.limits import Rate, Slot, Standing

SLACK_S = 1e-6
"""Sums of fractions of a second are not exact; so much is no reason to wait."""


def take(rate: Rate, paid_at: float, now: float, amount: float) -> Slot:
    """What taking `amount` means. More than the whole limit is taken as the whole limit: such a
    request waits until nothing is owed, not for ever."""
    start = max(paid_at, now)
    return Slot(rate, start, start + min(amount, rate.limit) * rate.period_s / rate.limit)


def wait_s(slot: Slot, now: float) -> float:
    """How long to wait until the slot fits; 0: it fits now."""
    late = slot.end - now - slot.rate.period_s
    return late if late > SLACK_S else 0.0


def settle(slot: Slot, paid_at: float, truth: float, now: float) -> float:
    """The new `paid_at` once it is known how much was really used. What was taken too much comes
    back as far as time has not paid it off already; what was taken too little is owed."""
    true_end = slot.start + truth * slot.rate.period_s / slot.rate.limit
    if true_end >= slot.end:
        return max(paid_at, now) + true_end - slot.end
    return paid_at - max(0.0, slot.end - max(now, true_end))


def standing(rate: Rate, paid_at: float, now: float) -> Standing:
    """What is left of the rate."""
    owed_s = max(0.0, paid_at - now)
    left = rate.limit * (1 - owed_s / rate.period_s)
    return Standing(rate.counted, rate.limit, max(0, math.floor(left + SLACK_S)), owed_s)
