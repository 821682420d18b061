"""A training run: triplets.jsonl -> a published voice folder.

In: a TrainingConfig, a triplet file and the folder to publish. Out: the voice, and a Summary of the run. The command
is `nic-voice train --config training/configs/smollm2-135m.yaml --triplets data/triplets.jsonl --out voices/nic`.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training import lora, there
from training.checkpoint import RunFolder
from training.config import TrainingConfig
from training.curve import JSONL, SVG
from training.data import Examples, encode_triplets, without_surplus_copies
from training.errors import TrainingError
from training.judges import write_judges
from training.members import train_members
from training.processes import Processes, join
from training.progress import Progress, Summary
from training.publish import check_target, staged
from voice.base_model import SMOLLM2, BaseModel, resolve
from voice.ends import closing_names
from voice.facts.masking import kinds_in
from voice.facts.rules import VERSION as MASKING_VERSION
from voice.manifest import (
    ADAPTER_NAME,
    AdapterRef,
    BaseModelRef,
    SplitRef,
    TripletsRef,
    VoiceManifest,
    file_sha256,
    verify,
)
from voice.pleasantries import writes_pleasantries
from voice.prompt import PROMPT_VERSION
from voice.split import RULE, Split, split
from voice.triplet import RULES, Register, Triplet, TripletFile, Unit, load_triplets

logger = logging.getLogger(__name__)

# What writes the triplets of people without a Nexus, by source.
_MADE_BY = {"pairs": "nic-voice import-pairs FILE", "own": "nic-voice import-own FILE"}
# What may change between the parts of a run: it changes no adapter of a run that is not cut short.
_FREE = {"checkpoint_minutes", "max_minutes"}


def train(
    config: TrainingConfig,
    triplets_path: Path,
    out: Path,
    show: Callable[[Progress], None] = lambda _: None,
    init_from: Path | None = None,
    *,
    fresh: bool = False,
    say: Callable[[str], None] = logger.info,
) -> Summary:
    """Train an adapter on the triplets and publish it as `out`; the voice's name is the last part of `out`.

    It begins as the adapter of the voice in `init_from`, else as that of many writers, unless the configuration says
    otherwise. `fresh` sets an unfinished run aside instead of going on with it; `say` gets a line about either.
    """
    check_target(out)
    processes = join()
    file = _read(triplets_path)
    base = resolve(config.base_model)
    resolve(SMOLLM2)  # what the judge reads with
    if init_from:
        _check_beginning(init_from, base, config)
    elif not config.fresh_adapter:
        init_from = _there(config, base, processes, show, say)
    summary = _train(config, base, triplets_path, file, out, processes, init_from, fresh, show, say)
    processes.leave()
    return summary


def _there(
    config: TrainingConfig, base: BaseModel, processes: Processes,
    show: Callable[[Progress], None], say: Callable[[str], None],
) -> Path:  # fmt: skip
    """The folder of the adapter that has read many writers; learned now where the base model has none yet."""
    folder = there.place(base, config)
    if not there.is_made(folder):
        lessons = folder.with_name("triplets.jsonl")
        if processes.is_main:
            say(f"Base model {base.name} first reads many writers, once; every voice on it begins from that: {folder}.")
            check_target(folder)
            there.write_lessons(lessons)
        processes.wait()
        _train(there.settings(config), base, lessons, _read(lessons), folder, processes, None, False, show, say)
        processes.wait()
    return folder


def _train(
    config: TrainingConfig, base: BaseModel, triplets_path: Path, file: TripletFile, out: Path, processes: Processes,
    init_from: Path | None, fresh: bool, show: Callable[[Progress], None], say: Callable[[str], None],
) -> Summary:  # fmt: skip
    parts = split(file.triplets, config.held_out_share, config.held_out_most)
    trained_on = TripletsRef(sha256=file.sha256, count=len(file.triplets), path=str(triplets_path.resolve()))
    adapted = lora.load(base, config, init_from)
    examples = _examples(config, parts, adapted)
    tried_on = encode_triplets(
        _held_out(config, parts),
        adapted.tokenizer,
        config.max_length_tokens,
        rules_copy_weight=config.rules_copy_weight,
    )
    with RunFolder(out, _identity(config, file.sha256, base, init_from, processes)) as run_folder:
        if processes.is_main:
            _begin(run_folder, fresh, say)
        processes.wait()
        told = (show, say) if processes.is_main else (_untold, _untold)
        summary = train_members(config, adapted, examples, tried_on.kept, run_folder, processes, *told)
        if processes.is_main:
            with staged(out) as folder:
                adapted.save(folder, str(base.folder) if ":" in base.name else base.name)
                for name in (JSONL, SVG):
                    shutil.copyfile(run_folder.path / name, folder / name)
                read_before = [] if config.fresh_adapter and not config.replay_share else there.read()
                write_judges(folder, parts.learn, read_before)
                manifest = _manifest(out.name, config, base, trained_on, parts, folder, summary, init_from)
                manifest.write(folder)
            run_folder.remove()
    return summary


def _untold(_: object) -> None:
    """What the other processes show and say."""


def _read(path: Path) -> TripletFile:
    """The triplets; TrainingError, with what makes them anew, for none, or for such as are masked by other rules."""
    file = load_triplets(path)
    if not file.triplets:
        raise TrainingError(f"{path} holds no triplets. `nic-voice extract` writes them; see its ledger.")
    others = [triplet for triplet in file.triplets if triplet.masked_by.version != MASKING_VERSION]
    if others:
        command = _MADE_BY.get(others[0].source, f"nic-voice extract --out {path.parent}")
        raise TrainingError(
            f"{len(others):,} of the {len(file.triplets):,} triplets in {path} have placeholders of masking version "
            f"{others[0].masked_by.version}, and this is version {MASKING_VERSION}. Make them anew: `{command}`."
        )
    return file


def _examples(config: TrainingConfig, parts: Split, adapted: lora.Adapted) -> Examples:
    """What is learned from, with what is not counted by reason."""
    lessons = without_surplus_copies(parts.learn, config.near_copy_share, config.seed)
    if not lessons:
        raise TrainingError(
            "In every triplet both sides are nearly the same: there is nothing to learn but to copy. Have better "
            "neutral sides made (nic-voice neutralise --how llm), or keep these with --set near_copy_share=1."
        )
    weights = config.changed_weight, config.rules_copy_weight
    examples = encode_triplets(lessons, adapted.tokenizer, config.max_length_tokens, *weights)
    if not examples.kept:
        raise TrainingError(
            f"All {examples.read} triplets are longer than max_length_tokens={config.max_length_tokens}. Raise it."
        )
    examples.leave_out("held_out", len(parts.held_out))
    examples.leave_out("near_copy", len(parts.learn) - len(lessons))
    if count := there.wanted(config, len(examples.kept), sum(lesson.origin == RULES for lesson in lessons)):
        others = encode_triplets(there.replayed(count, config.seed), adapted.tokenizer, config.max_length_tokens)
        examples.replay(others.kept)
    logger.info("%d triplets: %d to train on, dropped %s", examples.read, len(examples.kept), dict(examples.dropped))
    return examples


def _held_out(config: TrainingConfig, parts: Split) -> Sequence[Triplet]:
    """The held-out triplets that validation tries the adapter on: at most `validation_most`, from everywhere."""
    most = config.validation_most
    return parts.held_out[:: -(-len(parts.held_out) // most) or 1] if most else []


def _check_beginning(voice: Path, base: BaseModel, config: TrainingConfig) -> None:
    """TrainingError when the adapter of a voice cannot be gone on with."""
    manifest = VoiceManifest.load(voice)
    verify(voice, manifest)
    problems = []
    if manifest.base_model.sha256 != base.sha256:
        problems.append(f"its base model is {manifest.base_model.name}, not {base.name}")
    if (manifest.adapter.rank, manifest.adapter.alpha) != (config.rank, config.alpha):
        problems.append(f"its rank and alpha are {manifest.adapter.rank} and {manifest.adapter.alpha:g}")
    if manifest.prompt_version != PROMPT_VERSION or manifest.masking != MASKING_VERSION:
        problems.append("it was trained with other prompts or another masking")
    if problems:
        raise TrainingError(f"Voice '{manifest.name}' cannot be gone on with: {'; '.join(problems)}.")


def _name(init_from: Path) -> str:
    """The version of a voice that was begun from, or `there`."""
    return there.NAME if init_from.name == there.NAME else init_from.resolve().name


def _identity(
    config: TrainingConfig, triplets_sha256: str, base: BaseModel, init_from: Path | None, processes: Processes
) -> dict[str, Any]:
    """What makes a run this run and no other."""
    return {
        "config": config.model_dump(mode="json", exclude=_FREE),
        "triplets": triplets_sha256,
        "base_model": base.sha256,
        "prompt_version": PROMPT_VERSION,
        "masking": MASKING_VERSION,
        "init_from": VoiceManifest.load(init_from).adapter.sha256 if init_from else None,
        "processes": processes.count,
    }


def _begin(folder: RunFolder, fresh: bool, say: Callable[[str], None]) -> None:
    """Make the run's folder ready, and say whether there is something in it to go on with."""
    if differs := folder.begin(fresh):
        say(
            f"The unfinished run in {folder.path} was another one ({', '.join(differs)}); it is now "
            f"{folder.path.name}.previous, and this one starts from the beginning."
        )
    elif steps := folder.steps():
        say(f"Going on with the run in {folder.path}, from step {steps[-1]}.")


