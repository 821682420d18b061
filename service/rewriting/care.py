"""How much is done for a good rewrite, and how much is asked of it."""

from dataclasses import dataclass

from voice.judges.verdict import Level


@dataclass(frozen=True, slots=True)
class Care:
    """What the guard looks at, how many candidates are drawn at once, and the seconds for all of a request.

    `unexplained_share`: of a rewrite's content words, those that may stand there without one in its text.
    """

    guard: Level = "full"
    candidates: int = 1
    seconds: float = 60.0
    unexplained_share: float = 0.0


USUAL = Care()
