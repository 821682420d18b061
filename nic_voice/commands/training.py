"""From triplets to a voice, and to other formats of one: train, export."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import click

from nic_voice.commands import path
from voice.base_model import OUTTYPES


@click.command()
@click.option("--config", default="smollm2-135m", type=path(), help="A YAML file, or the name of a preset.")
@click.option("--triplets", required=True, type=path(), help="The triplets.jsonl that `nic-voice extract` wrote.")
@click.option("--out", required=True, type=path(), help="The voice's folder; its last part is the voice's name.")
@click.option("--init-from", type=path(exists=True, file_okay=False), help="A voice whose adapter to go on with.")
@click.option(
    "--fresh-adapter", is_flag=True, help="Begin with an adapter that knows nothing, not one that has read others."
)
@click.option("--fresh", is_flag=True, help="Begin anew, though there is an unfinished run to go on with.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated.")
def train(
    config: Path,
    triplets: Path,
    out: Path,
    init_from: Path | None,
    fresh_adapter: bool,
    fresh: bool,
    settings: tuple[str, ...],
) -> None:
    """Train an adapter on triplets and publish it as a voice; once more, go on with a run that was stopped."""
    from training.config import load_config
    from training.publish import check_target

    overrides = {"fresh_adapter": "true"} if fresh_adapter else {}
    loaded = load_config(config, overrides | dict(_key_value(setting) for setting in settings))
    check_target(out)
    from nic_voice.terminal import share_bar
    from training.processes import is_main
    from training.run import train as run  # after what can be wrong so far: it imports torch

    with share_bar("training") as bar:
        summary = run(
            loaded, triplets, out, lambda progress: bar(progress.share, str(progress)), init_from, fresh=fresh,
            say=lambda line: click.echo(line, err=True),
        )  # fmt: skip
    if is_main():
        click.echo(f"Voice '{out.name}' is in {out}: {summary}.", err=True)


def _key_value(setting: str) -> tuple[str, str]:
    key, equals, value = setting.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{setting!r} is not KEY=VALUE", param_hint="--set")
    return key.strip(), value


@click.command()
@click.argument("folder", type=path(exists=True, file_okay=False))
@click.option("--merged", is_flag=True, help="A model with the adapter in it, for transformers and vLLM.")
@click.option("--gguf", is_flag=True, help="Adapter and base model for llama.cpp; with --merged the merged model, too.")
@click.option("--outtype", type=click.Choice(OUTTYPES), default="q8_0", show_default=True,
              help="Numbers of the GGUF models.")  # fmt: skip
@click.option("--check/--no-check", default=True, show_default=True,
              help="Compare what each format says with PEFT, and write nothing that differs.")  # fmt: skip
@click.option("--evaluate", is_flag=True, help="Then judge the GGUF as `nic-voice evaluate` does; it takes minutes.")
def export(folder: Path, merged: bool, gguf: bool, outtype: str, check: bool, evaluate: bool) -> None:
    """Write the voice in FOLDER, such as voices/nic, in other formats beside its adapter."""
    if not merged and not gguf:
        raise click.UsageError("Nothing to write: give --gguf, --merged or both.")
    if evaluate and not gguf:
        raise click.UsageError("--evaluate judges the GGUF: give --gguf, too.")
    from nic_voice import parity
    from nic_voice.llama import required_llama_server
    from nic_voice.serving import nic_voice
    from training.export import export_voice
    from voice.manifest import VoiceManifest

    def say(line: str) -> None:
        click.echo(line, err=True)

    if evaluate:
        required_llama_server()  # before the minutes of work
    system = next(iter(VoiceManifest.load(folder).system.values()))

    def compared(base: Path, version: Path, made: Path, base_gguf: Path | None) -> dict[str, Any]:
        exported = parity.Exported(base, version, made, base_gguf, outtype)
        return parity.check(exported, next(iter(system.values())), say)

    for made in export_voice(folder, merged, gguf, outtype, say, compared if check else None):
        click.echo(made)
    judge = ["evaluate", folder.absolute().name, "--voices", str(folder.absolute().parent), "--gguf", outtype]
    if evaluate:
        click.get_current_context().exit(subprocess.run(nic_voice(*judge), check=False).returncode)
    if gguf and outtype != "f32":
        say(f"What it costs in style: nic-voice {shlex.join(judge)}")


COMMANDS = (train, export)
