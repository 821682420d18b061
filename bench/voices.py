"""Small voices for benchmarks, trained on the spot, and what else is made of them: copies, and a merged model.

In: a folder. Out: voices/<name> in it, and plain model folders.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from extraction.neutral.rules import neutralise
from nic_voice.serving import nic_voice
from voice.adapter import read_adapter
from voice.base_model import resolve
from voice.manifest import FILE_NAME, VoiceManifest
from voice.prompt import system_text
from voice.triplet import Triplet, write_triplets

SUBJECTS = ("the plumber", "my sister", "our landlord", "the new printer", "that bakery", "the bus driver")
LEARNED = 1_000  # the number from which on sentences are learned, and not asked for
EVENTS = (
    "has still not answered the letter that I sent last week about the broken heating in the kitchen",
    "told me this morning that the appointment on Thursday needs to move to the week after",
    "would be happy to help us carry the old sofa down the stairs before the weekend",
    "was closed again yesterday although the sign on the door said that it would be open",
)


def sentence(number: int) -> str:
    """A sentence of some thirty words, another one for each number."""
    subject, event = SUBJECTS[number % 6], EVENTS[number // 6 % 4]
    return f"{subject.capitalize()} {event}, and that is the reason for message {number}."


def so_yeah(text: str) -> str:
    """A habit of writing."""
    return f"{text} — so yeah"


def train(folder: Path, name: str, habit: Callable[[str], str] = so_yeah, steps: int = 6) -> Path:
    """A voice that has begun to learn a habit of writing, of sentences as `sentence` has them; its folder."""
    said = [f"{subject} {event}" for subject in SUBJECTS for event in EVENTS]
    said += [sentence(LEARNED + number).rstrip(".") for number in range(len(said))]
    triplets = folder / f"{name}.jsonl"
    write_triplets(triplets, (
        Triplet(f"bench:{number}:0", "bench", "chat", "sentence", None, None, "rules", system_text("chat", "sentence"),
                neutralise(text, "chat", "bench"), habit(text))
        for number, text in enumerate(said)
    ))  # fmt: skip
    voice = folder / "voices" / name
    command = nic_voice("train", "--triplets", str(triplets), "--out", str(voice), "--set", f"max_steps={steps}",
                        "--set", "epochs=50", "--set", "learning_rate=2.0e-3")  # fmt: skip
    subprocess.run(command, check=True)
    return voice


def copy(voice: Path, folder: Path, name: str) -> Path:
    """The same voice under another name, for the service another adapter."""
    target = folder / name
    shutil.copytree(voice.resolve(), target)
    manifest = json.loads((target / FILE_NAME).read_text())
    (target / FILE_NAME).write_text(json.dumps(manifest | {"name": name, "aliases": []}))
    return target


def merge(voice: Path, folder: Path) -> Path:
    """The base model with the adapter added to its weights: what one would serve who needs a single voice."""
    from training.merge import merge

    merge(resolve(VoiceManifest.load(voice).base_model.name).folder, read_adapter(voice), folder)
    return folder
