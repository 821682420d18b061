"""One evaluation: a voice, texts that it never saw, and what comes of it.

In: a Plan and a running service. Out: a Report, and scores.json beside the voice's voice.json. The command is
`nic-voice evaluate NAME`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluation import baselines, habits, style
from evaluation.cases import COUNT, FEWEST, Case, choose, from_pairs, held_out
from evaluation.client import Service
from evaluation.detect import detected
from evaluation.meaning import Fidelity, compare, plain_words
from evaluation.report import Kind, Report, Row, summed
from evaluation.similarity import similarities
from voice.atomic import write_text
from voice.base_model import SMOLLM2, resolve
from voice.ends import closing_names, without_ends
from voice.errors import UserError
from voice.judges.verdict import Judges
from voice.manifest import FILE_NAME, VoiceManifest, scores_name
from voice.style import Verifier
from voice.triplet import Register
from voice.words import words

BASE = "base model, 3 examples"
OWNER = "owner"

Progress = Callable[[str, int, int], None]


class EvaluationError(UserError):
    """An evaluation that cannot be made; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is evaluated. `count` None is all texts; `others` are other people's texts by whose they are.

    `asked` are fields of every request, such as a temperature; scores are kept of the usual ones alone.

    `gguf` names the numbers of llama.cpp's model, if that computes: its scores have a file of their own.

    `pairs` None means what was held out at training, looked for in `triplets` or where the voice says it is.
    """

    name: str
    voices: Path
    pairs: Path | None = None
    triplets: Path | None = None
    register: Register | None = None
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    own_names: Sequence[str] = ()
    count: int | None = COUNT
    seed: int = 1
    with_base: bool = True
    asked: Mapping[str, float] = field(default_factory=dict)
    gguf: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with all that it needs but the service: the voice's version, the cases that are judged, and the rest.

    `left_out` lines of the pairs are none, or stand in the file twice.
    """

    plan: Plan
    folder: Path
    manifest: VoiceManifest
    judges: tuple[Judges, Verifier]
    cases: list[Case]
    rest: list[Case]
    left_out: int


def prepare(plan: Plan) -> Prepared:
    """Read the voice and the texts; UserError for whatever is wrong with them, before anything is started."""
    folder = plan.voices / plan.name
    if not (folder / FILE_NAME).is_file():
        raise EvaluationError(f"There is no voice '{plan.name}' in {plan.voices}. Give its name, or --voices FOLDER.")
    folder = folder.resolve()  # the version that is there now, whatever is published meanwhile
    manifest = VoiceManifest.load(folder)
    resolve(SMOLLM2)  # what the judge reads with
    judges = Judges.load(folder, manifest), Verifier.load(folder)
    if plan.pairs:
        cases, left_out = from_pairs(plan.pairs, plan.register or manifest.default_register)
    else:
        cases, left_out = held_out(manifest, plan.triplets), 0
    return Prepared(plan, folder, manifest, judges, *choose(cases, plan.count, plan.seed), left_out)


def evaluate(prepared: Prepared, service: Service, show: Progress = lambda *_: None) -> Report:
    """Have the service rewrite the texts, judge what comes out, and write scores.json."""
    plan, cases = prepared.plan, prepared.cases
    _same_voice(service.voice(plan.name), prepared.manifest)
    rewritten = service.rewrite(plan.name, cases, lambda done, total: show("rewriting", done, total), plan.asked)
    outputs = {plan.name: rewritten}
    if plan.with_base:
        outputs[BASE] = service.base(cases, lambda done, total: show("base model", done, total))
    report = judge(plan, cases, prepared.rest, outputs, prepared.judges, show)
    if not plan.asked:
        text = json.dumps(report.to_json(with_texts=False), indent=2, ensure_ascii=False) + "\n"
        write_text(prepared.folder / scores_name(plan.gguf), text)
    return report


