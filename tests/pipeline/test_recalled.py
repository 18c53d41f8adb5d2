from headgate.pipeline.recalled import Recalled


def test_by_itself_no_backend_keeps_the_history() -> None:
    recalled = Recalled(sent=b"a", short=b"b")
    assert (recalled.backend, recalled.session) == (None, None)
