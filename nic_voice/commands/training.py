"""From triplets to a voice: train."""

from pathlib import Path

import click

from nic_voice.commands import path


@click.command()
@click.option("--config", default="smollm2-135m", type=path(), help="A YAML file, or the name of a preset.")
@click.option("--triplets", required=True, type=path(), help="The triplets.jsonl that `nic-voice extract` wrote.")
@click.option("--out", required=True, type=path(), help="The voice's folder; its last part is the voice's name.")
@click.option("--init-from", type=path(exists=True, file_okay=False), help="A voice whose adapter to go on with.")
@click.option("--fresh", is_flag=True, help="Begin anew, though there is an unfinished run to go on with.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated.")
def train(
    config: Path, triplets: Path, out: Path, init_from: Path | None, fresh: bool, settings: tuple[str, ...]
) -> None:
    """Train an adapter on triplets and publish it as a voice; once more, go on with a run that was stopped."""
    from training.config import load_config

    loaded = load_config(config, dict(_key_value(setting) for setting in settings))
    from nic_voice.terminal import share_bar
    from training.processes import is_main
    from training.run import train as run  # after the settings are known to be good: it imports torch

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


COMMANDS = (train,)
