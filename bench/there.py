"""What it is worth that the small model has read many writers: neutral sides by it, and a voice begun from it.

    python -m bench.there [--quick] [--json FILE] [--folder FOLDER] [--learn FILE --try FILE --register R] [ARM ...]

Learned from the made-up owner's messages, the first four fifths of them, and tried on the drafts of the last; or on the
pairs of two files, lines {"neutral", "own"}. Each arm is trained on as many steps and tried greedily without the guard.
Where its name begins with `drafts` the neutral sides are the pairs' own, else they are written for the own sides alone.
In --folder everything stays, each arm's texts too: run again with the same one, it goes on where it was stopped.
`style`: 0 is the draft, 1 the owner, with its 95 % interval.
"""

import argparse
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.report import show
from nic_voice.sample import theo
from nic_voice.serving import nic_voice
from voice.atomic import write_text
from voice.manifest import FILE_NAME, VoiceManifest
from voice.pairs import Pair, read_pairs
from voice.triplet import REGISTERS, Register

STEPS, QUICK_STEPS = 300, 60
LEARNED = 0.8  # of the made-up owner's messages
SETTINGS = {"batch_tokens": "384", "epochs": "1000"}
SHOWN = {"near-copy %": "near-copies %", "judged wrong %": "judged wrong %", "length ratio": "length"}
QUICK = ("drafts, cold", "drafts", "rules")


@dataclass(frozen=True, slots=True)
class Arm:
    """Where the neutral sides come from (`drafts`, or --how of `nic-voice import-own`), settings of the training, and
    how many times the steps.
    """

    neutral: str
    settings: dict[str, str] = field(default_factory=dict)
    times: float = 1


COLD, TWO, THREE = {"fresh_adapter": "true"}, {"members": "2"}, {"members": "3"}
AS_THEY_ARE = {"rules_copy_weight": "1", "rules_replay_share": "0"}  # pairs by rules learned from as any others
ARMS = {
    "drafts, cold": Arm("drafts", COLD),
    "drafts": Arm("drafts"),
    "drafts, two thirds": Arm("drafts", times=2 / 3),
    "drafts, 2 members": Arm("drafts", TWO),
    "drafts, 3 members": Arm("drafts", THREE),
    "drafts, twice": Arm("drafts", times=2),
    "drafts, twice, 2 members": Arm("drafts", TWO, times=2),
    "drafts, 2 cold members": Arm("drafts", COLD | TWO),
    "drafts, replay": Arm("drafts", {"replay_share": "0.5"}),
    "rules, cold": Arm("rules", COLD | AS_THEY_ARE),
    "rules, no replay, copies": Arm("rules", AS_THEY_ARE),
    "rules, copies": Arm("rules", {"rules_copy_weight": "1"}),
    "rules": Arm("rules"),
    "back, cold": Arm("back", COLD),
    "back": Arm("back"),
    "back, two thirds": Arm("back", times=2 / 3),
    "back, 2 members": Arm("back", TWO),
}


def main() -> None:
    """Train and evaluate every arm that has not been, and print them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{'; '.join(QUICK)}: {QUICK_STEPS} steps each")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path, help="where arms are kept; else they are forgotten")
    parser.add_argument("--learn", type=Path, help="pairs to learn from; else the made-up owner's")
    parser.add_argument("--try", dest="tried", type=Path, help="pairs to try the voices on")
    parser.add_argument("--register", default="email", choices=REGISTERS, help="of pairs that name none")
    parser.add_argument("arms", nargs="*", metavar="ARM", help=f"some of: {'; '.join(ARMS)}")
    options = parser.parse_args()
    names = options.arms or (QUICK if options.quick else list(ARMS))
    if unknown := [name for name in names if name not in ARMS]:
        parser.error(f"no such arm: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        learn, tried = (options.learn, options.tried) if options.learn and options.tried else _theo(folder)
        made = Made(folder, learn, tried, options.register, QUICK_STEPS if options.quick else STEPS)
        rows = [made.row(name) for name in names]
    show("There and back", rows, options.json, width=130)


def _theo(folder: Path) -> tuple[Path, Path]:
    """The made-up owner's messages, to learn from and to try."""
    lines = [
        json.dumps({"neutral": one.draft, "own": one.own, "register": one.register, "unit": one.unit,
                    "sent_at": one.sent_at.isoformat()})
        for one in theo.messages()
    ]  # fmt: skip
    count = int(LEARNED * len(lines))
    files = folder / "learn.jsonl", folder / "try.jsonl"
    for file, some in zip(files, (lines[:count], lines[count:]), strict=True):
        write_text(file, "\n".join(some) + "\n")
    return files


@dataclass(frozen=True, slots=True)
class Made:
    """The arms in a folder, each trained and evaluated once."""

    folder: Path
    learn: Path
    tried: Path
    register: Register
    steps: int

    def row(self, name: str) -> dict[str, Any]:
        """What an arm reached."""
        place = self.folder / "".join(letter if letter.isalnum() else "-" for letter in name)
        voice, scores = place / "voices" / "it", place / "scores.json"
        arm = ARMS[name]
        if not (voice / FILE_NAME).is_file():
            settings = SETTINGS | arm.settings | {"max_steps": str(round(arm.times * self.steps))}
            words = (word for key, value in settings.items() for word in ("--set", f"{key}={value}"))
            _run("train", "--triplets", str(self._triplets(arm.neutral)), "--out", str(voice), *words)
        if not scores.exists():
            _run("evaluate", "it", "--voices", str(place / "voices"), "--pairs", str(self.tried), "--register",
                 self.register, "--no-base", "--full", "--out", str(place / "texts.jsonl"), "--json",
                 str(scores))  # fmt: skip
        content, trained = json.loads(scores.read_text()), VoiceManifest.load(voice).training
        reached = next(one for one in content["contestants"] if one["name"] == "it")
        style = reached["style"]["style"]
        row = {"arm": name, "triplets": trained["triplets_read"], "steps": trained["steps"], "s": trained["seconds"],
               "held out": trained["validation_loss"], "style": style[0], "from": style[1], "to": style[2]}  # fmt: skip
        return row | {shown: reached[key][0] for key, shown in SHOWN.items()}

    def _triplets(self, neutral: str) -> Path:
        """The file of triplets with such neutral sides."""
        folder = self.folder / neutral
        file = folder / "triplets.jsonl"
        if file.exists():
            return file
        if neutral == "drafts":
            _run("import-pairs", str(self.learn), "--register", self.register, "--out", str(file))
            return file
        own = folder / "typed.jsonl"
        pairs = [pair for pair in read_pairs(self.learn, self.register) if isinstance(pair, Pair)]
        lines = [json.dumps({"own": pair.own, "register": pair.register, "unit": pair.unit, "sent_at":
                             pair.sent_at and pair.sent_at.isoformat()}) for pair in pairs]  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        write_text(own, "\n".join(lines) + "\n")
        _run("import-own", str(own), "--register", self.register, "--out", str(folder), "--how", neutral)
        return file


def _run(*words: str) -> None:
    subprocess.run(nic_voice(*words), check=True, env=os.environ | {"NIC_VOICE_GUARD": "off"})


if __name__ == "__main__":
    main()
