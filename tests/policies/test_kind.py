from headgate.policies.environment import Environment
from headgate.policies.keys import PolicyKeys
from headgate.policies.kind import Kind, Prepared, Setting
from headgate.policies.policy import Policy


def test_a_kind_is_careful_unless_it_says_otherwise() -> None:
    kind = Kind(keys=PolicyKeys, prepare=lambda _keys, _setting: Prepared(lambda _o: Policy()))
    assert kind.on_error == "closed"
    assert not kind.watches
    assert not kind.prepare(None, Setting(Environment(), 1, 1.0)).judges
