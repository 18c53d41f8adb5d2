from headgate.dialects.messages.losses import Losses


def test_each_dialect_gets_its_own_names() -> None:
    assert Losses("chat").name("reasoning") == "reasoning_effort"
    assert Losses("chat").name("effort") == "reasoning_effort"
    assert Losses("responses").name("messages", "audio") == "input.audio"
    assert Losses("responses").name("effort") == "reasoning"
    assert Losses("messages").name("stop") == "stop_sequences"
    assert Losses("messages").name("effort") == "output_config.effort"
    assert Losses("elsewhere").name("seed") == "seed"


def test_each_name_is_told_once_in_order() -> None:
    losses = Losses("chat")
    losses.add("seed")
    losses.add("messages", "name")
    losses.add("seed")
    assert losses.found() == ("seed", "messages.name")


def test_unknown_fields_are_told_as_the_caller_spelled_them() -> None:
    losses = Losses("responses")
    losses.add_extras(["novelty", "client_metadata"])
    losses.add_extras(["phase", "prompt_cache_breakpoint"], "messages")
    assert losses.found() == ("novelty", "input.phase")
