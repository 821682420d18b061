"""What voices begin from: an adapter of the base model that has read many writers, draft -> own.

In: a base model and the settings of a run. Out: a folder with the adapter and a voice.json, as if it were a voice.
The small base model's comes with the package (`make writers`); for another one it is learned once, and kept in the
cache folder.
"""

import hashlib
import json
import random
from pathlib import Path

from training.config import TrainingConfig
from voice import writers
from voice.base_model import BaseModel, cache_folder
from voice.errors import UserError
from voice.facts.rules import VERSION as MASKING_VERSION
from voice.manifest import FILE_NAME, VoiceManifest
from voice.prompt import PROMPT_VERSION
from voice.triplet import Triplet, write_triplets

NAME = "there"
PACKAGE = Path(__file__).parent / NAME
MOST_WORDS = 100  # of a draft that is learned from
_SETTINGS = {
    "fresh_adapter": True,
    "members": 1,
    "replay_share": 0.0,
    "rules_replay_share": 0.0,
    "epochs": 1,
    "held_out_share": 0.0,
    "validation_most": 0,
    "keep": "last",
    "patience": None,
    "max_minutes": None,
    "max_steps": None,
}


def place(base: BaseModel, config: TrainingConfig) -> Path:
    """The folder of the adapter from which a run with these settings begins; `is_made` says whether it is there."""
    if is_made(PACKAGE) and _fits(VoiceManifest.load(PACKAGE), base, config):
        return PACKAGE
    versions = (PROMPT_VERSION, MASKING_VERSION, writers.sha256())
    told = [base.sha256, *versions, config.rank, config.alpha, config.target_modules]
    return cache_folder() / NAME / hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16] / NAME


def is_made(folder: Path) -> bool:
    """Whether the adapter is complete."""
    return (folder / FILE_NAME).is_file()


def settings(config: TrainingConfig) -> TrainingConfig:
    """How the adapter is made that a run with this configuration begins from."""
    return config.model_copy(update=_SETTINGS)


def write_lessons(path: Path) -> None:
    """Write the triplets that it learns from, those of the writers of `train`."""
    try:
        write_triplets(path, writers.there(messages()))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


def messages() -> list[writers.Message]:
    """What both adapters of many writers learn from."""
    return [message for message in writers.read_messages("train") if len(message.draft.split()) <= MOST_WORDS]


def wanted(config: TrainingConfig, examples: int, by_rules: int) -> int:
    """How many of its triplets are learned from as well: the share of all, or of those and what rules made."""
    by_rules_share = 0.0 if config.fresh_adapter else config.rules_replay_share
    shares = (config.replay_share, examples), (by_rules_share, by_rules)
    return round(max(share / (1 - share) * count for share, count in shares))


def replayed(count: int, seed: int) -> list[Triplet]:
    """So many of the triplets that it learned from, or all; chance says which."""
    triplets = list(writers.there(messages()))
    return random.Random(seed).sample(triplets, min(count, len(triplets)))


def read() -> list[str]:
    """What it has learned to write."""
    return [triplet.own for triplet in writers.there(messages())]


def _fits(made: VoiceManifest, base: BaseModel, config: TrainingConfig) -> bool:
    of = (made.base_model.name, made.prompt_version, made.masking)
    shape = (made.adapter.rank, made.adapter.alpha, made.training["config"]["target_modules"])
    wanted = (config.rank, config.alpha, config.target_modules)
    return of == (base.name, PROMPT_VERSION, MASKING_VERSION) and shape == wanted
