import pytest

from headgate.model.parts import Text, ToolCall
from headgate.model.reply import unfold
from headgate.policies.environment import Environment
from tests.policies.drive import Entry, Model, cut, opened, pour, reply, request, run

GIVEN = reply(Text("mail a@b.org about the gun"), ToolCall("1", "rm", "{}"))
WATCHES: list[tuple[Entry, str]] = [
    ({"policy": "redact"}, "email"),
    ({"policy": "block", "words": ["gun"]}, "word"),
    ({"policy": "log_only", "words": ["gun"]}, "word"),
    ({"policy": "deny_tools", "tools": ["rm"]}, "call dropped"),
    ({"policy": "require_json_schema", "schema": {"type": "object"}}, "not of the schema"),
]


@pytest.mark.parametrize(("entry", "finding"), WATCHES)
def test_a_monitor_notes_what_it_would_do_and_does_nothing(entry: Entry, finding: str) -> None:
    async def work() -> None:
        running = opened({**entry, "mode": "monitor"})
        given = request("a@b.org gun")
        assert await running.request(given) is given
        assert not running.changes_reply
        assert running.watches_reply
        events = cut(unfold(GIVEN), 3)
        for event in events:
            assert running.feed(event, 0.0) == [event]
            assert running.due() is None
        assert running.flush(0.0) == []
        await running.review()
        assert running.reports[0].findings[finding] > 0
        assert running.reports[0].holds.count == 0
        assert await running.reply(GIVEN) is GIVEN

    run(work())


def test_what_would_have_ended_the_exchange_is_in_the_report() -> None:
    async def work() -> str | None:
        running = opened({"policy": "block", "words": ["gun"], "mode": "monitor"})
        await running.request(request())
        await pour(running, unfold(GIVEN))
        return running.reports[0].refused

    assert run(work()) == "it contains a word that is not allowed"


def test_whoever_must_be_asked_is_asked_after_the_last_word() -> None:
    model = Model(lambda text: '{"allow": false}')
    entry = {"policy": "judge", "model": "j", "rules": "none", "mode": "monitor"}

    async def work() -> None:
        running = opened(entry, environment=Environment(ask_model=model.ask))
        await running.request(request("a question"))
        assert (await pour(running, unfold(GIVEN))).reply == GIVEN
        assert model.questions == []
        assert running.reviews
        await running.review()
        assert not running.reviews
        assert len(model.questions) == 2
        assert running.reports[0].refused is not None

    run(work())


def test_headers_and_tags_of_a_monitor_have_no_effect() -> None:
    async def work() -> None:
        running = opened(
            {"policy": "tag", "tags": {"a": "b"}, "mode": "monitor"},
            {"policy": "header", "header": "x-a", "value": "b", "mode": "monitor"},
        )
        await running.request(request("x"))
        assert running.effects.tags == {}
        assert running.effects.to_backend == []

    run(work())
