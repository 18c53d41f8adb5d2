"""What a run cost in tokens: what the agent says of its last run, else an estimate."""

from headgate.dialects.chat.usage import read_usage
from headgate.model.usage import Usage

_CHARACTERS_A_TOKEN = 4


def reported(agent: object) -> Usage | None:
    """The usage in the agent's ``last_usage``; None where it has none or it counts nothing."""
    return read_usage(getattr(agent, "last_usage", None))


def estimated(content: str, answer: str, dialect: str) -> Usage:
    """About a token for four characters, marked as an estimate in the caller's `dialect`."""
    return Usage(
        input_tokens=tokens_in(content),
        output_tokens=tokens_in(answer),
        dialect=dialect,
        extras={"estimated": True},
    )


def tokens_in(text: str) -> int:
    """The estimate for one text."""
    return -(-len(text) // _CHARACTERS_A_TOKEN)
