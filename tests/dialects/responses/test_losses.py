from headgate.dialects.responses.losses import spelled


def test_losses_are_named_as_the_caller_wrote_them() -> None:
    names = ["reasoning", "stop", "messages.name", "seed", "seed"]
    assert spelled(names, "chat") == ("reasoning_effort", "stop", "messages.name", "seed")
    assert spelled(names, "messages")[:2] == ("thinking", "stop_sequences")
    assert spelled(names, "responses")[2] == "input.name"
    assert spelled(names, "other")[0] == "reasoning"


def test_what_nobody_misses_is_not_named() -> None:
    assert spelled(["stream_options", "client_metadata"], "chat") == ()
