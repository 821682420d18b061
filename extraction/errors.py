"""The error of an extraction that gives nothing."""

from voice.errors import UserError


class ExtractionError(UserError):
    """An extraction that cannot give any triplet; says why and what to do."""
