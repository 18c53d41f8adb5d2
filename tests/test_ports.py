"""Whoever is handed in where a port is asked for has all that it asks."""

import inspect

import pytest

from headgate import ports
from headgate.server.downstream import Downstream
from headgate.storage.ledger import Ledger
from tests.filters.test_accounting import FakeBooks
from tests.pipeline.fakes import FakeDownstream


def methods(port: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(member)
        for name, member in vars(port).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        (ports.Books, Ledger),
        (ports.Books, FakeBooks),
        (ports.Downstream, Downstream),
        (ports.Downstream, FakeDownstream),
    ],
)
def test_every_method_of_a_port_is_there_and_takes_the_same(port: type, kind: type) -> None:
    wanted = methods(port)
    assert wanted
    for name, signature in wanted.items():
        there = inspect.signature(getattr(kind, name))
        assert list(there.parameters) == list(signature.parameters), name
        is_async = inspect.iscoroutinefunction(getattr(port, name))
        assert inspect.iscoroutinefunction(getattr(kind, name)) == is_async, name


def test_books_never_wait_so_that_nothing_can_come_between() -> None:
    for name in methods(ports.Books):
        assert not inspect.iscoroutinefunction(getattr(ports.Books, name))


def test_a_caller_who_left_is_no_error_of_ours() -> None:
    assert issubclass(ports.CallerLeft, Exception)
    assert not issubclass(ports.CallerLeft, OSError)
