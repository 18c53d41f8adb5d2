import asyncio
import socket

import pytest

from headgate.upstream.egress import AddressInfo
from headgate.upstream.resolve import NameUnknown, Resolver


def _info(address: str, port: int = 80) -> AddressInfo:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


class FakeNames:
    """A name server whose time stands still until it is moved."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0
        self.now = 0.0
        self.go = asyncio.Event()
        self.go.set()

    async def lookup(self, host: str, port: int) -> list[AddressInfo]:
        self.asked += 1
        await self.go.wait()
        if self.addresses == ("down",):
            raise socket.gaierror("no such name")
        return [_info(address, port) for address in self.addresses]

    def resolver(self) -> Resolver:
        return Resolver(self.lookup, lambda: self.now)


async def test_addresses_are_not_asked_for() -> None:
    names = FakeNames()
    resolver = names.resolver()
    (four,) = await resolver.resolve("127.0.0.1", 9)
    (six,) = await resolver.resolve("::1", 9)
    assert (four[0], four[4]) == (socket.AF_INET, ("127.0.0.1", 9))
    assert (six[0], six[4]) == (socket.AF_INET6, ("::1", 9, 0, 0))
    assert names.asked == 0


async def test_a_name_is_asked_for_once_a_minute_and_its_addresses_take_turns() -> None:
    names = FakeNames("1.1.1.1", "2.2.2.2")
    resolver = names.resolver()
    firsts = [(await resolver.resolve("a.test", 80))[0][4][0] for _ in range(3)]
    assert firsts == ["1.1.1.1", "2.2.2.2", "1.1.1.1"]
    assert names.asked == 1
    names.now = 61.0
    await resolver.resolve("a.test", 80)
    assert names.asked == 2


async def test_many_who_ask_at_once_ask_once() -> None:
    names = FakeNames("1.1.1.1")
    names.go.clear()
    resolver = names.resolver()
    asking = [asyncio.ensure_future(resolver.resolve("a.test", 80)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    names.go.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert names.asked == 1
    assert results[1:] == [[_info("1.1.1.1")]] * 4


async def test_an_old_answer_serves_for_five_minutes_while_no_new_one_comes() -> None:
    names = FakeNames("1.1.1.1")
    resolver = names.resolver()
    await resolver.resolve("a.test", 80)
    names.addresses = ("down",)
    names.now = 299.0
    assert await resolver.resolve("a.test", 80) == [_info("1.1.1.1")]
    names.now = 301.0
    with pytest.raises(NameUnknown, match="does not resolve"):
        await resolver.resolve("a.test", 80)


async def test_addresses_of_which_none_answered_are_forgotten() -> None:
    names = FakeNames("1.1.1.1")
    resolver = names.resolver()
    await resolver.resolve("a.test", 80)
    resolver.forget("a.test", 80)
    await resolver.resolve("a.test", 80)
    assert names.asked == 2


@pytest.mark.parametrize("addresses", [("down",), ()])
async def test_a_name_without_addresses_is_unknown(addresses: tuple[str, ...]) -> None:
    with pytest.raises(NameUnknown):
        await FakeNames(*addresses).resolver().resolve("a.test", 80)


async def test_not_more_names_are_remembered_than_the_bound() -> None:
    names = FakeNames("1.1.1.1")
    resolver = names.resolver()
    for number in range(1025):
        await resolver.resolve(f"{number}.test", 80)
    await resolver.resolve("1024.test", 80)
    assert names.asked == 1025
    await resolver.resolve("0.test", 80)
    assert names.asked == 1026


async def test_what_runs_is_ended_by_close() -> None:
    names = FakeNames("1.1.1.1")
    names.go.clear()
    resolver = names.resolver()
    asking = asyncio.ensure_future(resolver.resolve("a.test", 80))
    await asyncio.sleep(0)
    resolver.close()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_system_knows_this_machine() -> None:
    found = await Resolver().resolve("localhost", 80)
    assert {info[4][0] for info in found} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("name", ["x" * 300 + ".test", "no-such-host.invalid"])
async def test_the_system_does_not_know_every_name(name: str) -> None:
    with pytest.raises(NameUnknown):
        await Resolver().resolve(name, 80)
