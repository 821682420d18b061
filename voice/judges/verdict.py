"""Does a rewrite say the same: one judgement for whoever asks, the guard, evaluation, the stage of neutral sides.

In: a text and its rewrites, all masked, and how strictly to look. Out: Verdicts: how likely the same is said, what
speaks against it, and the faults that nothing outweighs; or, at the guard's old level, a Difference of kinds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from voice.alignment import Alignment
from voice.echo import Echoes
from voice.facts.compare import Difference, compare
from voice.facts.masking import mask_pair
from voice.facts.rules import CURRENT, Rules
from voice.judges.evidence import KINDS, Evidence, evidence, of_gaps
from voice.judges.hard import hard_faults
from voice.judges.machine import left_open, of_a_machine
from voice.judges.reader import package_reader
from voice.judges.weights import Model
from voice.judges.wording import left_unsaid, said_otherwise
from voice.manifest import VoiceManifest

Level = Literal["off", "facts", "full"]

PACKAGE = Path(__file__).parent
MODEL, BACK = "weights.json", "back"
_WEIGHS = 0.1  # nats below which evidence is not named


@dataclass(frozen=True, slots=True)
class Verdict:
    """`same`: how likely the same is said, 0..1; `kinds`: what speaks against it in nats, the heaviest first.

    `order`: of several rewrites of one text the one with the least says the most of it. `read`: whether the words alone
    left doubt, so that the reader was asked.
    """

    same: float
    kinds: Mapping[str, float]
    hard: tuple[str, ...]
    refused: bool
    order: float
    read: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Both texts as they were judged, masked, and the verdict."""

    text: str
    rewrite: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judges:
    """What judges rewrites in one voice: its alignment, its echoes, and what its owner may be called."""

    alignment: Alignment = field(default_factory=Alignment)
    echoes: Echoes | None = None
    signs_as: Sequence[str] = ()
    rules: Rules = CURRENT
    threshold: float | None = None  # of the voice; else the package's

    @classmethod
    def load(cls, folder: Path, manifest: VoiceManifest | None = None) -> "Judges":
        """Those of a voice folder; ManifestError, ArraysError when a file is missing or damaged."""
        manifest = manifest or VoiceManifest.load(folder)
        signs_as = [manifest.name, *manifest.signs_as]
        return cls(Alignment.load(folder), Echoes.load(folder), signs_as, manifest.rules)

    def of_texts(self, text: str, rewrite: str, level: Level = "full") -> Judged:
        """The verdict on a rewrite of a text, neither of them masked yet."""
        before, after = mask_pair(text, rewrite, rules=self.rules)
        return Judged(before.text, after.text, self.verdict(before.text, after.text, level))

    def verdict(self, text: str, rewrite: str, level: Level = "full", prompt: str = "") -> Verdict:
        """The verdict on one rewrite."""
        [found] = self.verdicts(text, [rewrite], level, prompt)
        return found

    def verdicts(self, text: str, rewrites: Sequence[str], level: Level = "full", prompt: str = "") -> list[Verdict]:
        """One verdict a rewrite. `prompt` is what the model was told.

        At level 'full' hard faults and a likelihood under the threshold refuse it, at 'facts' hard faults alone, at
        'off' nothing.
        """
        alignment = self.alignment.joined(package_alignment())
        seen = [evidence(text, rewrite, alignment) for rewrite in rewrites]
        doubted = [place for place, found in enumerate(seen) if level == "full" and _in_doubt(found)]
        if doubted:
            gaps = package_reader().gaps(text, [rewrites[place] for place in doubted])
            for place, tokens in zip(doubted, gaps, strict=True):
                seen[place] = {**seen[place], **of_gaps([gap for _, gap in tokens])}
        hard = [hard_faults(text, rewrite, prompt, self.echoes, self.signs_as) for rewrite in rewrites]
        return [
            _verdict(found, faults, level, self.threshold, read=place in doubted)
            for place, (found, faults) in enumerate(zip(seen, hard, strict=True))
        ]

    def difference(
        self, text: str, rewrite: str, level: Level = "full", prompt: str = "", unexplained_share: float = 0.0
    ) -> Difference:
        """What is wrong with a rewrite by its words alone, as the guard of the service looks at it.

        `unexplained_share`: of a rewrite's content words, those that may stand there without one in its text.
        """
        if level == "off":
            return Difference()
        found = compare(text, rewrite, self.signs_as)
        missing, invented = set(found.missing), set(found.invented)
        invented |= of_a_machine(text, rewrite, prompt, self.echoes)
        if left_open(rewrite) and not left_open(text):
            missing.add("bracket")
        if level == "full":
            missing |= left_unsaid(text, rewrite, self.alignment)
            invented |= said_otherwise(text, rewrite, self.alignment, unexplained_share)
        return Difference(tuple(sorted(missing)), tuple(sorted(invented)))


def _in_doubt(found: Evidence) -> bool:
    model = package_model()
    return model.hardly <= model.words.same(found) <= model.surely


def _verdict(found: Evidence, hard: set[str], level: Level, threshold: float | None, *, read: bool) -> Verdict:
    model = package_model()
    weights = model.read if read else model.words
    same = weights.same(found)
    least = model.threshold if threshold is None else threshold
    refused = level != "off" and (bool(hard) or (level == "full" and same < least))
    order = model.order.odds(found) if read else weights.odds(found)
    return Verdict(same, _kinds(weights.parts(found)), tuple(sorted(hard)), refused, order, read)


def _kinds(parts: Mapping[str, float]) -> dict[str, float]:
    """What speaks against a rewrite by kind, in nats, the heaviest first."""
    found: dict[str, float] = {}
    for name, nats in parts.items():
        if kind := KINDS.get(name):
            found[kind] = found.get(kind, 0.0) + nats
    return {kind: nats for kind, nats in sorted(found.items(), key=lambda item: -item[1]) if nats >= _WEIGHS}


@cache
def package_model() -> Model:
    """The weights that come with the package."""
    return Model.load(PACKAGE / MODEL)


@cache
def package_alignment() -> Alignment:
    """The alignment that comes with the package: many writers' words for what an assistant says."""
    return Alignment.load(PACKAGE)
