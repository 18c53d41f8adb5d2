from headgate.policies.running import Running
from tests.policies.drive import OCCASION, opened, request, run


def test_headers_are_filled_in_for_either_side() -> None:
    running = opened(
        {"policy": "header", "header": "X-Team", "value": "{user}/{model}"},
        {"policy": "header", "header": "X-Seen", "value": "yes", "to": "caller"},
    )
    run(running.request(request("a")))
    assert running.effects.to_backend == [("x-team", "alice/fast")]
    assert running.effects.to_caller == [("x-seen", "yes")]


def test_a_backend_is_filled_in_where_the_entry_waits_for_one() -> None:
    entry = {"policy": "header", "header": "x-b", "value": "{backend}", "when": {"backend": "*"}}

    def sent(running: Running) -> list[tuple[str, str]]:
        run(running.request(request("a")))
        return list(running.effects.to_backend)

    running = opened(entry, occasion=OCCASION)
    assert running.asks_backend
    assert sent(running) == []
    running.turn_to("openai")
    assert sent(running) == [("x-b", "openai")]
    running.turn_to("claude")
    assert sent(running) == [("x-b", "claude")]
