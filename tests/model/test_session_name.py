import pytest

from headgate.model.session_name import session_in

UUID = "0b6c1f0e-6d1c-4b8e-9c6b-1f2d3c4b5a69"


@pytest.mark.parametrize(
    ("user", "session"),
    [
        (f"user_{'a' * 64}_account__session_{UUID}", UUID),
        (f"user_{'a' * 64}_account_{UUID[::-1]}_session_{UUID}", UUID),
        (f'{{"device_id":"d","account_uuid":"","session_id":"{UUID}"}}', UUID),
        ("user_1", "user_1"),
        ("somebody_session_of_mine", "somebody_session_of_mine"),
        ("{broken", "{broken"),
        ('{"session_id":5}', '{"session_id":5}'),
        ('{"session_id":""}', '{"session_id":""}'),
    ],
)
def test_the_session_is_found_in_what_agent_clients_call_the_user(user: str, session: str) -> None:
    assert session_in(user) == session
