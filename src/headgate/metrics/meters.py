"""What is counted of exchanges, attempts and policies: every family with its labels."""

from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from functools import partial

from headgate.metrics.family import Family

WAIT_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
DURATION_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
OVERHEAD_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)


@dataclass(slots=True)
class Meters:
    """The families of one worker. ``hold_bounds``: seconds, of the histogram of holds."""

    hold_bounds: InitVar[tuple[float, ...]]
    requests: Family = field(
        default_factory=partial(
            Family,
            "headgate_requests_total",
            "Exchanges that are over.",
            ("dialect", "model", "backend", "outcome", "status"),
        )
    )
    refusals: Family = field(
        default_factory=partial(
            Family,
            "headgate_refusals_total",
            "Exchanges that the gateway itself refused, by the reason.",
            ("reason",),
        )
    )
    attempts: Family = field(
        default_factory=partial(
            Family,
            "headgate_attempts_total",
            "Attempts at backends that are over.",
            ("backend", "outcome"),
        )
    )
    tokens: Family = field(
        default_factory=partial(
            Family,
            "headgate_tokens_total",
            "Tokens used; cached ones are among the input, reasoning among the output.",
            ("backend", "model", "kind"),
        )
    )
    cost: Family = field(
        default_factory=partial(
            Family,
            "headgate_cost_usd_total",
            "What attempts cost, where known.",
            ("backend", "model"),
        )
    )
    events: Family = field(
        default_factory=partial(
            Family, "headgate_stream_events_total", "Events of the backends' streams.", ("backend",)
        )
    )
    first_event: Family = field(
        default_factory=partial(
            Family,
            "headgate_time_to_first_event_seconds",
            "From the request's arrival to the backend's first event or whole answer.",
            ("dialect", "backend"),
            WAIT_BOUNDS_S,
        )
    )
    duration: Family = field(
        default_factory=partial(
            Family,
            "headgate_request_duration_seconds",
            "From the request's arrival to the answer's end.",
            ("dialect", "stream"),
            DURATION_BOUNDS_S,
        )
    )
    overhead: Family = field(
        default_factory=partial(
            Family,
            "headgate_overhead_seconds",
            "The gateway's own time until the first event went to the caller.",
            ("dialect",),
            OVERHEAD_BOUNDS_S,
        )
    )
    decisions: Family = field(
        default_factory=partial(
            Family,
            "headgate_policy_decisions_total",
            "Exchanges in which a policy refused, changed, failed or met something.",
            ("policy", "mode", "decision"),
        )
    )
    holds: Family = field(init=False)
    late: Family = field(
        default_factory=partial(
            Family,
            "headgate_policy_late_total",
            "How often text went out because max_hold was over.",
            ("policy",),
        )
    )

    def __post_init__(self, hold_bounds: tuple[float, ...]) -> None:
        """Makes the one family whose bounds are somebody else's."""
        help_ = "How long a policy held text of a stream."
        self.holds = Family("headgate_policy_hold_seconds", help_, ("policy",), hold_bounds)

    def __iter__(self) -> Iterator[Family]:
        """All of them."""
        return (getattr(self, name) for name in self.__slots__)
