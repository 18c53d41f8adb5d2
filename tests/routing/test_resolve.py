import pytest

from headgate.model.caller import ANYBODY, User
from headgate.model.fault import Refused
from headgate.routing.resolve import Offer, Rewrite, offered, resolve, rewritten
from headgate.routing.target import Route, Target

FAST = Route(name="fast", targets=(Target("a", "big"), Target("b", "small")))
OFFER = Offer(
    routes={"fast": FAST},
    rewrites={},
    lists={"a": frozenset({"big", "both"}), "b": frozenset({"small", "both"})},
)


def _user(backends: set[str], models: tuple[str, ...] | None = None) -> User:
    return User(id="1", name="u", backends=frozenset(backends), models=models)


def _offer(*rewrites: Rewrite, **lists: frozenset[str] | None) -> Offer:
    return Offer(OFFER.routes, {r.source: r for r in rewrites}, lists or OFFER.lists)


def _status(name: str, offer: Offer, user: User) -> int:
    with pytest.raises(Refused) as refused:
        resolve(name, offer, user)
    return refused.value.fault.http_status


def test_a_declared_model_is_its_route() -> None:
    assert resolve("fast", OFFER, ANYBODY) == FAST


def test_a_route_is_reduced_to_the_backends_that_the_caller_may_use() -> None:
    assert resolve("fast", OFFER, _user({"b"})).targets == (Target("b", "small"),)


def test_an_undeclared_model_goes_to_every_backend_that_lists_it() -> None:
    route = resolve("both", OFFER, ANYBODY)
    assert [t.backend for t in route.targets] == ["a", "b"]
    assert not route.declared


def test_no_backend_at_all_is_forbidden_and_an_unknown_model_is_not_found() -> None:
    assert _status("big", OFFER, _user(set())) == 403
    assert _status("nonsense", OFFER, ANYBODY) == 404


def test_a_model_of_a_forbidden_backend_reads_as_unknown() -> None:
    assert _status("small", OFFER, _user({"a"})) == 404


def test_the_callers_globs_decide_what_may_be_asked() -> None:
    user = _user({"a", "b"}, models=("fast", "sm*"))
    assert resolve("fast", OFFER, user).name == "fast"
    assert resolve("small", OFFER, user).name == "small"
    assert _status("big", OFFER, user) == 404


def test_a_backend_whose_list_is_unknown_is_asked_where_nobody_lists_the_name() -> None:
    offer = _offer(a=frozenset({"big"}), c=None)
    assert [t.backend for t in resolve("big", offer, ANYBODY).targets] == ["a"]
    assert [t.backend for t in resolve("new", offer, ANYBODY).targets] == ["c"]


def test_a_forced_rewrite_always_applies() -> None:
    offer = _offer(Rewrite("big", "fast", force=True))
    assert resolve("big", offer, ANYBODY).name == "fast"


def test_a_fallback_rewrite_applies_only_where_nobody_serves_the_name() -> None:
    offer = _offer(Rewrite("big", "small"), Rewrite("old", "small"))
    assert resolve("big", offer, ANYBODY).targets[0].model == "big"
    assert resolve("old", offer, ANYBODY).targets[0].model == "small"
    assert resolve("big", offer, _user({"b"})).targets[0].model == "small"


def test_rewrites_chain_and_a_cycle_ends() -> None:
    chain = _offer(Rewrite("x", "y", force=True), Rewrite("y", "small", force=True))
    assert rewritten("x", chain, {"a", "b"}) == "small"
    cycle = _offer(Rewrite("x", "y", force=True), Rewrite("y", "x", force=True))
    assert rewritten("x", cycle, {"a", "b"}) in ("x", "y")


def test_what_is_offered_is_what_resolves_for_this_caller() -> None:
    offer = _offer(Rewrite("alias", "small"), Rewrite("dead", "nowhere"))
    assert offered(offer, ANYBODY) == ["alias", "big", "both", "fast", "small"]
    assert offered(offer, _user({"a"})) == ["big", "both", "fast"]
    assert offered(offer, _user({"a", "b"}, models=("alias",))) == ["alias"]
