"""An agent's application on a socket, in a thread of the test's process."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from typing_extensions import override


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serves `app` on a free port of 127.0.0.1 and gives its address."""
    ready = threading.Event()

    class Server(uvicorn.Server):
        @override
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            ready.set()

    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none")
    server = Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
