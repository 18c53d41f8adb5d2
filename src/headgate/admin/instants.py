"""Points in time as the admin API spells them: RFC 3339 in UTC."""

import datetime
import re

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def rfc3339(seconds: float) -> str:
    """Unix `seconds` as ``2026-01-31T12:00:00.250Z``, to the millisecond."""
    moment = datetime.datetime.fromtimestamp(round(seconds, 3), datetime.UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str, *, end_of_day: bool = False) -> float:
    """The Unix seconds of an RFC 3339 time, or of a day (``2026-01-31``), in UTC.

    A day means its first moment, or the first of the next where it closes a range. Raises
    ValueError where `text` is neither.
    """
    # An unescaped + of an offset arrives as a space.
    spelled = text.replace(" ", "+") if "T" in text else text
    try:
        moment = datetime.datetime.fromisoformat(spelled)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        # In seconds: the last day of the calendar has no next.
        day_s = 86_400.0 if end_of_day and _DAY.match(text) else 0.0
        return moment.timestamp() + day_s
    except (ValueError, OverflowError) as error:
        raise ValueError(
            "must be a time like 2026-01-31T12:00:00Z or a day like 2026-01-31"
        ) from error
