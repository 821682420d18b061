"""How long what is asked of the engine takes at present, so that nothing is begun that cannot be finished in time."""

_WEIGHT = 0.1  # of the latest answer


class Pace:
    """Seconds a token, from the answers that came lately, under whatever load there was."""

    def __init__(self) -> None:
        self._seconds_a_token = 0.0

    def took(self, tokens: int, seconds: float) -> None:
        """An answer of so many tokens came after so many seconds, waiting for its turn included."""
        latest = seconds / max(1, tokens)
        known = self._seconds_a_token
        self._seconds_a_token = known + _WEIGHT * (latest - known) if known else latest

    def expected_s(self, tokens: int) -> float:
        """Seconds that an answer of so many tokens will take; 0 where none has come yet."""
        return tokens * self._seconds_a_token
