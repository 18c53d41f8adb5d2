import pytest

from tests.policies.drive import opened, request, run


@pytest.mark.parametrize(
    ("default", "asked", "allowed"),
    [(None, None, 100), (50, None, 50), (500, None, 100), (None, 20, 20), (50, 1000, 100)],
)
def test_nobody_asks_for_more_than_the_limit(
    default: int | None, asked: int | None, allowed: int
) -> None:
    entry = {"policy": "max_tokens", "limit": 100, **({"default": default} if default else {})}
    assert run(opened(entry).request(request("a", max_tokens=asked))).max_tokens == allowed
