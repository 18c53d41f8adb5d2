"""Every scenario, in the order in which they are played."""

from collections.abc import Callable, Mapping

import msgspec

from bench.proxies import Proxy
from bench.scenarios import chunks, requests
from bench.scenarios.stage import Sample, Stage

EVERYBODY = ("headgate", "nginx", "litellm", "portkey")


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of figure. ``peers`` are those for whom it makes sense; ``recipes`` says where one
    of them is started in a way of its own; ``rounds`` bounds those of the run."""

    name: str
    play: Callable[[Stage, Proxy], Sample]
    peers: tuple[str, ...] = EVERYBODY
    recipes: Mapping[str, str] = {}
    rounds: int = 100
    in_quick: bool = True


SCENARIOS = (
    Scenario(name="small_json", play=requests.small_json),
    Scenario(name="relayed_chunk", play=chunks.relayed_chunk),
    Scenario(
        name="translated_chunk",
        play=chunks.translated_chunk,
        peers=("headgate", "litellm", "portkey"),
    ),
)
