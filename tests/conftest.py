"""Settings of the whole test suite."""

import os

from hypothesis import settings

# The same examples in every run: a failure in CI is a failure on the desk.
settings.register_profile("course", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("course")

# Two workers on two cores: products with a thread of their own for each core would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
