"""Does a rewrite say the same: one judgement for whoever asks, the guard, evaluation, the stage of neutral sides.

In: a text and its rewrites, all masked, and how strictly to look. Out: Verdicts: how likely the same is said, what
speaks against it, and the faults that nothing outweighs. Words are looked at first; of what they do not rule out the
reader is asked, in one go for all that is asked for together.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from voice.alignment import Alignment
from voice.echo import Echoes
from voice.facts.masking import mask_pair
from voice.facts.rules import CURRENT, Rules
from voice.judges.evidence import KINDS, Evidence, evidence, of_gaps
from voice.judges.hard import hard_faults
from voice.judges.reader import Gap, package_reader
from voice.judges.weights import Model
from voice.manifest import VoiceManifest

Level = Literal["off", "facts", "full"]
Reading = Literal["never", "in doubt", "always"]  # whether the reader is asked; in doubt: of what words allow

PACKAGE = Path(__file__).parent
MODEL, BACK = "weights.json", "back"
_BACK_QUOTED = re.compile(r"`([^`\n]+)`")
_WEIGHS = 0.1  # nats below which evidence is not named


@dataclass(frozen=True, slots=True)
class Verdict:
    """`same`: how likely the same is said, 0..1; `kinds`: what speaks against it in nats, the heaviest first.

    `order`: of several rewrites of one text the one with the least says the most of it. `read`: whether the reader
    was asked, for words did not rule it out.
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
    """What judges rewrites in one voice: its alignment, its echoes, what its owner may be called."""

    alignment: Alignment = field(default_factory=Alignment)
    echoes: Echoes | None = None
    signs_as: Sequence[str] = ()
    rules: Rules = CURRENT

    @classmethod
    def load(cls, folder: Path, manifest: VoiceManifest | None = None) -> "Judges":
        """Those of a voice folder; ManifestError, ArraysError when a file is missing or damaged."""
        manifest = manifest or VoiceManifest.load(folder)
        signs_as = [manifest.name, *manifest.signs_as]
        return cls(Alignment.load(folder), Echoes.load(folder), signs_as, manifest.rules)

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
        """One verdict a rewrite; `prompt` is what the model was told.

        Where the reader is never asked, a judgement takes a few milliseconds, and errs more often.
        """
        look = self.look(text, [(rewrite, False) for rewrite in rewrites], level, prompt)
        asked = {"never": [], "in doubt": look.to_read, "always": list(dict.fromkeys(rewrites))}[reader]
        return look.verdicts(dict(zip(asked, package_reader().gaps(text, asked), strict=True)) if asked else {})

    def look(
        self,
        text: str,
        rewrites: Sequence[tuple[str, bool]],
        level: Level = "full",
        prompt: str = "",
        threshold: float | None = None,
    ) -> "Look":
        """What words show of rewrites, each given with whether it was cut off; `threshold`: another than the usual."""
        seen = [
            Seen(
                rewrite,
                evidence(text, rewrite, self._alignment),
                frozenset(hard_faults(text, rewrite, prompt, self.echoes, self.signs_as, cut=cut)),
                cut,
            )
            for rewrite, cut in rewrites
        ]
        return Look(text, seen, level, package_model().threshold if threshold is None else threshold)


@dataclass(frozen=True, slots=True)
class Seen:
    """A rewrite and what its words show; of one that was `cut` off it says nothing what it lacks."""

    rewrite: str
    evidence: Evidence
    hard: frozenset[str]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Rewrites of one text as far as words tell. `verdicts` wants what the reader finds of those `to_read`.

    At level 'full' hard faults and a likelihood under the threshold refuse a rewrite, at 'facts' hard faults alone, at
    'off' nothing.
    """

    text: str
    seen: Sequence[Seen]
    level: Level
    threshold: float

    @property
    def to_read(self) -> list[str]:
        """The rewrites that are to be read: all that neither a fault nor their words rule out."""
        if self.level != "full":
            return []
        model = package_model()
        least = min(model.hardly, self.threshold)
        return [
            seen.rewrite
            for seen in self.seen
            if not (seen.hard or seen.cut) and model.words.same(seen.evidence) >= least
        ]

    def verdicts(self, read: Mapping[str, Sequence[Gap]]) -> list[Verdict]:
        """One verdict a rewrite, with the reader's gaps of those that were read."""
        return [self._verdict(seen, read.get(seen.rewrite)) for seen in self.seen]

    def _verdict(self, seen: Seen, gaps: Sequence[Gap] | None) -> Verdict:
        model = package_model()
        found = seen.evidence
        if gaps is None:
            weights, order = model.words, model.words.odds(found)
        else:
            found = {**found, **of_gaps([gap for _, gap in gaps])}
            weights, order = model.read, model.order.odds(found)
        same = weights.same(found)
        under = self.level == "full" and same < self.threshold and not seen.cut
        refused = self.level != "off" and (bool(seen.hard) or under)
        return Verdict(same, _kinds(weights.parts(found)), tuple(sorted(seen.hard)), refused, order, gaps is not None)


def masked_alike(text: str, rewrite: str, rules: Rules = CURRENT) -> tuple[str, str]:
    """Both texts masked; code that stands between back quotes on one side alone is code on both."""
    before, after = mask_pair(_quoted(text, rewrite), _quoted(rewrite, text), rules=rules)
    return before.text, after.text


def _quoted(text: str, other: str) -> str:
    """The text with back quotes around what has them in the other alone."""
    for code in set(_BACK_QUOTED.findall(other)) - set(_BACK_QUOTED.findall(text)):
        text = re.sub(rf"(?<!\w){re.escape(code)}(?!\w)", lambda match: f"`{match.group()}`", text)
    return text


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
