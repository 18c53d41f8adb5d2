"""The grammar of hub events as a check: what every reader must keep, whatever it is fed."""

from collections.abc import Iterable

from headgate.model import events as ev

_DELTAS: dict[type, type] = {
    ev.TextDelta: ev.TextBlock,
    ev.ReasoningDelta: ev.ReasoningBlock,
    ev.RefusalDelta: ev.RefusalBlock,
    ev.ArgumentsDelta: ev.ToolCallBlock,
    ev.StateAttached: ev.ReasoningBlock,
    ev.CitationAdded: ev.TextBlock,
}


def check(  # noqa: C901 - one arm an event
    events: Iterable[ev.Event], whole: bool = False
) -> None:
    """Asserts that `events` is a sentence (or, unless `whole`, a prefix of one)."""
    open_blocks: dict[int, ev.BlockStarted] = {}
    used: set[int] = set()
    finished: set[int] = set()
    failed = False
    for number, event in enumerate(events):
        assert not failed, f"{event} after Failed"
        assert (number == 0) == isinstance(event, ev.Started) or isinstance(event, ev.Failed), (
            f"{event} at {number}: Started comes first and once"
        )
        match event:
            case ev.BlockStarted(key=key, choice=choice):
                assert key not in used, f"key {key} used again"
                assert choice not in finished, f"block of choice {choice} after its finish"
                used.add(key)
                open_blocks[key] = event
            case ev.BlockEnded(key=key):
                del open_blocks[key]
            case ev.PartAdded(choice=choice):
                assert choice not in finished, f"part of choice {choice} after its finish"
            case ev.Finished(choice=choice):
                assert choice not in finished, f"choice {choice} finished twice"
                assert all(b.choice != choice for b in open_blocks.values()), (
                    "finish inside a block"
                )
                finished.add(choice)
            case ev.Failed():
                failed = True
            case ev.Started() | ev.UsageReported():
                pass
            case _:
                block = open_blocks[event.key].block
                assert isinstance(block, _DELTAS[type(event)]), f"{event} in {block}"
                if not isinstance(event, ev.StateAttached | ev.CitationAdded):
                    logprobs = isinstance(event, ev.TextDelta) and event.logprobs
                    assert event.text or logprobs, "an empty delta"
    if whole and not failed:
        assert finished, "never finished"
        assert not open_blocks, f"never ended: {open_blocks}"
