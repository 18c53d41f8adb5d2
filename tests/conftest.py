"""What holds for every test."""

import os

from hypothesis import HealthCheck, settings

# No example may fail because the machine is busy.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci", settings.get_profile("calm"), derandomize=True, database=None, print_blob=True
)
# In CI the same commit gives the same result; new examples are looked for everywhere else.
settings.load_profile("ci" if os.environ.get("CI") else "calm")
