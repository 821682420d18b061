"""Neutral sides by an adapter of the small base model, in this process: the way back, or one that goes on from it.

In: a folder with own.jsonl, and with triplets.jsonl where a big model has written some drafts already. Out:
triplets.jsonl and ledger.json anew. For `learned` an adapter learns from those drafts, begun from the way back; it
stays in the folder and is trained once for the same drafts.
"""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extraction import pieces as files
from extraction.drafts import Draft
from extraction.ledger import Ledger
from extraction.neutral import stage
from extraction.neutral.answers import FILE_NAME as ANSWERS
from extraction.neutral.stage import Drafter
from extraction.neutral.written import BACK, LEARNED, Who, Writer, WrittenDrafts, known_drafts, lessons
from extraction.pieces import Piece
from nic_voice.child import how_it_ended
from nic_voice.serving import nic_voice
from nic_voice.terminal import console, share_bar
from voice.alignment import learn
from voice.errors import UserError
from voice.judges.reader import Reader
from voice.judges.verdict import BACK as BACK_FOLDER
from voice.judges.verdict import PACKAGE, Judges
from voice.manifest import FILE_NAME as MANIFEST
from voice.manifest import VoiceManifest
from voice.triplet import Triplet, load_triplets, write_triplets

NAME = "drafts"
FEWEST = 50  # drafts to learn from
# Held out of what is learned from, as training does it, and somewhat more: the triplets are not the last ones yet.
HELD_OUT_SHARE, HELD_OUT_MOST = 0.15, 3_000
WAY_BACK = PACKAGE / BACK_FOLDER


@dataclass(frozen=True, slots=True)
class Wishes:
    """How many `minutes` may be spent (None: as long as it takes), how many `versions` of a draft are wanted, whether
    texts without a draft are left out (`drafted_only`), and the KEY=VALUE settings of a training.
    """

    minutes: float | None = None
    versions: int = 1
    drafted_only: bool = True
    training: tuple[str, ...] = ()


def add_written(out: Path, how: str, wishes: Wishes, before: Sequence[Drafter] = ()) -> Ledger:
    """Write the drafts that there are none of, in `out` and by the drafters `before`; then the triplets anew."""
    pieces = list(files.read_pieces(out / files.FILE_NAME))
    written = out / stage.FILE_NAME
    known = known_drafts(pieces, load_triplets(written).triplets if written.exists() else [])
    who = _learned(out, pieces, known, wishes.training) if how == LEARNED else _way_back()
    drafts = WrittenDrafts(who, out / ANSWERS, known, wishes.versions)
    try:
        waiting = drafts.open([piece for piece in pieces if not _has_draft(piece, before)])
        if waiting:
            _say(f"{len(waiting):,} texts get a draft by the small model now.")
            with share_bar("drafts") as show:
                drafts.fill(waiting, wishes.minutes, lambda done: show(done / len(waiting), f"{done:,} texts"), _say)
        return stage.add_neutral(out, [*before, drafts], drafted_only=wishes.drafted_only)
    finally:
        drafts.close()


def _say(line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)


def _has_draft(piece: Piece, before: Sequence[Drafter]) -> bool:
    return any(not isinstance(drafter.look_up(piece), str) for drafter in before)


def _way_back() -> Who:
    sha256 = VoiceManifest.load(WAY_BACK).adapter.sha256
    return Who(BACK, sha256, lambda: _reader(WAY_BACK), Judges())


def _learned(out: Path, pieces: Sequence[Piece], known: dict[str, Draft], training: tuple[str, ...]) -> Who:
    """Who has learned from the drafts that are known."""
    learned_from = lessons(pieces, known, HELD_OUT_SHARE, HELD_OUT_MOST)
    if len(learned_from) < FEWEST:
        raise UserError(
            f"There are {len(learned_from)} drafts of the texts in {out} to learn from; it takes {FEWEST}. Ask a big "
            f"model first: `nic-voice neutralise --own {out} --how llm --sample 2000`, or bring some with --drafts. "
            f"Without any: --how back."
        )
    voice = _trained(out / NAME, learned_from, training)
    judges = Judges(learn([(lesson.own, lesson.neutral) for lesson in learned_from]))
    return Who(LEARNED, VoiceManifest.load(voice).adapter.sha256, lambda: _reader(voice), judges)


def _reader(adapter: Path) -> Writer:
    import torch

    return Reader(adapter, device="cuda" if torch.cuda.is_available() else "cpu")


def _trained(folder: Path, lessons: list[Triplet], training: tuple[str, ...]) -> Path:
    """The voice that has learned these lessons; trained where it is not there yet."""
    told = "\n".join(
        [*training, VoiceManifest.load(WAY_BACK).adapter.sha256, *(lesson.to_json() for lesson in lessons)]
    )
    name = f"{NAME}-{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:12]}"
    voice = folder / name / NAME
    if not (voice / MANIFEST).is_file():
        file = folder / name / "triplets.jsonl"
        write_triplets(file, lessons)
        command = nic_voice("train", "--triplets", str(file), "--out", str(voice), "--init-from", str(WAY_BACK))
        code = subprocess.run([*command, *training]).returncode
        if code:
            raise UserError(how_it_ended("nic-voice train", code))
    return voice
