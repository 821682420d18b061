"""What goes out of a segment that the voice has no good rewrite for: a rewrite with some of its changes taken back, or
the text itself, typed as the owner types.

In: the segment, masked, and what was drawn for it. Out: the best of these that may go out, or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.long import in_thread
from service.rewriting.candidates import Candidate
from service.rewriting.care import Care
from service.rewriting.judging import Judging
from service.rewriting.mending import mended
from service.rewriting.piece import Outcome
from service.rewriting.segments import Segment
from voice.facts.masking import restore
from voice.hand import Hand
from voice.judges.verdict import Judges
from voice.letter import greeting, sign_off

_SURE = 0.9  # how likely at least a mended rewrite must say the same: its seams are not all seen by the judge


@dataclass(frozen=True, slots=True)
class Saved:
    """A text that may go out instead, masked, and how likely it says the same, None where nobody read it."""

    masked: str
    outcome: Outcome
    same: float | None


async def saved(
    judging: Judging, judges: Judges, hand: Hand, text: str, drawn: Sequence[Candidate], care: Care, *, late: bool
) -> Saved | None:
    """The best that may go out. What is `late` is not mended.

    Of what is typed by rules alone the words are enough: nothing in it can say anything else but by a fault of theirs.
    """
    light = await in_thread(text, hand.typed, text)
    versions = {} if late else dict.fromkeys(await _mended(judging, hand, text, drawn))
    if asked := [(version, False) for version in versions if version not in (text, light)]:
        verdicts = await judging.verdicts(judges, text, asked, care.guard, "", max(_SURE, care.same or 0.0))
        for (version, _), verdict in zip(asked, verdicts, strict=True):
            if not verdict.refused:
                return Saved(version, "resampled", verdict.same)
    [verdict] = await judging.verdicts(judges, text, [(light, False)], "facts")
    return None if verdict.refused else Saved(light, "light", verdict.same)


async def _mended(judging: Judging, hand: Hand, text: str, drawn: Sequence[Candidate]) -> list[str]:
    """The rewrite that says the most of the text, with ever fewer changes."""
    judged = [(one.verdict, one.masked) for one in drawn if one.verdict and one.masked]
    if not judged:
        return []
    _, best = min(judged, key=lambda one: (len(one[0].hard), one[0].order))
    [gaps] = await judging.gaps(text, [best])
    return [hand.typed(version) for version in mended(text, best, gaps)]


def retyped(hand: Hand, segment: Segment, values: dict[str, str]) -> str:
    """A part of a text that is not rewritten, as the owner writes it: "" where he writes no such thing."""
    text = restore(segment.text, values)
    if segment.part == "greeting" and (opens := greeting(f"{text}\n.")):
        return hand.opened(text, opens.whom)
    if segment.part == "sign_off" and (closes := sign_off(text, alone=True)):
        return hand.closed(text, closes.who)
    return restore(hand.typed(segment.text), values)
