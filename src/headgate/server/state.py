"""What the connections of one worker share: uvicorn's state, and the server's own header lines."""

from uvicorn.server import ServerState


class State(ServerState):
    """``own_lines`` are the server's own lines in every head."""

    def __init__(self) -> None:
        super().__init__()
        self.own_lines = b""
