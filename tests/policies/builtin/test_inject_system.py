from headgate.model.parts import Text
from headgate.model.request import Message
from tests.policies.drive import opened, request, run, said

MESSAGES = (
    Message("system", (Text("theirs"),)),
    Message("developer", (Text("more"),)),
    Message("user", (Text("hello"),)),
)


def test_the_text_stands_first_or_after_the_caller_s_own_instructions() -> None:
    given = request(messages=MESSAGES)
    first = run(opened({"policy": "inject_system", "text": "ours"}).request(given))
    assert said(first) == ["ours", "theirs", "more", "hello"]
    assert first.messages[0].role == "system"
    entry = {"policy": "inject_system", "text": "ours", "position": "last"}
    assert said(run(opened(entry).request(given))) == ["theirs", "more", "ours", "hello"]


def test_texts_of_several_policies_stand_in_the_order_of_their_work() -> None:
    entries = [{"policy": "inject_system", "text": t, "position": "last"} for t in ("a", "b")]
    assert said(run(opened(*entries).request(request("x")))) == ["a", "b", "x"]
