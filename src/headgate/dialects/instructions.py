"""The instructions in system messages, as targets other than the client's own vendor want them."""

from headgate.model.parts import Text
from headgate.model.request import Message

_BILLING = "x-anthropic-billing-header:"
"""Claude Code opens its system prompt with this line, which differs from call to call and would
keep every other vendor's prompt cache cold (musistudio/claude-code-router#1220)."""


def instructions_of(message: Message) -> list[str]:
    """The texts of a system or developer message, without empty ones and billing lines."""
    return [
        part.text
        for part in message.parts
        if isinstance(part, Text) and part.text and not part.text.startswith(_BILLING)
    ]
