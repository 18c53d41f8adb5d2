import asyncio
import threading
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.admin.passwords import Cost, Passwords, PasswordsBusy, nobodys

CHEAP = Cost(memory_kib=64, passes=1)
PASSWORD = "correct horse battery"


def cheap(at_once: int = 2, most_waiting: int = 16) -> Passwords:
    return Passwords(CHEAP, at_once=at_once, most_waiting=most_waiting)


def test_the_cost_is_what_owasp_asks_for() -> None:
    assert Cost() == Cost(memory_kib=19_456, passes=2, lanes=1)


async def test_a_password_fits_its_own_hash_in_phc_form_and_no_other() -> None:
    kept = await Passwords().hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in kept
    assert await Passwords().matches(PASSWORD, kept)
    assert not await Passwords().matches(PASSWORD + " ", kept)
    assert await cheap().hash(PASSWORD) != await cheap().hash(PASSWORD)


async def test_a_letter_is_the_same_however_the_keyboard_composes_it() -> None:
    assert await cheap().matches("cafe\u0301 au lait 12", await cheap().hash("café au lait 12"))


@given(st.text(st.characters(), max_size=50), st.text(st.characters(), max_size=50))
@settings(max_examples=40, deadline=None)
def test_any_text_is_a_password(one: str, other: str) -> None:
    async def check() -> None:
        passwords = cheap()
        kept = await passwords.hash(one)
        assert await passwords.matches(one, kept)
        same = normalize("NFKC", other) == normalize("NFKC", one)
        assert await passwords.matches(other, kept) is same

    asyncio.run(check())


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "plain",
        "$argon2id$v=19$m=64,t=1,p=1$AAAA",
        "$argon2id$v=19$m=64,t=1,p=1$%%%%$%%%%",
        "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=16$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
    ],
)
async def test_a_hash_that_is_damaged_or_would_take_all_memory_fits_nothing(kept: str) -> None:
    assert not await cheap().matches(PASSWORD, kept)
    assert cheap().is_weaker(kept)


async def test_nobodys_hash_is_checked_in_earnest_and_fits_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked: list[str] = []
    passwords = cheap()

    def note(password: str, kept: str) -> bool:
        checked.append(kept)
        return True

    monkeypatch.setattr("headgate.admin.passwords._matches", note)
    assert not await passwords.matches(PASSWORD, None)
    assert checked == [nobodys(CHEAP)]
    assert not cheap().is_weaker(nobodys(CHEAP))


async def test_a_hash_is_weaker_where_any_number_is_smaller() -> None:
    kept = await Passwords(Cost(memory_kib=128, passes=2, lanes=2)).hash(PASSWORD)
    assert not Passwords(Cost(memory_kib=128, passes=2, lanes=2)).is_weaker(kept)
    assert not Passwords(Cost(memory_kib=64, passes=1, lanes=1)).is_weaker(kept)
    for harder in (Cost(256, 2, 2), Cost(128, 3, 2), Cost(128, 2, 3)):
        assert Passwords(harder).is_weaker(kept)


async def test_few_run_at_once_few_wait_and_the_rest_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, running, most = threading.Event(), [0], [0]
    lock = threading.Lock()

    def slow(password: str, salt: bytes, cost: Cost) -> str:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait(30)
        with lock:
            running[0] -= 1
        return "kept"

    monkeypatch.setattr("headgate.admin.passwords._hash", slow)
    passwords = cheap(at_once=2, most_waiting=3)
    tasks = [asyncio.ensure_future(passwords.hash(PASSWORD)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(PasswordsBusy):
        await passwords.hash(PASSWORD)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    with pytest.raises(PasswordsBusy):
        await passwords.hash(PASSWORD)
    go.set()
    assert await asyncio.gather(*tasks[1:]) == ["kept"] * 4
    assert most[0] <= 2
    assert await passwords.hash(PASSWORD) == "kept"
