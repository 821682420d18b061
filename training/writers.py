"""What comes with the package, learned from many writers: the ways there and back, and the judge.

In: the messages in voice/writers and tests/data/attempts.jsonl. Out: training/there/ (draft -> own), voice/judges/back/
(own -> draft), and the judge's alignment.npz and weights.json beside that. `make writers` runs it, two hours on two
cores; what was learned and read is kept in build/writers, and a run that was stopped goes on.

    python -m training.writers [--keep]   # --keep: with the adapters that are there
"""

import argparse
import hashlib
import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training import there
from training.config import load_config
from training.judging import Judgement, fit
from training.progress import Progress
from voice import alignment, writers
from voice.adapter import CONFIG_NAME
from voice.alignment import Alignment
from voice.judges.evidence import GAPS, Evidence, evidence, of_gaps
from voice.judges.reader import Reader, package_reader
from voice.judges.verdict import BACK, MODEL, PACKAGE, masked_alike
from voice.judges.weights import Model, Weights
from voice.manifest import ADAPTER_NAME, VoiceManifest, file_sha256
from voice.triplet import Triplet, write_triplets

ROOT = Path(__file__).parents[1]
ATTEMPTS, BUILD = ROOT / "tests" / "data" / "attempts.jsonl", ROOT / "build" / "writers"
SMALL = "smollm2-135m"
SETTINGS = {"dtype": "bfloat16", "learning_rate": "8e-4", "near_copy_share": "1"}
PLANTED, OWN = 0.2, 3.0  # what a made version counts beside an attempt that was read, and one in the writer's manner
OTHER = 3.0  # what a version of another draft counts beside a made one
PAIR = 0.3  # what it counts that a wrong version comes behind the right one of the same draft
ORDER_STRENGTH = 0.1  # where the order alone is fitted
THRESHOLD = 0.55  # of what was read between this and .5 half was wrong (docs/LOG.md)
CERTAIN = 400  # verdicts of which the reader would let one pass where it is not asked
_WRONG = ("changed", "garbled")
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a draft: an attempt that was read ('try'), or one that was written: 'own', 'also', 'wrong'; or what
    was written for another draft ('other').

    `kind` is what is wrong with it, if something is; `split` where its writer belongs.
    """

    id: str
    split: str
    arm: str
    draft: str
    text: str
    wrong: bool
    kind: str | None = None


def planted(*splits: writers.Split) -> Iterator[Version]:
    """The versions that were written for drafts."""
    for message in writers.read_messages(*splits):
        common = {"id": message.id, "split": message.split, "draft": message.draft}
        yield Version(arm="own", text=message.own, wrong=False, **common)
        yield Version(arm="also", text=message.also, wrong=False, **common)
        for slip in message.wrong:
            yield Version(arm="wrong", text=slip.text, wrong=True, kind=slip.kind, **common)


def of_others(*splits: writers.Split) -> Iterator[Version]:
    """With each draft what somebody typed for the next longer one.

    No attempt is as wrong; without them the judge would go on beyond the attempts as it happens to.
    """
    messages = sorted(writers.read_messages(*splits), key=lambda message: (len(message.draft), message.id))
    for message, other in itertools.pairwise(messages):
        yield Version(message.id, message.split, "other", message.draft, other.own, wrong=True, kind="other")


def attempts(*splits: str) -> Iterator[Version]:
    """The attempts that were read."""
    for line in ATTEMPTS.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["split"] in splits:
            wrong = row["meaning"] in _WRONG
            yield Version(row["id"], row["split"], "try", row["draft"], row["rewrite"], wrong, row["kind"])


class Readings:
    """The evidence of versions; what the reader found is kept in a file beside its adapter's hash."""

    def __init__(self, folder: Path, reader: Callable[[], Reader], adapter: str, words: Alignment) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"gaps-{adapter[:12]}.jsonl"
        lines = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        self._known = {key: found for line in lines for key, found in json.loads(line).items()}
        self._reader, self._words = reader, words

    def of(self, versions: Iterable[Version]) -> list[tuple[Version, Evidence]]:
        """Each version with its evidence, of its words and of the reader."""
        masked = [(version, *masked_alike(version.draft, version.text)) for version in versions]
        by_draft: defaultdict[str, list[str]] = defaultdict(list)
        for _, draft, text in masked:
            if _key(draft, text) not in self._known:
                by_draft[draft].append(text)
        asked = sorted(by_draft.items(), key=lambda item: len(item[0]))
        with self._file.open("a", encoding="utf-8") as file:
            for start in range(0, len(asked), _AT_ONCE):
                some = asked[start : start + _AT_ONCE]
                for (draft, texts), found in zip(some, self._reader().gaps_of(some), strict=True):
                    for text, gaps in zip(texts, found, strict=True):
                        self._known[_key(draft, text)] = of_gaps([gap for _, gap in gaps])
                        file.write(json.dumps({_key(draft, text): self._known[_key(draft, text)]}) + "\n")
                print(f"read {start + len(some)} of {len(asked)} drafts", flush=True)
        return [
            (version, {**evidence(draft, text, self._words), **self._known[_key(draft, text)]})
            for version, draft, text in masked
        ]


