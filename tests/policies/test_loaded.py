from typing import Any

import pytest
from typing_extensions import override

from headgate.policies import Policy, loaded
from headgate.policies.keys import EntryRefused
from headgate.policies.loaded import load, prepare
from headgate.policies.occasion import Occasion
from tests.policies.strangers import Endless, Shout


class Typed(Policy):
    """Keys of several types."""

    def __init__(self, words: tuple[str, ...], limits: dict[str, int], ratio: float = 0.5) -> None:
        self.given = (words, limits, ratio)


class Loose(Policy):
    """Whatever comes."""

    def __init__(self, **keys: Any) -> None:
        self.given = keys


class Unresolved(Policy):
    """An annotation that means nothing here."""

    def __init__(self, given: "Nothing") -> None:  # type: ignore[name-defined]  # noqa: F821
        self.given = given


class Own:
    """A type that no key can be made into."""


class Odd(Policy):
    """It wants one of those."""

    def __init__(self, given: Own) -> None:
        self.given = given


def test_a_class_is_found_by_its_name() -> None:
    assert load("tests.policies.strangers:Shout") is Shout


@pytest.mark.parametrize(
    "name",
    ["x", ":X", "tests.policies.strangers:", "tests..x:Y", "tests.policies.test_loaded:Own", "-:-"],
)
def test_what_is_no_policy_is_refused(name: str) -> None:
    with pytest.raises(EntryRefused):
        load(name)


def test_a_module_that_fails_when_imported_is_named(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_policy_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EntryRefused, match="fails when imported: ZeroDivisionError"):
        load("failing_policy_module:X")


def test_keys_have_the_types_that_the_class_declares() -> None:
    made = prepare(Typed, {"words": ["a", "b"], "limits": {"x": 1}, "ratio": 1}).make(Occasion())
    assert isinstance(made, Typed)
    assert made.given == (("a", "b"), {"x": 1}, 1.0)


@pytest.mark.parametrize(
    ("keys", "key_name"),
    [
        ({"words": "a", "limits": {}}, "words"),
        ({"words": [1], "limits": {}}, "words"),
        ({"words": [], "limits": {"a": "b"}}, "limits"),
        ({"words": []}, "limits"),
        ({"words": [], "limits": {}, "more": 1}, "more"),
        ({"given": 1}, "given"),
    ],
)
def test_keys_that_do_not_fit_are_named(keys: dict[str, Any], key_name: str) -> None:
    with pytest.raises(EntryRefused) as refusal:
        prepare(Odd if key_name == "given" else Typed, keys)
    assert refusal.value.key_name == key_name


@pytest.mark.parametrize("kind", [Loose, Unresolved])
def test_where_no_type_helps_the_value_is_given_as_it_is(kind: type[Policy]) -> None:
    made = prepare(kind, {"given": [1]}).make(Occasion())
    assert vars(made)["given"] in ([1], {"given": [1]})


def test_one_instance_lives_for_one_exchange() -> None:
    prepared = prepare(Shout, {})
    assert prepared.make(Occasion()) is not prepared.make(Occasion())


def test_whether_it_only_judges_is_its_own_word() -> None:
    class Judge(Policy):
        judges = True

        @override
        def on_text(self, text: str) -> str:
            return text

    assert prepare(Judge, {}).judges
    assert not prepare(Shout, {}).judges


def test_a_class_whose_making_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "MAKE_S", 0.02)
    with pytest.raises(EntryRefused, match=r"cannot be made within 0.02 s"):
        prepare(Endless, {"where": "make"})
