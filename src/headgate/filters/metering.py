"""Counts exchanges, attempts and what policies did, for ``GET /metrics``.

No name that a caller made up becomes a label: a model is named only where the configuration or a
backend's own list knows it.
"""

from collections.abc import Callable

from typing_extensions import override

from headgate.metrics.family import OTHER
from headgate.metrics.meters import Meters
from headgate.model.usage import Bill
from headgate.pipeline.bill import bill_of, overhead_s
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.guard import Report

IsListed = Callable[[str, str], bool]
"""Whether the list of a backend, the first, has a model, the second."""

NONE = "none"
"""Where no backend was asked."""


class Metering(Filter):
    """Counts in `meters`. It stands behind pricing, so that costs are known."""

    def __init__(self, meters: Meters, is_listed: IsListed) -> None:
        self._meters = meters
        self._is_listed = is_listed

    @override
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        meters, backend = self._meters, attempt.target.backend
        meters.attempts.add((backend, attempt.outcome))
        if attempt.facts.events:
            meters.events.add((backend,), attempt.facts.events)
        bill = bill_of(attempt, exchange.input_estimate)
        if bill.source is None and attempt.cost is None:
            return
        model = self._model(exchange)
        self._tokens(backend, model, bill)
        if attempt.cost is not None:
            meters.cost.add((backend, model), attempt.cost.usd)

    @override
    def close(self, exchange: Exchange) -> None:
        meters, dialect = self._meters, exchange.dialect.name
        last = exchange.attempts[-1] if exchange.attempts else None
        backend = last.target.backend if last is not None else NONE
        status = f"{exchange.status // 100}xx"
        model = self._model(exchange)
        meters.requests.add((dialect, model, backend, exchange.outcome, status))
        if last is None or exchange.outcome in ("refused", "blocked"):
            self._refusal(exchange)
        stream = "true" if exchange.envelope.stream else "false"
        meters.duration.observe((dialect, stream), exchange.ended - exchange.began)
        if last is not None and last.first_event_at is not None:
            waited_s = last.first_event_at - exchange.began
            meters.first_event.observe((dialect, backend), waited_s)
        overhead = overhead_s(exchange)
        if overhead is not None:
            meters.overhead.observe((dialect,), overhead)
        if exchange.guard is not None and not exchange.guard.reviews:
            self.amend(exchange)

    def stranger(self, dialect: str, took_s: float) -> None:
        """Counts a request without a valid key that was refused before it was an exchange, as
        `close` would."""
        meters = self._meters
        meters.requests.add((dialect, OTHER, NONE, "refused", "4xx"))
        meters.refusals.add(("invalid_api_key",))
        meters.duration.observe((dialect, "false"), took_s)

    @override
    def amend(self, exchange: Exchange) -> None:
        guard = exchange.guard
        for report in guard.reports if guard is not None else ():
            if not report.quiet:
                self._policy(report)

    def _model(self, exchange: Exchange) -> str:
        route = exchange.route
        if route is None or not route.targets:
            return OTHER
        if route.declared:
            return route.name
        target = exchange.attempts[-1].target if exchange.attempts else route.targets[0]
        return target.model if self._is_listed(target.backend, target.model) else OTHER

    def _refusal(self, exchange: Exchange) -> None:
        fault = exchange.fault
        if fault is not None and fault.origin == "gateway":
            self._meters.refusals.add((fault.kind,))

    def _tokens(self, backend: str, model: str, bill: Bill) -> None:
        usage, tokens = bill.usage, self._meters.tokens
        counts = (
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cached", usage.cached_tokens),
            ("reasoning", usage.reasoning_tokens),
        )
        for kind, count in counts:
            if count:
                tokens.add((backend, model, kind), count)

    def _policy(self, report: Report) -> None:
        meters, name = self._meters, report.policy
        mode = "monitor" if report.monitor else "enforce"
        did = (
            ("refused", report.refused is not None),
            ("changed", report.changed),
            ("failed", bool(report.failures)),
            ("met", bool(report.findings)),
        )
        for decision, happened in did:
            if happened:
                meters.decisions.add((name, mode, decision))
        if report.holds.count:
            meters.holds.merge((name,), (*report.holds.buckets, report.holds.total_s))
        if report.late:
            meters.late.add((name,), report.late)