def _key(draft: str, text: str) -> str:
    return hashlib.sha256(f"{draft}\0{text}".encode()).hexdigest()[:24]


def fitted(found: Sequence[tuple[Version, Evidence]]) -> Model:
    """The model of these versions."""
    counts = {"try": 1.0, "own": PLANTED * OWN, "other": PLANTED * OTHER}
    judgements = [Judgement(one, version.wrong, counts.get(version.arm, PLANTED)) for version, one in found]
    names = list(found[0][1])
    of_words = [name for name in names if name not in GAPS]
    pairs = list(_pairs([version for version, _ in found]))
    words, read = (fit(judgements, some, pairs, PAIR) for some in (of_words, names))
    order = fit([replace(one, weight=0.01) for one in judgements], names, pairs, 1.0, ORDER_STRENGTH)
    return Model(words, read, order, _hardly(found, words, read), THRESHOLD)


def _pairs(versions: Sequence[Version]) -> Iterator[tuple[int, int]]:
    """Places of (a planted slip, what its writer typed)."""
    own = {version.id: place for place, version in enumerate(versions) if version.arm == "own"}
    for place, version in enumerate(versions):
        if version.arm == "wrong":
            yield place, own[version.id]


def _hardly(found: Sequence[tuple[Version, Evidence]], words: Weights, read: Weights) -> float:
    """Under which likelihood by the words alone the reader lets one in CERTAIN pass at most."""
    known = sorted((words.same(one), read.same(one) >= THRESHOLD) for _, one in found)
    passed = np.cumsum([passes for _, passes in known])
    low = np.flatnonzero(passed <= np.arange(1, len(known) + 1) / CERTAIN)
    return round(min(known[low[-1]][0] if len(low) else 0.0, THRESHOLD), 4)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make everything, or with --keep all but the adapters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="keep the adapters that are there")
    if not parser.parse_args(arguments).keep:
        messages = there.messages()
        make_adapter(PACKAGE / BACK, writers.back(messages))
        make_adapter(there.PACKAGE, writers.there(messages))
    pairs = [(message.draft, text) for message in writers.read_messages("train") for text in message.versions]
    words = alignment.learn(pairs)
    words.save(PACKAGE)
    adapter = file_sha256(PACKAGE / BACK / ADAPTER_NAME)
    readings = Readings(BUILD, package_reader, adapter, words)
    fitted(readings.of([*attempts("train", "fit"), *planted("fit"), *of_others("fit")])).save(PACKAGE / MODEL)
    print("Measure it: python -m bench.judging")


def make_adapter(
    folder: Path, lessons: Iterable[Triplet], settings: dict[str, str] = SETTINGS, build: Path = BUILD
) -> None:
    """Train an adapter of the small base model on these triplets, once each, and put it into the folder in bfloat16.

    It is trained in `build`, where a run that was stopped goes on.
    """
    import torch
    from safetensors.torch import load_file, save_file

    from training.run import train

    work = build / folder.name
    write_triplets(work / "triplets.jsonl", lessons)
    config = there.settings(load_config(Path(SMALL), settings))
    train(config, work / "triplets.jsonl", work / folder.name, _show)
    made = VoiceManifest.load(work / folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(work / folder.name / CONFIG_NAME, folder / CONFIG_NAME)
    weights = load_file(work / folder.name / ADAPTER_NAME)
    save_file({name: one.to(torch.bfloat16) for name, one in weights.items()}, folder / ADAPTER_NAME, {"format": "pt"})
    (folder / ADAPTER_NAME).chmod(0o644)  # it may be installed by one and used by another
    sha256 = file_sha256(folder / ADAPTER_NAME)
    made.model_copy(
        update={
            "adapter": made.adapter.model_copy(update={"sha256": sha256}),
            "triplets": made.triplets.model_copy(update={"path": None}),
        }
    ).write(folder)


def _show(progress: Progress) -> None:
    if progress.step % 50 == 0:
        print(progress, flush=True)


if __name__ == "__main__":
    main()
