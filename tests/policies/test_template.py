import pytest

from headgate.policies.keys import EntryRefused
from headgate.policies.occasion import Occasion
from headgate.policies.template import check_template, fill


def test_facts_are_filled_in() -> None:
    occasion = Occasion(user="alice", model="m", path="/p", dialect="chat")
    assert fill("{user}-{model}{backend} {path} {dialect} {{x", occasion) == "alice-m /p chat {{x"


def test_no_name_of_a_user_breaks_a_header() -> None:
    assert fill("{user}", Occasion(user="a\r\nx-evil: é")) == "a??x-evil: ?"


@pytest.mark.parametrize("text", ["{usr}", "{}", "a\nb", "é"])
def test_what_cannot_be_filled_or_sent_is_refused(text: str) -> None:
    with pytest.raises(EntryRefused):
        check_template("value", text)
