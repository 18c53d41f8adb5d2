"""Fuzzes one dialect: ``python -m fuzz chat -max_total_time=600``; all flags are libFuzzer's.

Needs atheris, which no other part of the project needs: ``pip install atheris``.
"""

import sys

import atheris

with atheris.instrument_imports(include=["headgate"]):
    from tests.conformance import claims

    from fuzz import inputs

CALLERS = ("chat", "messages", "responses")
STATUSES = (400, 401, 404, 408, 413, 424, 429, 500, 503, 529)


def main() -> None:
    """Runs until a claim breaks or the time is over."""
    dialect = sys.argv.pop(1)
    atheris.Setup(sys.argv, lambda data: one_input(dialect, data))
    atheris.Fuzz()


def one_input(dialect: str, data: bytes) -> None:
    """Every claim about what a peer of `dialect` may send."""
    chance = inputs.Bytes(data)
    match chance.randrange(5 if dialect in CALLERS else 4):
        case 0:
            size = chance.randint(1, 100)
            claims.any_stream_is_read(dialect, inputs.stream(dialect, chance), size)
        case 1:
            claims.any_stream_is_told_legally(dialect, inputs.stream(dialect, chance))
        case 2:
            size = chance.randint(1, 500)
            claims.any_stream_is_metered(dialect, inputs.stream(dialect, chance), size)
        case 3:
            body = inputs.reply(dialect, chance)
            claims.any_reply_is_read(dialect, body)
            claims.any_error_is_read(dialect, chance.choice(STATUSES), body)
        case _:
            claims.any_request_is_read(dialect, inputs.request(dialect, chance))


if __name__ == "__main__":
    main()
