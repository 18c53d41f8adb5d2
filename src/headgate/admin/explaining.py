"""Why an exchange went where it went, in sentences made of its row and its attempts."""

from collections.abc import Iterator

from headgate.model.book_query import RequestDetail
from headgate.model.books import AttemptRow, ExchangeRow


def explain(detail: RequestDetail) -> list[str]:
    """The story of one exchange, from the name asked for to how it ended."""
    return [
        *_routing(detail.row, detail.attempts),
        *map(_attempt, detail.attempts),
        _end(detail.row),
    ]


def _routing(row: ExchangeRow, attempts: tuple[AttemptRow, ...]) -> Iterator[str]:
    asked = f"{row.endpoint} asked for the model '{row.request_model}'."
    if not attempts:
        yield f"{asked} No backend was asked."
        return
    first = attempts[0]
    renamed = first.routed_model != row.request_model
    there = f" as '{first.routed_model}'" if renamed else ""
    yield f"{asked} It was routed to the backend '{_name(first)}'{there}."
    if row.losses:
        yield f"The translation could not carry: {', '.join(row.losses)}."


def _attempt(made: AttemptRow) -> str:
    took = "" if made.duration_ms is None else f" after {made.duration_ms:.0f} ms"
    status = "" if made.status_code is None else f" with the status {made.status_code}"
    place = f"'{_name(made)}', model '{made.routed_model}'"
    return f"Attempt {made.attempt} at {place} ended {made.outcome}{status}{took}{_why(made)}"


def _name(made: AttemptRow) -> str:
    return made.backend_name or made.backend_id


def _end(row: ExchangeRow) -> str:
    return f"The caller got {row.status_code}, and the exchange ended {row.outcome}{_why(row)}"


def _why(row: AttemptRow | ExchangeRow) -> str:
    """The end of a sentence, with the reason where there is one; many are sentences themselves."""
    if not row.error_message:
        return "."
    return f": {row.error_message}" + ("" if row.error_message.endswith((".", "!", "?")) else ".")
