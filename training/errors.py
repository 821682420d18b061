"""The errors of a run, and of an export."""

from voice.errors import UserError


class TrainingError(UserError):
    """A run that cannot start or go on; says why and what to do."""


class Interrupted(TrainingError):
    """A run that a signal told to stop; its exit code is that of a process which the signal ended."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class ExportError(UserError):
    """A voice that cannot be written in another format; says why."""
