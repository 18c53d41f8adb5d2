"""The collector's settings are those of a process, so each test looks at one of its own."""

import subprocess
import sys

LOOK = """
import gc
from headgate.server import collector
before = gc.get_freeze_count()
collector.settle()
assert gc.get_freeze_count() > before, "what lives is set apart"
assert gc.get_threshold()[0] == collector.YOUNG
assert gc.isenabled()
class Ring: pass
ring = Ring(); ring.me = ring
del ring
assert gc.collect() >= 1, "what is made later is still collected"
"""


def test_what_lives_is_set_apart_and_the_rest_is_still_collected() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
