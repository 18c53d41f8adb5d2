"""The words of ASGI as types."""

from headgate.server.interface import App, Message, Receive, Scope, Send
from tests.server.wire import listening, read_answers, say


async def test_an_application_written_in_these_words_is_served() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begin: Message = {"type": "http.response.start", "status": 200, "headers": []}
        await send(begin)
        await send({"type": "http.response.body", "body": scope["method"].encode()})

    typed: App = app
    async with listening(typed) as listener:
        raw = b"PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        [answer] = read_answers(await say(listener.port, raw))
        assert answer.body == b"3\r\nPUT\r\n0\r\n\r\n"
