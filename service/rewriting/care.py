"""How much is done for a good rewrite."""

from dataclasses import dataclass

from service.settings import Level


@dataclass(frozen=True, slots=True)
class Care:
    """What the guard looks at, how many candidates are drawn at once, and the seconds for all of a request."""

    guard: Level = "full"
    candidates: int = 1
    seconds: float = 60.0


USUAL = Care()
