from tests.policies.drive import opened, request, run


def test_tags_are_filled_in_and_the_last_one_counts() -> None:
    running = opened(
        {"policy": "tag", "tags": {"team": "{user}", "kind": "a"}},
        {"policy": "tag", "tags": {"kind": "b"}},
    )
    run(running.request(request("a")))
    assert running.effects.tags == {"team": "alice", "kind": "b"}
