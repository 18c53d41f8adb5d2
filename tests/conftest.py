"""What holds for every test."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    # The same commit gives the same result; new examples are looked for everywhere else.
    settings.load_profile("ci")
