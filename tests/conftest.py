"""For all tests: how property tests run."""

from hypothesis import settings

# No deadline: on a busy machine a slow example is no failure.
settings.register_profile("nic-voice", deadline=None)
settings.load_profile("nic-voice")
