from headgate.backends.backend import Detour
from headgate.backends.provider import COMPATIBLE, to


def test_a_detour_is_the_same_for_streams_unless_said() -> None:
    assert to("/a") == Detour("/a", "/a")
    assert to("/a", "/b") == Detour("/a", "/b")


def test_a_server_that_nobody_knows_gets_what_every_server_takes() -> None:
    assert COMPATIBLE.max_tokens_field == "max_tokens"
    assert not COMPATIBLE.developer_role
    assert COMPATIBLE.usage_in_stream
