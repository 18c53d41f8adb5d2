"""What an agent must be to be served: one method."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from headgate.agents.media import Media

Callback = Callable[..., Awaitable[None]]


class Agent(Protocol):
    """Anything that answers a message. It keeps its own history, by ``session_key``.

    An attribute ``last_usage`` is read after each run where there is one: a mapping with
    ``prompt_tokens`` and ``completion_tokens`` (or ``input_tokens`` and ``output_tokens``), and
    ``total_tokens`` where the provider's total is another number.
    """

    async def process_direct(  # noqa: PLR0913 - as the contract has it
        self,
        *,
        content: str,
        media: list[Media],
        session_key: str,
        channel: str,
        chat_id: str,
        on_stream: Callback,
        on_stream_end: Callback,
        **kwargs: Any,
    ) -> str:
        """The answer to `content`.

        ``await on_stream(text)`` sends a piece of it at once; ``await on_stream_end()`` says that
        a stretch of text is over (a tool runs now) and ends nothing. ``instructions`` is among
        `kwargs` where the caller sent a system message. Cancelled when the caller leaves.
        """
        ...
