"""Keeps the cyclic garbage collector out of the way of requests.

What an exchange makes is freed by counting references; the collector finds next to nothing. With
CPython's thresholds it looked at every object of the process again and again, which was a fifth of
a small request's processor time.
"""

import gc

YOUNG = 50_000
"""How many more containers must be made than freed before the collector looks at the youngest."""
OLDER = 20
"""After how many looks at one generation the next older one has its turn."""


def settle() -> None:
    """To be called once all parts stand: what lives now lives as long as the process, and is never
    looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDER)
