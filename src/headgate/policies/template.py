"""Texts of the operator's with facts of the exchange in them: ``team-{user}``."""

import re

from headgate.policies.keys import EntryRefused
from headgate.policies.occasion import Occasion

NAMES = ("user", "model", "backend", "path", "dialect")
MOST_CHARACTERS = 1000

_FIELD = re.compile(r"\{([^{}]*)\}")
_UNFIT = re.compile(r"[^\x20-\x7e]")


def check_template(key_name: str, text: str) -> None:
    """Raises EntryRefused where `text` names what there is not, or is no header value."""
    for name in _FIELD.findall(text):
        if name not in NAMES:
            raise EntryRefused(key_name, f"{{{name}}} is unknown; known are {', '.join(NAMES)}")
    if _UNFIT.search(text):
        raise EntryRefused(key_name, "must be one line of printable ASCII")


def fill(text: str, occasion: Occasion) -> str:
    """`text` filled in; what may not stand in a header becomes ``?``."""
    filled = _FIELD.sub(lambda match: str(getattr(occasion, match.group(1)) or ""), text)
    return _UNFIT.sub("?", filled)[:MOST_CHARACTERS]
