"""Settings of the whole test suite."""

from hypothesis import settings

# The same examples in every run: a failure in CI is a failure on the desk.
settings.register_profile("course", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("course")
