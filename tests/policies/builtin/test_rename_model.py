from tests.policies.drive import opened, request, run


def test_the_first_name_or_glob_that_fits_counts() -> None:
    running = opened({"policy": "rename_model", "models": {"fast": "fast", "f*": "slow", "*": "x"}})
    given = request("a", model="fast")
    assert run(running.request(given)) is given
    assert run(running.request(request("a", model="foo"))).model == "slow"
    assert run(running.request(request("a", model="gpt"))).model == "x"
