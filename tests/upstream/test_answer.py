from headgate.upstream.answer import Call, TargetUnreachable


def test_a_call_waits_five_seconds_for_a_connection_unless_told_otherwise() -> None:
    assert Call(method="GET", url="http://x/", headers=()).connect_timeout_s == 5.0


def test_who_was_never_reached_was_sent_nothing() -> None:
    assert TargetUnreachable("refused").sent == "nothing"
    assert not TargetUnreachable("refused").timed_out
