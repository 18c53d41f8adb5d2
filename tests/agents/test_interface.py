from typing import Any

from headgate.agents.interface import JSON, respond


async def test_a_whole_answer_has_its_length() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await respond(send, 201, JSON, b"{}")
    assert sent[0]["status"] == 201
    assert (b"content-length", b"2") in sent[0]["headers"]
    assert sent[1] == {"type": "http.response.body", "body": b"{}", "more_body": False}


async def test_a_caller_who_is_gone_is_no_error() -> None:
    tries: list[Any] = []

    async def send(message: Any) -> None:
        tries.append(message)
        raise OSError("gone")

    await respond(send, 200, JSON, b"{}")
    assert len(tries) == 1
