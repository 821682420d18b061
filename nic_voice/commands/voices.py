"""The versions of voices: voices list, show, activate, rollback, refresh, prune."""

import json
import os
from pathlib import Path

import click

from nic_voice.commands import path


@click.group()
@click.option("--voices", type=path(file_okay=False), help="Folder with voices; else NIC_VOICE_VOICES, else voices.")
@click.pass_context
def voices(context: click.Context, voices: Path | None) -> None:
    """List the versions of voices, show or activate one, go back, learn judges anew, remove old ones; a running service
    follows.
    """
    context.obj = voices or Path(os.environ.get("NIC_VOICE_VOICES") or "voices")


@voices.command("list")
@click.pass_obj
def list_(root: Path) -> None:
    """All voices with their versions; a star marks the one that is served."""
    from nic_voice.versions import names, versions

    for name in names(root):
        click.echo(name)
        for version in versions(root, name):
            click.echo(f"  {'*' if version.active else ' '} {version.id}")


@voices.command()
@click.argument("name")
@click.pass_obj
def show(root: Path, name: str) -> None:
    """What voice.json says of NAME, as JSON."""
    from voice.manifest import VoiceManifest

    click.echo(json.dumps(VoiceManifest.load(root / name).model_dump(mode="json"), indent=2, ensure_ascii=False))


@voices.command()
@click.argument("name")
@click.argument("version")
@click.pass_obj
def activate(root: Path, name: str, version: str) -> None:
    """Have NAME be VERSION, which may be given by its beginning."""
    from nic_voice.versions import activate as run

    click.echo(f"{name} is {run(root, name, version).id}")


@voices.command()
@click.argument("name")
@click.pass_obj
def rollback(root: Path, name: str) -> None:
    """Have NAME be the version before the one that it is."""
    from nic_voice.versions import rollback as run

    click.echo(f"{name} is {run(root, name).id}")


@voices.command()
@click.argument("name")
@click.option("--triplets", type=path(), help="Where the file is that the voice was trained on, if it was moved.")
@click.pass_obj
def refresh(root: Path, name: str, triplets: Path | None) -> None:
    """Make a version of NAME with the same adapter and what judges its rewrites learned anew."""
    from training.refresh import refresh as run

    run(root / name, triplets)
    click.echo(f"{name} is {(root / name).resolve().name}")


@voices.command()
@click.argument("name")
@click.option("--keep", default=2, show_default=True, type=click.IntRange(1), help="How many of the newest stay.")
@click.pass_obj
def prune(root: Path, name: str, keep: int) -> None:
    """Remove old versions of NAME; the one that is served always stays."""
    from nic_voice.versions import prune as run

    for version in run(root, name, keep):
        click.echo(f"removed {version.id}")


COMMANDS = (voices,)
