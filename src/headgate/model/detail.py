"""How much of bodies the request log keeps."""

from typing import Literal

StreamDetail = Literal["compact", "raw", "both", "off"]
"""The form of a stream's body in the log."""

MOST_BYTES = 1024 * 1024
"""Of one body."""
