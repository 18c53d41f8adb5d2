"""Every scenario, in the order in which they are played."""

from collections.abc import Callable, Mapping

import msgspec

from bench.proxies import Proxy
from bench.scenarios import blocking, chunks, footprint, latency, requests
from bench.scenarios.crowd import Crowd
from bench.scenarios.stage import Sample, Stage
from bench.scenarios.workers import workers

EVERYBODY = ("headgate", "nginx", "litellm", "portkey")


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of figure. ``left_out`` says for whom it makes no sense, and why; ``recipes`` where
    one of them is started in a way of its own; ``rounds`` bounds those of the run, ``slow_rounds``
    those of `SLOW` peers, whose figures are so far off that a round tells them, ``quick_rounds``
    those of a quick run, none of which leaves the scenario out."""

    name: str
    play: Callable[[Stage, Proxy], Sample]
    left_out: Mapping[str, str] = {}
    recipes: Mapping[str, str] = {}
    rounds: int = 100
    slow_rounds: int = 1
    quick_rounds: int = 0


_NO_TRANSLATION = {"nginx": "it translates nothing"}
_OWN = dict.fromkeys(EVERYBODY[1:], "a figure of Headgate's own")
_TOO_MANY = dict.fromkeys(
    ("litellm", "portkey"), "5,000 chunks a second are more than one core of it relays"
)

SCENARIOS = (
    Scenario(name="small_json", quick_rounds=2, play=requests.small_json, slow_rounds=100),
    Scenario(name="relayed_chunk", quick_rounds=2, play=chunks.relayed_chunk, slow_rounds=2),
    Scenario(
        name="translated_chunk",
        quick_rounds=2,
        play=chunks.translated_chunk,
        left_out=_NO_TRANSLATION,
    ),
    Scenario(
        name="policy_chunk",
        play=chunks.policy_chunk,
        left_out=_OWN,
        recipes={"headgate": "headgate, redact"},
    ),
    Scenario(name="first_event", quick_rounds=2, play=latency.first_event),
    Scenario(name="chunk_gap", quick_rounds=1, play=latency.chunk_gap),
    Scenario(name="tls_json", play=requests.tls_json),
    Scenario(name="tls_chunk", play=chunks.tls_chunk),
    Scenario(name="prompt_1k", play=requests.Prompt(1_000), rounds=2),
    Scenario(name="prompt_10k", play=requests.Prompt(10_000), rounds=2),
    Scenario(name="prompt_100k", play=requests.Prompt(100_000), rounds=2),
    Scenario(name="beside_long", play=blocking.beside_long, rounds=2),
    Scenario(name="streams_1", play=Crowd(1), rounds=1),
    Scenario(name="streams_100", play=Crowd(100), rounds=1),
    Scenario(name="streams_1000", quick_rounds=1, play=Crowd(1000), rounds=1),
    Scenario(name="streams_5000", play=Crowd(5000), left_out=_TOO_MANY, rounds=2),
    Scenario(name="start", quick_rounds=1, play=footprint.start, rounds=3),
    Scenario(name="memory", play=footprint.memory, rounds=1),
    Scenario(name="workers", play=workers, left_out=_OWN, rounds=3),
)
