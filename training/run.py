"""A training run: triplets.jsonl -> a published voice folder.

In: a TrainingConfig, a triplet file and the folder to publish. Out: the VoiceManifest of the new version. The command
is `nic-voice train --config training/configs/smollm2-135m.yaml --triplets data/triplets.jsonl --out voices/nic`. Until
it is published the run lives in voices/.runs/nic; the same command again goes on with what is there.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training import export, qlora
from training.checkpoint import RunFolder
from training.config import TrainingConfig
from training.curve import JSONL, SVG
from training.data import Examples, encode_triplets
from training.distributed import Processes, join
from training.errors import TrainingError
from training.feedback import merge
from training.loop import Progress, Run
from training.validation import Split, split
from voice.base_model import BaseModel, resolve
from voice.manifest import AdapterRef, BaseModelRef, TripletsRef, VoiceManifest, file_sha256
from voice.prompt import PROMPT_VERSION
from voice.triplet import Register, Triplet, read_triplets

logger = logging.getLogger(__name__)

# What may change between the parts of a run: neither changes the adapter of a run that is not cut short.
_FREE = {"checkpoint_minutes", "max_minutes"}


@dataclass(frozen=True, slots=True)
class Material:
    """The triplets of a run with those of feedback among them; `sha256` and `count` are of the triplet file alone."""

    triplets: list[Triplet]
    sha256: str
    count: int
    feedback: dict[str, Any] | None


def train(
    config: TrainingConfig, triplets_path: Path, out: Path, show: Callable[[Progress], None] = lambda _: None, *,
    feedback: Path | None = None, fresh: bool = False, say: Callable[[str], None] = logger.info,
) -> VoiceManifest:  # fmt: skip
    """Train an adapter on the triplets and publish it as `out`; the voice's name is the last part of `out`.

    `feedback` is a file of `nic-voice feedback add`, by default the voice's own, if there is one. `fresh` sets an
    unfinished run aside instead of going on with it. `say` gets a line when a run goes on or another one was set aside.
    """
    name = export.check_target(out)
    material = _read(triplets_path, out, feedback)
    base = resolve(config.base_model)
    processes = join()
    adapted = qlora.load(base, config)
    parts = split(material.triplets, config.validation_share, config.validation_examples)
    examples, validation = _encode(parts, adapted, config)
    folder = RunFolder(out, _identity(config, material, base, processes))
    if processes.is_main:
        _begin(folder, fresh, say)
    processes.wait()
    run = Run(config, adapted, examples, validation.kept, folder, processes)
    summary = _account(material, parts, examples, validation) | run.go(show if processes.is_main else lambda _: None)
    if processes.is_main:
        describe = _Description(name, config, base, material, summary)
        export.publish(out, lambda staged: _save(staged, adapted, base, folder), describe)
        folder.remove()
    processes.wait()
    processes.leave()
    return VoiceManifest.load(out)


def _read(triplets_path: Path, out: Path, feedback: Path | None) -> Material:
    triplets = list(read_triplets(triplets_path))
    if not triplets:
        raise TrainingError(f"{triplets_path} holds no triplets. `nic-voice extract` writes them; see its ledger.")
    together, told = merge(triplets, feedback, out)
    return Material(together, file_sha256(triplets_path), len(triplets), told)


def _identity(config: TrainingConfig, material: Material, base: BaseModel, processes: Processes) -> dict[str, Any]:
    """What makes a run this run and no other."""
    return {
        "config": config.model_dump(mode="json", exclude=_FREE),
        "triplets": material.sha256,
        "feedback": (material.feedback or {}).get("sha256"),
        "base_model_sha256": base.sha256,
        "prompt_version": PROMPT_VERSION,
        "processes": processes.count,
    }


def _encode(parts: Split, adapted: qlora.Adapted, config: TrainingConfig) -> tuple[Examples, Examples]:
    examples = encode_triplets(parts.training, adapted.tokenizer, config.max_length_tokens)
    if not examples.kept:
        raise TrainingError(
            f"All {examples.read} triplets are longer than max_length_tokens={config.max_length_tokens}. Raise it."
        )
    return examples, encode_triplets(parts.validation, adapted.tokenizer, config.max_length_tokens)


def _begin(folder: RunFolder, fresh: bool, say: Callable[[str], None]) -> None:
    if differs := folder.begin(fresh):
        say(
            f"The unfinished run in {folder.path} was another one ({', '.join(differs)}); it is now "
            f"{folder.path.name}.previous, and this one starts from the beginning."
        )
    elif steps := folder.steps():
        say(f"Going on with the run in {folder.path}, from step {steps[-1]}.")


def _account(material: Material, parts: Split, examples: Examples, validation: Examples) -> dict[str, Any]:
    """What became of every triplet: read = trained on + validated with + dropped."""
    dropped = examples.dropped + validation.dropped + parts.dropped
    read = len(material.triplets)
    if read != len(examples.kept) + len(validation.kept) + dropped.total():
        raise TrainingError(f"Of {read} triplets some are unaccounted for. This is a fault of the program; report it.")
    logger.info("%d triplets: %d to train on, %d to validate with, dropped %s", read, len(examples.kept),
                len(validation.kept), dict(dropped))  # fmt: skip
    return {
        "triplets_read": read,
        "examples": len(examples.kept),
        "validation_examples": len(validation.kept),
        "dropped": dict(dropped),
        "feedback": material.feedback,
        "tokens_per_example": round(examples.tokens / len(examples.kept), 1),
        "template_tokens_per_example": round(examples.template_tokens / len(examples.kept), 1),
    }


def _save(staged: Path, adapted: qlora.Adapted, base: BaseModel, folder: RunFolder) -> None:
    adapted.save(staged, str(base.folder) if ":" in base.name else base.name)
    for drawn in (JSONL, SVG):
        shutil.copyfile(folder.path / drawn, staged / drawn)


@dataclass(frozen=True, slots=True)
class _Description:
    """What becomes voice.json once the adapter's hash is known."""

    name: str
    config: TrainingConfig
    base: BaseModel
    material: Material
    summary: dict[str, Any]

    def __call__(self, adapter_sha256: str) -> VoiceManifest:
        triplets = self.material.triplets
        registers: Counter[Register] = Counter(triplet.register for triplet in triplets)
        return VoiceManifest(
            name=self.name,
            aliases=[f"{self.name}-voice"],
            base_model=BaseModelRef(name=self.base.name, sha256=self.base.sha256),
            prompt_version=PROMPT_VERSION,
            system=_systems(triplets, registers),
            default_register=registers.most_common(1)[0][0],
            unit=Counter(triplet.unit for triplet in triplets).most_common(1)[0][0],
            triplets=TripletsRef(sha256=self.material.sha256, count=self.material.count),
            adapter=AdapterRef(sha256=adapter_sha256, rank=self.config.rank, alpha=self.config.alpha),
            training={"config": self.config.model_dump(mode="json"), **self.summary},
            created_at=datetime.now(UTC).replace(microsecond=0),
        )


def _systems(triplets: Sequence[Triplet], registers: Counter[Register]) -> dict[Register, str]:
    texts = Counter((triplet.register, triplet.system) for triplet in triplets).most_common()
    system = {register: text for (register, text), _ in reversed(texts)}  # the most common of each register stays
    return {register: system[register] for register, _ in registers.most_common()}
