"""``headgate`` without accounting and request log, to see what these cost."""

from typing import Any

from headgate import cli
from headgate.composition import app
from headgate.filters.accounting import Accounting
from headgate.filters.request_log import RequestLog
from headgate.pipeline.filter import Filter

_with_books = app.filters


def _without(*parts: Any, **named: Any) -> list[Filter]:
    made = _with_books(*parts, **named)
    return [one for one in made if not isinstance(one, Accounting | RequestLog)]


if __name__ == "__main__":
    app.filters = _without
    cli.main()
