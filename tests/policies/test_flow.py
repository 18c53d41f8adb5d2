from headgate.policies.flow import run_whole
from headgate.policies.hook_flow import HookFlow
from tests.policies.strangers import Words


def test_a_whole_text_is_one_piece_and_its_end() -> None:
    assert run_whole(HookFlow(Words(), 0, 100), "one two") == "<one> <two>"