def judge(
    plan: Plan,
    cases: Sequence[Case],
    rest: Sequence[Case],
    outputs: Mapping[str, Sequence[str]],
    judges: tuple[Judges, Verifier],
    show: Progress = lambda *_: None,
) -> Report:
    """The report on outputs, by contestant and in the order of the cases; the first contestant is the voice."""
    judging, verifier = judges
    voice = next(iter(outputs))
    sides = _Sides.of(plan, cases, rest, outputs)
    show("style", 0, 1)
    styles = style.judge(sides.for_style(range(len(cases)), [name for name in sides.bare if name != OWNER]), plan.seed)
    show("style", 1, 1)
    every = [text for case in (*cases, *rest) for text in (case.neutral, case.own)]
    plain = plain_words(every) | sides.names
    fidelities: dict[str, list[Fidelity]] = {}
    for place, (name, side) in enumerate(sides.bare.items(), start=1):
        typed = list(zip(sides.raw_neutral, sides.typed[name], strict=True))
        similar = similarities(sides.neutral, side)
        fidelities[name] = compare(
            sides.neutral, side, sides.bare[OWNER], typed, similar, judging, plain, judged=name not in sides.tricks
        )  # fmt: skip
        show("meaning", place, len(sides.bare))
    rows = [
        Row(
            name=name,
            kind=sides.kind(name, voice),
            style=styles.scores.get(name, {}),
            detected=None if name == OWNER else detected(sides.bare[OWNER], side, sides.groups, plan.seed),
            verifier=float(verifier.score(side).mean()),
            fidelity=summed(fidelities[name], plan.seed),
        )
        for name, side in sides.bare.items()
    ]
    spelled = frozenset(word for case in (*cases, *rest) for word in words(case.neutral))
    counted = [
        habits.habits(side, spelled, sides.names) for side in (sides.raw_neutral, outputs[voice], sides.typed[OWNER])
    ]
    return Report(
        voice=voice,
        source=plan.pairs.name if plan.pairs else "held out at training",
        seed=plan.seed,
        made_at=datetime.now(UTC).replace(microsecond=0),
        rows=rows + [Row(name, "other", styles.scores[name], None, None, {}) for name in sides.others],
        distance=styles.distance,
        habits={name: (counted[0][name], counted[1][name], counted[2][name]) for name in counted[0]},
        groups=_by_kind(cases, sides, {name: fidelities[name] for name in (voice, OWNER)}, plan.seed),
        by_rules=2 * sum(case.by_rules for case in cases) > len(cases),
        lines=[
            {"register": case.register, "unit": case.unit, "neutral": case.neutral, "own": case.own, "output": output}
            | {"found": fidelity.to_json()}
            for case, output, fidelity in zip(cases, outputs[voice], fidelities[voice], strict=True)
        ],
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """All texts by index of the case: as they are typed, and `bare`, with their ends taken off."""

    groups: list[str]
    raw_neutral: list[str]
    neutral: list[str]
    typed: dict[str, Sequence[str]]
    bare: dict[str, list[str]]
    tricks: frozenset[str]
    extra: list[tuple[str, str]]
    others: dict[str, list[str]]
    names: frozenset[str]

    @classmethod
    def of(
        cls, plan: Plan, cases: Sequence[Case], rest: Sequence[Case], outputs: Mapping[str, Sequence[str]]
    ) -> "_Sides":
        tricks = baselines.tricks([(case.neutral, case.own) for case in rest or cases])
        typed = dict(outputs)
        typed |= {name: [trick(case.neutral) for case in cases] for name, trick in tricks.items()}
        typed[OWNER] = [case.own for case in cases]
        names = closing_names(case.own for case in (*cases, *rest)) | {name.casefold() for name in plan.own_names}
        return cls(
            groups=[case.group for case in cases],
            raw_neutral=[case.neutral for case in cases],
            neutral=[without_ends(case.neutral, names) for case in cases],
            typed=typed,
            bare={name: [without_ends(text, names) for text in side] for name, side in typed.items()},
            tricks=frozenset(tricks),
            extra=[(without_ends(case.neutral, names), without_ends(case.own, names)) for case in rest],
            others={name: [without_ends(text) for text in side] for name, side in plan.others.items() if side},
            names=names,
        )

    def for_style(self, places: Sequence[int], contestants: Sequence[str]) -> style.Texts:
        """What style is judged on: these cases, these contestants."""

        def some(side: Sequence[str]) -> list[str]:
            return [side[place] for place in places]

        by_name = {name: some(self.bare[name]) for name in contestants}
        own = some(self.bare[OWNER])
        return style.Texts(some(self.groups), some(self.neutral), own, by_name, self.extra, self.others)

    def kind(self, name: str, voice: str) -> Kind:
        if name in self.tricks:
            return "trick"
        return "voice" if name == voice else "owner" if name == OWNER else "model"


def _same_voice(served: Mapping[str, Any], manifest: VoiceManifest) -> None:
    if served.get("status") == "refused":
        raise EvaluationError(f"The service does not serve voice '{manifest.name}': {served.get('reason')}")
    if served.get("adapter", {}).get("sha256") != manifest.adapter.sha256:
        raise EvaluationError(
            f"The service serves another version of voice '{manifest.name}' than the one in the folder. Start it "
            f"again, or leave --url out and one is started."
        )


def _by_kind(
    cases: Sequence[Case], sides: _Sides, fidelities: Mapping[str, Sequence[Fidelity]], seed: int
) -> list[tuple[str, str, int, dict[str, style.Score]]]:
    """(contestant, register and unit, texts, measures) for each kind of text, where there is more than one kind.

    Style is among the measures where there are enough texts for it.
    """
    kinds = sorted({(case.register, case.unit) for case in cases})
    found: list[tuple[str, str, int, dict[str, style.Score]]] = []
    for kind in kinds if len(kinds) > 1 else []:
        places = [place for place, case in enumerate(cases) if (case.register, case.unit) == kind]
        styles: dict[str, dict[str, style.Score]] = {}
        if len(places) >= FEWEST:
            styles = style.judge(sides.for_style(places, [name for name in fidelities if name != OWNER]), seed).scores
        for name, side in fidelities.items():
            measures = {style.MEAN: styles[name][style.MEAN]} if name in styles else {}
            found.append((name, " ".join(kind), len(places), measures | summed([side[n] for n in places], seed)))
    return found
