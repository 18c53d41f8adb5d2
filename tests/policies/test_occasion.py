from headgate.policies.occasion import Effects, is_credential, without_credentials


def test_a_policy_never_sees_a_credential() -> None:
    headers = {"Authorization": "Bearer k", "X-API-Key": "k", "cookie": "c", "X-Team": "red"}
    assert without_credentials(headers) == {"x-team": "red"}
    assert is_credential("Proxy-Authorization")
    assert not is_credential("x-team")


def test_effects_are_forgotten_before_the_request_is_looked_at_again() -> None:
    effects = Effects([("a", "b")], [("c", "d")], {"e": "f"})
    effects.clear()
    assert effects == Effects()
