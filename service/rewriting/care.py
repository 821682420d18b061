"""How much is done for a good rewrite, and how much is asked of it."""

from dataclasses import dataclass

from voice.judges.verdict import Level


@dataclass(frozen=True, slots=True)
class Rank:
    """What counts how much where several rewrites may go out: the order in which a reader puts them, and how likely
    they say the same, both in nats, and the style, in units of the voice's verifier.
    """

    order: float = 1.0
    same: float = 0.0
    style: float = 0.3


@dataclass(frozen=True, slots=True)
class Care:
    """What the guard looks at, how many candidates are drawn at first, and the seconds for all of a request.

    `same`: how likely a rewrite must say the same to go out, 0..1; None is the judge's own threshold.
    """

    guard: Level = "full"
    candidates: int = 2
    seconds: float = 60.0
    same: float | None = None
    rank: Rank = Rank()


USUAL = Care()
