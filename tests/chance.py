"""The seeds of tests that let chance choose."""

import os
import random

IN_CI = 7


def chosen_seed() -> int:
    """``HEADGATE_SEED``; else in CI always the same, as for the same commit there should be the
    same result, and another each time everywhere else."""
    chosen = os.environ.get("HEADGATE_SEED")
    if chosen:
        return int(chosen)
    return IN_CI if os.environ.get("CI") else random.randrange(2**32)
