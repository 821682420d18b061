"""What all segments of a text have in common: in whose voice and how they are rewritten, and what is drawn for each."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from service.engines import Adapter, Sampling
from service.rewriting.candidates import Candidate
from service.rewriting.care import Care
from service.rewriting.segments import Rung
from service.rewriting.turns import Share
from service.voices import Voice
from voice.hand import Hand
from voice.judges.verdict import package_model
from voice.triplet import Register, Unit

# Candidates that are drawn when slips keep the first ones back. Where one of those says something else, half of what
# passes after them is wrong (docs/LOG.md).
MORE = 2
# The candidates after the first: the likeliest words at other strengths of the voice, then some at a temperature. Any
# other first two of these leave more texts without a right answer (docs/LOG.md).
STRENGTHS = (1.0, 0.75, 1.25)
WARM = 0.3
_HOPEFUL = 0.4  # how likely one of the first candidates for a part says the same where others are worth a try
_SURER = 0.75  # how much surer a part of a text has to be than the text


@dataclass(frozen=True, slots=True)
class Request:
    """What all segments of a text have in common.

    `first` is how many candidates are drawn at once, `values` are those of the placeholders, `deadline` the loop's.
    """

    voice: Voice
    register: Register
    sampling: Sampling
    limit_tokens: int | None
    care: Care
    deadline: float
    share: Share
    first: int = 1
    answers: int = 1
    values: dict[str, str] = field(default_factory=dict)
    drops: bool = False  # whether courtesies that stand by themselves are left out
    words: int = 0  # of all segments that are to be rewritten

    @property
    def texts(self) -> dict[Unit, str]:
        """The system texts of the register, by the units that the voice knows in it."""
        return self.voice.manifest.system[self.register]

    @property
    def hand(self) -> Hand | None:
        """How the owner types in the register; None where the voice does not know."""
        return self.voice.hands.get(self.register)

    def care_of(self, text: str) -> Care:
        """How likely a part of the text must say the same: the smaller it is, the surer it has to be.

        With the share itself for exponent all parts together would leave no more doubt than one text, were they all in
        as much doubt as they may be. They are not, and much that is right would be refused (docs/LOG.md).
        """
        least = package_model().threshold if self.care.same is None else self.care.same
        share = len(text.split()) / max(1, self.words, len(text.split()))
        return replace(self.care, same=least**share**_SURER)

    @property
    def rounds(self) -> Iterator[range]:
        """The numbers of the candidates that are drawn at first, and of those that are drawn when these are no good."""
        most = self.first + MORE
        for number in range(0, most, self.first):
            yield range(number, min(most, number + self.first))

    def draws_again(self, drawn: Sequence[Candidate], rung: Rung) -> bool:
        """Whether others may be better where none of these is good: not where a whole text says something else, which
        is then tried in parts, nor where all of a part are far from saying the same, or the engine is busy.
        """
        if self.hand and rung != "whole":
            return self.first > 1 and any(one.likely >= _HOPEFUL for one in drawn)
        return not any(one.says_else for one in drawn)

    def sampling_of(self, path: tuple[int, ...], number: int, max_tokens: int) -> Sampling:
        """How to draw the candidate of that number for the segment at that place: the same for the same request.

        The first one is drawn as the caller says. Stop strings are for the whole answer.
        """
        seed = self.sampling.seed
        if number or seed is not None:
            place = " ".join(map(str, (seed, *path, number)))
            seed = int.from_bytes(hashlib.blake2b(place.encode(), digest_size=7).digest())
        temperature = self.sampling.temperature if not number else WARM if number >= len(STRENGTHS) else 0.0
        return replace(self.sampling, max_tokens=max_tokens, temperature=temperature, seed=seed, stop=())

    def adapter_of(self, number: int) -> Adapter:
        """The voice at the strength of the candidate of that number."""
        adapter = self.voice.adapter
        return replace(adapter, strength=adapter.strength * STRENGTHS[number]) if number < len(STRENGTHS) else adapter
