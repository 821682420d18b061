"""Does a rewrite say the same: one judgement for whoever asks, the guard, evaluation, the stage of neutral sides.

In: a text and its rewrites, all masked, and how strictly to look. Out: Verdicts: how likely the same is said, what
speaks against it, and the faults that nothing outweighs; or, at the guard's old level, a Difference of kinds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
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
Reading = Literal["never", "in doubt", "always"]  # whether the reader is asked

PACKAGE = Path(__file__).parent
MODEL, BACK = "weights.json", "back"
_BACK_QUOTED = re.compile(r"`([^`\n]+)`")
_WEIGHS = 0.1  # nats below which evidence is not named


@dataclass(frozen=True, slots=True)
class Verdict:
    """`same`: how likely the same is said, 0..1; `kinds`: what speaks against it in nats, the heaviest first.

    `order`: of several rewrites of one text the one with the least says the most of it. `read`: whether the words of
    one of them left doubt, so that the reader was asked.
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


@dataclass(frozen=True)
class Judges:
    """What judges rewrites in one voice: its alignment, its echoes, what its owner may be called, its threshold."""

    alignment: Alignment = field(default_factory=Alignment)
    echoes: Echoes | None = None
    signs_as: Sequence[str] = ()
    rules: Rules = CURRENT
    own_threshold: float | None = None  # else the package's

    @classmethod
    def load(cls, folder: Path, manifest: VoiceManifest | None = None) -> "Judges":
        """Those of a voice folder; ManifestError, ArraysError when a file is missing or damaged."""
        manifest = manifest or VoiceManifest.load(folder)
        signs_as = [manifest.name, *manifest.signs_as]
        return cls(Alignment.load(folder), Echoes.load(folder), signs_as, manifest.rules, manifest.same_threshold)

    @property
    def threshold(self) -> float:
        """How likely the same must be said, 0..1, that a rewrite is not refused."""
        return package_model().threshold if self.own_threshold is None else self.own_threshold

    @cached_property
    def _alignment(self) -> Alignment:
        return self.alignment.joined(package_alignment())

    def of_texts(self, text: str, rewrite: str, *, reader: Reading = "in doubt") -> Judged:
        """The verdict on a rewrite of a text, neither of them masked yet."""
        before, after = masked_alike(text, rewrite, self.rules)
        return Judged(before, after, self.verdict(before, after, reader=reader))

    def verdict(
        self, text: str, rewrite: str, level: Level = "full", prompt: str = "", *, reader: Reading = "in doubt"
    ) -> Verdict:
        """The verdict on one rewrite."""
        [found] = self.verdicts(text, [rewrite], level, prompt, reader=reader)
        return found

    def verdicts(
        self,
        text: str,
        rewrites: Sequence[str],
        level: Level = "full",
        prompt: str = "",
        *,
        reader: Reading = "in doubt",
    ) -> list[Verdict]:
        """One verdict a rewrite; what is asked for together is read together. `prompt` is what the model was told.

        At level 'full' hard faults and a likelihood under the threshold refuse it, at 'facts' hard faults alone, at
        'off' nothing. Where the reader is never asked, a judgement takes a few milliseconds, and errs more often.
        """
        seen = [evidence(text, rewrite, self._alignment) for rewrite in rewrites]
        read = level == "full" and (reader == "always" or (reader == "in doubt" and any(map(self._in_doubt, seen))))
        if read:
            gaps = package_reader().gaps(text, rewrites)
            seen = [{**one, **of_gaps([gap for _, gap in tokens])} for one, tokens in zip(seen, gaps, strict=True)]
        hard = [hard_faults(text, rewrite, prompt, self.echoes, self.signs_as) for rewrite in rewrites]
        return [
            _verdict(found, faults, level, self.threshold, read=read) for found, faults in zip(seen, hard, strict=True)
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

    def _in_doubt(self, found: Evidence) -> bool:
        model = package_model()
        least, most = min(model.hardly, self.threshold), max(model.surely, self.threshold)
        return least <= model.words.same(found) <= most


def masked_alike(text: str, rewrite: str, rules: Rules = CURRENT) -> tuple[str, str]:
    """Both texts masked; code that stands between back quotes on one side alone is code on both."""
    before, after = mask_pair(_quoted(text, rewrite), _quoted(rewrite, text), rules=rules)
    return before.text, after.text


def _quoted(text: str, other: str) -> str:
    """The text with back quotes around what has them in the other alone."""
    for code in set(_BACK_QUOTED.findall(other)) - set(_BACK_QUOTED.findall(text)):
        text = re.sub(rf"(?<!\w){re.escape(code)}(?!\w)", lambda match: f"`{match.group()}`", text)
    return text


def _verdict(found: Evidence, hard: set[str], level: Level, threshold: float, *, read: bool) -> Verdict:
    model = package_model()
    weights = model.read if read else model.words
    same = weights.same(found)
    refused = level != "off" and (bool(hard) or (level == "full" and same < threshold))
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
