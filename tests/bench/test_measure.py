"""Both ways in turns, on scripted upstreams."""

import pytest

from headgate.bench.caller import BenchFailed
from headgate.bench.measure import Share, Way, measure
from headgate.testing import ScriptedUpstream

SOON = Share(requests=4, seconds=30.0)


async def test_each_way_is_measured_as_often_as_the_other() -> None:
    with ScriptedUpstream() as first, ScriptedUpstream() as second:
        for upstream in (first, second):
            upstream.script(text=["a ", "b ", "c"], delay_ms=30)
        direct, through = await measure(Way(first.url), Way(second.url, "key"), SOON)
        asked = second.requests("POST")
    for times in (direct, through):
        assert len(times.whole_s) == len(times.first_s) == 4
        assert len(times.gaps_s) >= 4  # events that are read together have none
        assert times.per_s > 0
    assert {one["headers"]["authorization"] for one in asked} == {"Bearer key"}
    assert {one["body"]["stream"] for one in asked} == {True, False}


async def test_no_time_still_gives_one_of_each() -> None:
    with ScriptedUpstream() as upstream:
        way = Way(upstream.url)
        direct, through = await measure(way, way, Share(requests=1000, seconds=0.0))
    assert len(direct.whole_s) == len(through.first_s) == 1


async def test_a_stream_without_events_is_a_failure() -> None:
    with ScriptedUpstream() as upstream:
        upstream.script(events=[], no_terminator=True)
        with pytest.raises(BenchFailed, match="a stream had no events"):
            await measure(Way(upstream.url), Way(upstream.url), SOON)


async def test_a_refusal_is_a_failure() -> None:
    with ScriptedUpstream() as upstream:
        upstream.script(status=401)
        with pytest.raises(BenchFailed, match="status 401"):
            await measure(Way(upstream.url), Way(upstream.url), SOON)