def _manifest(
    name: str,
    config: TrainingConfig,
    base: BaseModel,
    trained_on: TripletsRef,
    parts: Split,
    folder: Path,
    summary: Summary,
    init_from: Path | None,
) -> VoiceManifest:
    """What voice.json says of the adapter in `folder`, which was learned from one part of the triplets."""
    registers: Counter[Register] = Counter(triplet.register for triplet in parts.learn)
    units: Counter[Unit] = Counter(triplet.unit for triplet in parts.learn)
    system: dict[Register, dict[Unit, str]] = {register: {} for register, _ in registers.most_common()}
    for (register, unit, text), _ in Counter((t.register, t.unit, t.system) for t in parts.learn).most_common():
        system[register].setdefault(unit, text)
    return VoiceManifest(
        name=name,
        aliases=[f"{name}-voice"],
        base_model=BaseModelRef(name=base.name, sha256=base.sha256),
        prompt_version=PROMPT_VERSION,
        system=system,
        default_register=registers.most_common(1)[0][0],
        units=[unit for unit, _ in units.most_common()],
        masking=MASKING_VERSION,
        phone_regions=sorted({region for triplet in parts.learn for region in triplet.masked_by.regions}),
        signs_as=sorted(closing_names(triplet.own for triplet in parts.learn)),
        masks_names=any("name" in kinds_in(triplet.own) for triplet in parts.learn),
        writes_pleasantries=writes_pleasantries(triplet.own for triplet in parts.learn),
        triplets=trained_on,
        split=SplitRef(
            rule=RULE,
            share=config.held_out_share,
            most=config.held_out_most,
            count=len(parts.held_out),
            sha256=parts.sha256,
        ),
        adapter=AdapterRef(sha256=file_sha256(folder / ADAPTER_NAME), rank=config.rank, alpha=config.alpha),
        training={
            "config": config.model_dump(mode="json"),
            "init_from": _name(init_from) if init_from else None,
            **summary.to_json(),
        },
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
