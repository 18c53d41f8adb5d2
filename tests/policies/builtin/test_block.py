import pytest

from headgate.model.fault import Fault, Refused
from headgate.model.parts import Text, ToolCall
from headgate.model.reply import Reply, unfold
from headgate.policies.builtin.block import word_regex
from headgate.policies.patterns.engine import Regex
from tests.policies.drive import Entry, cut, opened, reply, request, run, stream, whole

WORDS: Entry = {"policy": "block", "words": ["secret plan", "C++", "naïve"]}


@pytest.mark.parametrize("text", ["the SECRET  plan", "C++!", "so naïve", "secret\nplan"])
def test_a_word_is_met_whatever_its_case_and_spacing(text: str) -> None:
    with pytest.raises(Refused, match="a word that is not allowed"):
        run(opened(WORDS).request(request(text)))


@pytest.mark.parametrize("text", ["secretplan", "the secret plans", "a secret", "C+"])
def test_a_word_is_not_met_inside_another(text: str) -> None:
    given = request(text)
    assert run(opened(WORDS).request(given)) is given


def test_the_edges_of_a_word_are_those_of_ascii_letters() -> None:
    assert Regex(f"(?i:{word_regex(' gun ')})").search(b"a GUN.", 0) == (2, 5)
    assert Regex(word_regex("gun")).search(b"guns", 0) is None


@pytest.mark.parametrize("seed", range(6))
def test_what_stands_before_the_match_goes_out_wherever_the_stream_is_cut(seed: int) -> None:
    given = reply(Text("before it: secret plan, after it"))
    streamed = run(stream(opened(WORDS), cut(unfold(given), seed)))
    assert streamed.text == "before it: "
    assert streamed.fault == Fault(
        kind="policy_violation",
        message="Refused by the policy 'block': it contains a word that is not allowed",
    )


def test_a_topic_is_made_of_several_of_its_words() -> None:
    topics = {"arms": ["gun", "rifle", "assault  weapon"], "sport": ["rifle", "ball"]}
    entry = {"policy": "block", "topics": topics, "message": "not that"}
    fine = reply(Text("a gun, a gun and a ball"))
    assert run(whole(opened(entry), fine)) == fine
    running = opened(entry)
    met = run(whole(running, reply(Text("a gun and an Assault Weapon"))))
    assert isinstance(met, Fault)
    assert met.message.endswith("'block': not that")
    assert running.reports[0].findings == {"topic:arms": 1}
    shared = run(whole(opened(entry), reply(Text("a ball, a rifle"))))
    assert isinstance(shared, Fault)


def test_regexes_and_tool_calls_are_read() -> None:
    entry = {"policy": "block", "regexes": {"path": "/etc/[a-z]+"}}
    call = ToolCall("1", "cat", '{"path":"\\/etc\\/passwd"}')
    assert isinstance(run(whole(opened(entry), reply(call))), Fault)
    unread = {**entry, "parts": ["text"]}
    assert isinstance(run(whole(opened(unread), reply(call))), Reply)


def test_what_is_only_logged_goes_on() -> None:
    running = opened({"policy": "log_only", "words": ["gun"]})
    given = request("a gun")

    async def work() -> None:
        assert await running.request(given) is given
        await running.review()
        assert running.reports[0].findings == {"word": 1}

    run(work())


def test_either_side_can_be_left_alone() -> None:
    given = request("C++")
    assert run(opened({**WORDS, "apply_to": ["response"]}).request(given)) is given
    answer = reply(Text("C++"))
    assert run(whole(opened({**WORDS, "apply_to": ["request"]}), answer)) == answer
