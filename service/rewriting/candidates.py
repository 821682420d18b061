"""The rewrites of one segment that were drawn: what each is, whether it may go out, and which is the best.

In: what an engine wrote, and the verdicts on it. Out: candidates, ranked.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.engines import Completion
from service.rewriting.care import Rank
from voice.facts.masking import Masked, canonical, restore
from voice.judges.verdict import Verdict
from voice.style import Verifier

_HALF_PLACEHOLDER = re.compile(r"<\w*$")
_LEAST = 1e-9
_KINDS = 3  # of what spoke against a rewrite that are named


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rewrite of a segment: its number among those that were drawn, masked and as it would go out.

    `fault` is why it is none, whatever it says; `cut` that the caller's limit ended it; `verdict` None where nobody
    judges.
    """

    number: int
    done: Completion
    masked: str
    text: str
    cut: bool = False
    fault: str | None = None
    verdict: Verdict | None = None

    @classmethod
    def of(cls, number: int, done: Completion, segment: Masked, limit: int | None) -> "Candidate":
        """What the engine wrote for a segment; `limit` is how many tokens the caller lets it have."""
        masked = canonical(done.text.strip(), segment.text)
        ended = done.finish_reason != "length"
        cut = not ended and limit is not None and done.completion_tokens >= limit
        if cut:
            masked = _HALF_PLACEHOLDER.sub("", masked)
        fault = None if masked and (ended or cut) else "end" if masked else "text"
        return cls(number, done, masked, restore(masked, segment.values), cut, fault)

    @property
    def may_go_out(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.fault and not (self.verdict and self.verdict.refused)

    @property
    def likely(self) -> float:
        """How likely it says the same, 0..1, slips aside."""
        return self.verdict.same if self.verdict else 0.0

    @property
    def says_else(self) -> bool:
        """Whether it is refused for what it says, and not for a slip that others may not have."""
        return bool(self.verdict and self.verdict.refused and not self.verdict.hard)


def ranked(drawn: Sequence[Candidate], rank: Rank, verifier: Verifier) -> list[Candidate]:
    """Those that may go out, no two alike, the best first; in the order of their numbers where nobody judged."""
    good = list({one.text: one for one in reversed(drawn) if one.may_go_out}.values())[::-1]
    if len(good) < 2 or not all(one.verdict for one in good):
        return good
    styles = verifier.score([one.text for one in good])
    worth = {one.number: _worth(one, float(style), rank) for one, style in zip(good, styles, strict=True)}
    return sorted(good, key=lambda one: -worth[one.number])


def _worth(candidate: Candidate, style: float, rank: Rank) -> float:
    verdict = candidate.verdict
    if verdict is None:
        return 0.0
    odds = math.log(max(_LEAST, verdict.same) / max(_LEAST, 1 - verdict.same))
    return rank.same * odds - rank.order * verdict.order + rank.style * style


def against(drawn: Sequence[Candidate]) -> tuple[float | None, tuple[str, ...]]:
    """How likely the best of these, none of which may go out, says the same, and what speaks against it."""
    judged = [one.verdict for one in drawn if one.verdict]
    if not judged:
        return None, tuple(sorted({one.fault for one in drawn if one.fault}))
    best = min(judged, key=lambda verdict: (len(verdict.hard), verdict.order))
    return best.same, best.hard or tuple(best.kinds)[:_KINDS]
