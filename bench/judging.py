"""Whether the judge tells what says the same, on writers and attempts that it was not fitted on.

    python -m bench.judging [--quick] [--json FILE]

Versions of the `test` writers (what they typed, the same in another manner, and planted slips), and the attempts of
`test` and the sample's owner that were read: areas under the curve with intervals by words alone, by the way back
alone, and by both; what is refused at the default threshold; how often the writer's own version comes before a wrong
one, by kind; and the milliseconds of a judgement. --quick: a third of the drafts.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from bench.report import show
from training.writers import BUILD, Readings, Version, attempts, planted
from voice.judges.evidence import Evidence
from voice.judges.hard import hard_faults
from voice.judges.reader import Reader, package_reader
from voice.judges.verdict import BACK, PACKAGE, Judges, masked_alike, package_alignment, package_model
from voice.manifest import ADAPTER_NAME, file_sha256
from voice.writers import read_messages

SHORT = "s"  # what the ids of short.jsonl begin with
DRAWS = 1000
FALSE = 0.1  # share of right ones that may be refused where it is asked how many wrong ones are
Found = list[tuple[Version, Evidence]]
Scores = npt.NDArray[np.float64]  # the higher, the likelier something else is said


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a third of the drafts")
    parser.add_argument("--json", type=Path, help="write the numbers to FILE, too")
    options = parser.parse_args(arguments)
    adapter = file_sha256(PACKAGE / BACK / ADAPTER_NAME)
    readings = Readings(BUILD, package_reader, adapter, package_alignment())
    made = readings.of(_some(list(planted("test")), options.quick))
    tried = readings.of(_some(list(attempts("test", "owner")), options.quick))
    show("Who says something else: area under the curve", _areas(made, tried), options.json,
         refused=_refused(made, tried), order=_order(made), cost=_cost(options.quick))  # fmt: skip


def _some(versions: list[Version], quick: bool) -> list[Version]:
    drafts = sorted({version.draft for version in versions})
    chosen = set(drafts[::3] if quick else drafts)
    return [version for version in versions if version.draft in chosen]


@cache
def _short_drafts() -> frozenset[str]:
    """The drafts of which the way back and the attempts have none alike."""
    return frozenset(message.draft for message in read_messages("test") if message.id.startswith(SHORT))


def _is_short(version: Version) -> bool:
    return version.draft in _short_drafts()


def _ways(found: Found) -> dict[str, Scores]:
    """The scores of each way to judge."""
    model = package_model()
    return {
        "words alone": np.array([-model.words.same(one) for _, one in found]),
        "way back alone": np.array([one["gap_beyond_1"] for _, one in found]),
        "both": np.array([-model.read.same(one) for _, one in found]),
        "as used": np.array([-_used(one) for _, one in found]),
    }


def _used(one: Evidence) -> float:
    """The likelihood that a verdict has: the reader is asked where the words do not rule it out."""
    model = package_model()
    return model.read.same(one) if _is_read(one) else model.words.same(one)


def _is_read(one: Evidence) -> bool:
    model = package_model()
    return model.words.same(one) >= model.hardly


def _areas(made: Found, tried: Found) -> list[dict[str, Any]]:
    rows = []
    short = [one for one in made if _is_short(one[0])]
    longer = [one for one in made if not _is_short(one[0])]
    for name, found in (("planted slips", longer), ("in short drafts", short), ("attempts that were read", tried)):
        wrong = np.array([version.wrong for version, _ in found])
        ways = _ways(found)
        draws = _draws([version.draft for version, _ in found])
        for way, scores in ways.items():
            low, high = np.percentile([_area(wrong[draw], scores[draw]) for draw in draws], [2.5, 97.5])
            more = [_area(wrong[draw], ways["both"][draw]) - _area(wrong[draw], scores[draw]) for draw in draws]
            rows.append({
                "texts": name, "way": way, "n": len(found), "area": _area(wrong, scores), "low": low, "high": high,
                "both is better by": float(np.mean(more)), "at least": float(np.percentile(more, 2.5)),
                f"caught at {FALSE:.0%} false": float((scores[wrong] > np.quantile(scores[~wrong], 1 - FALSE)).mean()),
            })  # fmt: skip
    return rows


def _area(wrong: npt.NDArray[np.bool_], scores: Scores) -> float:
    return float(roc_auc_score(wrong, scores)) if 0 < wrong.sum() < len(wrong) else 0.5


def _draws(drafts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    """Places of versions, drawn by whole drafts."""
    by_draft: defaultdict[str, list[int]] = defaultdict(list)
    for place, draft in enumerate(drafts):
        by_draft[draft].append(place)
    groups, chance = [np.array(places) for places in by_draft.values()], np.random.default_rng(1)
    return [
        np.concatenate([groups[one] for one in chance.integers(len(groups), size=len(groups))]) for _ in range(DRAWS)
    ]


def _refused(made: Found, tried: Found) -> dict[str, float]:
    """Shares that are refused at the default threshold or for a hard fault, as they come to verdicts."""
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    threshold = package_model().threshold
    for version, one in (*made, *tried):
        hard = hard_faults(*masked_alike(version.draft, version.text))
        refused = bool(hard) or _used(one) < threshold
        size = "short " if version.arm != "try" and _is_short(version) else ""
        groups[f"{size}{version.arm}, {'wrong' if version.wrong else 'right'}"].append(refused)
        if version.arm == "wrong" and not size:
            groups[f"planted: {version.kind}"].append(refused)
        groups["for a hard fault, " + ("wrong" if version.wrong else "right")].append(bool(hard))
        groups["the reader is asked"].append(_is_read(one))
    return {group: round(float(np.mean(found)), 3) for group, found in sorted(groups.items())}


def _order(made: Found) -> dict[str, float]:
    """In how many cases what the writer typed comes before a planted slip, in all and by its kind."""
    order = package_model().order
    own = {version.id: order.odds(one) for version, one in made if version.arm == "own"}
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for version, one in made:
        if version.arm == "wrong":
            for group in ("short", "all") if _is_short(version) else ("longer", "all", str(version.kind)):
                groups[group].append(order.odds(one) > own[version.id])
    return {group: round(float(np.mean(found)), 3) for group, found in sorted(groups.items())}


def _cost(quick: bool) -> dict[str, float]:
    """Milliseconds of a judgement, by words and with the reader; drafts of about 10, 40 and 100 words."""
    versions = [version for version in planted("test") if version.arm == "own"]
    judges, found = Judges(), {}
    readers = {"float32": Reader(PACKAGE / BACK), "bfloat16": Reader(PACKAGE / BACK, "bfloat16")}
    for reader in readers.values():
        reader.gaps("Is it warm?", ["is it warm"])
    for size in (10, 40, 100):
        near = sorted(versions, key=lambda version: abs(len(version.draft.split()) - size))[: 3 if quick else 8]
        pairs = [masked_alike(version.draft, version.text) for version in near]
        started = time.perf_counter()
        for draft, text in pairs:
            judges.verdict(draft, text, "facts")
        found[f"{size} words, words alone"] = _ms(started, len(pairs))
        for dtype, reader in readers.items():
            for candidates in (1, 2, 16):
                started = time.perf_counter()
                for draft, text in pairs:
                    reader.gaps(f"{draft} {candidates}", [f"{text} {number}" for number in range(candidates)])
                found[f"{size} words, {dtype}, {candidates} at once, each"] = _ms(started, len(pairs) * candidates)
    return found


def _ms(started: float, count: int) -> float:
    return round(1000 * (time.perf_counter() - started) / count, 1)


if __name__ == "__main__":
    main()
