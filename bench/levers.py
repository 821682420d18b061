"""What makes a voice better: one change at a time over the same messages, each arm trained on as much and evaluated.

    python -m bench.levers [--quick] [--json FILE] [--folder FOLDER] [--triplets FILE --pairs FILE]

Some ten minutes of training an arm on two cores (two with --quick, and fewer arms), counted in tokens, so that an arm
learns as much on a slower machine, or beside other work. Without --triplets the made-up owner's are used, and what is
held out of them; with --pairs an arm is tried on those. In --folder everything stays: run again with the same one, it
goes on where it was stopped. `style`: 0 is the draft, 1 the owner, with its 95 % interval.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.report import show
from nic_voice.quickstart import make_triplets
from nic_voice.serving import nic_voice
from voice.manifest import FILE_NAME
from voice.triplet import Triplet, load_triplets, write_triplets
from voice.words import is_near_copy

TOKENS, QUICK_TOKENS = 150_000, 30_000
BATCH_TOKENS = 384
QUICK = ("as it is", "learning rate 2e-3", "candidates 4")
SHOWN = {"near-copy %": "near-copies %", "words unexplained %": "unexplained %", "words lost %": "lost %",
         "numbers lost %": "numbers lost %", "length ratio": "length"}  # fmt: skip

Triplets = list[Triplet]


@dataclass(frozen=True, slots=True)
class Arm:
    """One change: settings of the training, how many times as long it is, options of the evaluation, variables of the
    service, what is done to the triplets, or a beginning.

    An arm without a change of the training is the voice of `as it is`, served otherwise.
    """

    settings: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    triplets: Callable[[Triplets], Triplets] | None = None
    warm: bool = False
    times: float = 1

    @property
    def trains(self) -> bool:
        """Whether it needs a voice of its own."""
        return bool(self.settings or self.triplets or self.warm or self.times != 1)


def one_text(triplets: Triplets) -> Triplets:
    """No register and no unit in the system text."""
    return [replace(triplet, system="Rewrite as I type it.") for triplet in triplets]


def without_copies(triplets: Triplets) -> Triplets:
    """No near-copies at all."""
    return [triplet for triplet in triplets if not is_near_copy(triplet.neutral, triplet.own, typed=True)]


def messages(triplets: Triplets) -> Triplets:
    """Whole messages alone."""
    return [triplet for triplet in triplets if triplet.unit == "message"]


ARMS = {
    "as it is": Arm(),
    "near-copies none": Arm(triplets=without_copies),
    "all near-copies": Arm({"near_copy_share": "1"}),
    "changed words 2": Arm({"changed_weight": "2"}),
    "changed words 4": Arm({"changed_weight": "4"}),
    "messages alone": Arm(triplets=messages),
    "one system text": Arm(triplets=one_text),
    "learning rate 5e-4": Arm({"learning_rate": "5.0e-4"}),
    "learning rate 2e-3": Arm({"learning_rate": "2.0e-3"}),
    "half as long": Arm(times=0.5),
    "twice as long": Arm(times=2),
    "rank 8": Arm({"rank": "8", "alpha": "16"}),
    "rank 64": Arm({"rank": "64", "alpha": "128"}),
    "batches of 1024": Arm({"batch_tokens": "1024"}),
    "fresh adapter": Arm({"fresh_adapter": "true"}),
    "another's voice": Arm(warm=True),
    "the last step": Arm({"keep": "last"}),
    "temperature 0.3": Arm(options=("--temperature", "0.3")),
    "temperature 0.7": Arm(options=("--temperature", "0.7")),
    "candidates 4": Arm(options=("--candidates", "4")),
    "guard off": Arm(environment={"NIC_VOICE_GUARD": "off"}),
}


def main() -> None:
    """Train and evaluate every arm that has not been, and print them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{', '.join(QUICK)}; {QUICK_TOKENS:,} tokens each")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path, help="where arms are kept; else they are forgotten")
    parser.add_argument("--triplets", type=Path, help="triplets to learn from; else the made-up owner's")
    parser.add_argument("--pairs", type=Path, help="pairs to try the voices on; else what is held out")
    parser.add_argument("--warm-from", type=Path, help="the voice that one arm begins with")
    parser.add_argument("arms", nargs="*", metavar="ARM", help=f"some of: {', '.join(ARMS)}")
    arguments = parser.parse_args()
    names = arguments.arms or (QUICK if arguments.quick else list(ARMS))
    if unknown := [name for name in names if name not in ARMS]:
        parser.error(f"no such arm: {', '.join(unknown)}")
    if "another's voice" in names and not arguments.warm_from:
        if arguments.arms:
            parser.error("it takes --warm-from to begin with another's voice")
        names = [name for name in names if name != "another's voice"]
    tokens = QUICK_TOKENS if arguments.quick else TOKENS
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        made = Made(folder, arguments.triplets or make_triplets(folder), arguments.pairs, tokens, arguments.warm_from)
        rows = [made.row(name) for name in names]
    show("Levers", rows, arguments.json, width=150)


@dataclass(frozen=True, slots=True)
class Made:
    """The arms in a folder, each trained and evaluated once."""

    folder: Path
    triplets: Path
    pairs: Path | None
    tokens: int
    warm_from: Path | None

    def row(self, name: str) -> dict[str, Any]:
        """What an arm reached."""
        arm = ARMS[name]
        trained = name if arm.trains else "as it is"
        voice = self._voice(trained, ARMS[trained])
        scores = self.folder / f"{_short(name)}.json"
        if not scores.exists():
            judged = (
                ["--pairs", str(self.pairs)] if self.pairs else ["--triplets", str(voice.parent / "triplets.jsonl")]
            )
            _run(nic_voice("evaluate", voice.name, "--voices", str(voice.parent), "--no-base", "--json", str(scores),
                           *judged, *arm.options), arm.environment)  # fmt: skip
        content = json.loads(scores.read_text())
        reached = next(one for one in content["contestants"] if one["name"] == voice.name)
        style = reached["style"]["style"]
        row = {"arm": name, "texts": content["texts"], "style": style[0], "from": style[1], "to": style[2]}
        return row | {shown: reached[key][0] for key, shown in SHOWN.items()}

    def _voice(self, name: str, arm: Arm) -> Path:
        """The voice of an arm; it is trained if it is not there."""
        folder = self.folder / _short(name)
        voice = folder / "voice"
        if not (voice / FILE_NAME).is_file():
            triplets = load_triplets(self.triplets).triplets
            write_triplets(folder / "triplets.jsonl", arm.triplets(triplets) if arm.triplets else triplets)
            settings = {"batch_tokens": str(BATCH_TOKENS), "epochs": "100"} | arm.settings
            settings["max_steps"] = str(int(arm.times * self.tokens) // int(settings["batch_tokens"]))
            words: Iterable[str] = (word for key, value in settings.items() for word in ("--set", f"{key}={value}"))
            warm = ["--init-from", str(self.warm_from)] if arm.warm else []
            _run(nic_voice("train", "--triplets", str(folder / "triplets.jsonl"), "--out", str(voice), *words, *warm))
        return voice


def _short(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=os.environ | (environment or {}))


if __name__ == "__main__":
    main()
