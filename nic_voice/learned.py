"""An adapter that learns to write drafts, trained on those that a big model wrote, and put to work on all other texts.

In: a folder with own.jsonl and triplets.jsonl, some of whose neutral sides are drafts. Out: triplets.jsonl and
ledger.json anew. The adapter stays in the folder: it is trained once for the same drafts.
"""

import asyncio
import hashlib
import signal
import subprocess
import sys
from pathlib import Path

from extraction import pieces as files
from extraction.ledger import Ledger
from extraction.neutral import stage
from extraction.neutral.answers import FILE_NAME as ANSWERS
from extraction.neutral.learned import LearnedDrafts, known_drafts, lessons
from nic_voice.child import how_it_ended
from nic_voice.serving import FOR_ITSELF, free_port, nic_voice, running
from nic_voice.terminal import console, share_bar
from voice.alignment import learn
from voice.errors import UserError
from voice.manifest import FILE_NAME as MANIFEST
from voice.manifest import VoiceManifest
from voice.style import Verifier
from voice.triplet import Triplet, load_triplets, write_triplets

NAME = "drafts"
FEWEST = 50  # drafts to learn from
# Held out of what is learned from, as training does it, and somewhat more: the triplets are not the last ones yet.
HELD_OUT_SHARE, HELD_OUT_MOST = 0.15, 3_000
ENVIRONMENT = {"NIC_VOICE_GUARD": "off", "NIC_VOICE_LOG_LEVEL": "WARNING"}


def add_learned(out: Path, training: tuple[str, ...], versions: int = 1, *, drafted_only: bool = True) -> Ledger:
    """Train, serve, ask, and write the triplets anew, at most so many `versions` a text.

    `training` are arguments for `nic-voice train`; `drafted_only` as in extraction/neutral/stage.py.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # ends what was started, too
    pieces = list(files.read_pieces(out / files.FILE_NAME))
    written = out / stage.FILE_NAME
    known = known_drafts(pieces, load_triplets(written).triplets if written.exists() else [])
    learned_from = lessons(pieces, known, HELD_OUT_SHARE, HELD_OUT_MOST)
    if len(learned_from) < FEWEST:
        raise UserError(
            f"There are {len(learned_from)} drafts of the texts in {out} to learn from; it takes {FEWEST}. Ask a big "
            f"model first: `nic-voice neutralise --own {out} --how llm --sample 2000`, or bring some with --drafts."
        )
    voice = _trained(out / NAME, learned_from, training)
    manifest = VoiceManifest.load(voice)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    drafts = LearnedDrafts(
        url, manifest.adapter.sha256, learn([(lesson.own, lesson.neutral) for lesson in learned_from]),
        Verifier.load(voice), out / ANSWERS, known, versions,
    )  # fmt: skip
    try:
        waiting = drafts.open(pieces)
        said = f"Learned from {len(learned_from):,} drafts; {len(waiting):,} texts get theirs now."
        console.print(said, highlight=False, soft_wrap=True)
        if waiting:
            serve = nic_voice("serve", "--voices", str(voice.parent), "--port", str(port))
            with running(serve, f"{url}/ready", environment=FOR_ITSELF | ENVIRONMENT), share_bar("drafts") as show:
                asyncio.run(drafts.fill(waiting, lambda done: show(done / len(waiting), f"{done:,} texts")))
        return stage.add_neutral(out, drafts, drafted_only=drafted_only)
    finally:
        drafts.close()


def _trained(folder: Path, lessons: list[Triplet], training: tuple[str, ...]) -> Path:
    """The voice that has learned these lessons; trained where it is not there yet."""
    told = "\n".join([*training, *(lesson.to_json() for lesson in lessons)])
    name = f"{NAME}-{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:12]}"
    voice = folder / name / NAME
    if not (voice / MANIFEST).is_file():
        file = folder / name / "triplets.jsonl"
        write_triplets(file, lessons)
        code = subprocess.run(nic_voice("train", "--triplets", str(file), "--out", str(voice), *training)).returncode
        if code:
            raise UserError(how_it_ended("nic-voice train", code))
    return voice
