"""A voice and texts that it never saw -> numbers: does it sound like its owner, and does it say the same."""
