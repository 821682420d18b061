"""The command `nic-voice`. Each subcommand imports its part when it runs, so that `--help` is quick.

Exit codes: 0 done, 1 it could not be done (the message says what to do), 2 wrong usage.
"""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any, Literal

import click

from voice.errors import UserError
from voice.triplet import REGISTERS, UNITS, Register


class Cli(click.Group):
    """Turns a UserError into its message and exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.secho(f"Error: {error}", fg="red", err=True)
            sys.exit(error.exit_code)


def _path(**how: Any) -> Any:
    return click.Path(path_type=Path, **how)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="nic-voice")
@click.option("--log-level", default="WARNING", help="DEBUG, INFO, WARNING or ERROR.")
def main(log_level: str) -> None:
    """A draft goes in, the same message comes out as its owner would have typed it."""
    if log_level.upper() not in logging.getLevelNamesMapping():
        raise click.BadParameter(f"{log_level!r} is not a log level", param_hint="--log-level")
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@main.command()
@click.option("--dsn", help="An empty PostgreSQL database; without it one is started inside --out.")
@click.option("--rows", default=20_000, help="Rows over all eleven sources.")
@click.option("--seed", default=1, help="The same seed gives the same rows.")
@click.option("--out", required=True, type=_path(file_okay=False), help="Gets owner.toml and dsn.")
@click.option("--stop", is_flag=True, help="Stop the PostgreSQL that an earlier call started in --out.")
def sample(dsn: str | None, rows: int, seed: int, out: Path, stop: bool) -> None:
    """Make up an owner and his Nexus database."""
    from extraction import embedded
    from extraction.sample import make_sample

    if stop:
        click.echo("stopped" if embedded.stop(out / "postgres") else "was not running", err=True)
        return
    summary = make_sample(dsn, rows, seed, out)
    click.echo(f"{sum(summary.rows.values()):,} rows in {len(summary.rows)} tables; {out}/dsn says where.", err=True)
    if dsn is None:
        click.echo(f"Its PostgreSQL goes on running; `nic-voice sample --stop --out {out}` stops it.", err=True)


@main.command()
@click.option("--dsn", required=True, help="The Nexus PostgreSQL, such as postgresql://user@host:5432/nexus.")
@click.option("--owner", required=True, type=_path(), help="owner.toml: who the owner is.")
@click.option("--out", required=True, type=_path(file_okay=False), help="Gets triplets.jsonl and ledger.json.")
@click.option("--unit", default="sentence", type=click.Choice([*UNITS, "both"]), help="What a triplet is.")
def extract(dsn: str, owner: Path, out: Path, unit: Literal["sentence", "message", "both"]) -> None:
    """Turn the owner's rows of a Nexus into triplets; the database is only read."""
    from rich.console import Console

    from extraction.ledger import show
    from extraction.owner import load_owner
    from extraction.pipeline import extract as run
    from voice.terminal import rows_bar

    with rows_bar() as progress:
        ledger = asyncio.run(run(dsn, load_owner(owner), out, unit=unit, on_progress=progress))
    Console().print(show(ledger))
    click.echo(f"{ledger.triplets:,} triplets in {out / 'triplets.jsonl'}", err=True)


@main.command()
@click.option("--source", required=True, help="A source of extraction, such as gmail.")
def clean(source: str) -> None:
    """Show what extraction takes for the owner's own text of one message: message on stdin, own text on stdout."""
    from extraction.clean.own_text import own_text, why_dropped

    body = sys.stdin.buffer.read().decode("utf-8", "replace")
    own = own_text(source, body)
    click.echo(own)
    if reason := why_dropped(source, body):
        click.echo(f"would be dropped: {reason}", err=True)


@main.command("import-pairs")
@click.argument("file", type=_path())
@click.option("--out", required=True, type=_path(dir_okay=False), help="The triplet file to write.")
@click.option("--register", default="email", type=click.Choice(REGISTERS), help="What kind of text the pairs are.")
def import_pairs(file: Path, out: Path, register: Register) -> None:
    """Turn lines `neutral<TAB>own` into triplets."""
    from extraction.pairs import import_pairs as run

    summary = run(file, out, register)
    dropped = ", ".join(f"{reason} {count}" for reason, count in sorted(summary.dropped.items())) or "none"
    click.echo(f"{summary.written:,} of {summary.read:,} lines are in {out}; dropped: {dropped}.", err=True)


@main.command()
@click.option("--config", default="smollm2-135m", type=_path(), help="A YAML file, or the name of a preset.")
@click.option("--triplets", required=True, type=_path(), help="triplets.jsonl of `nic-voice extract`.")
@click.option("--out", required=True, type=_path(), help="The voice's folder; its last part is the voice's name.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated.")
def train(config: Path, triplets: Path, out: Path, settings: tuple[str, ...]) -> None:
    """Train an adapter on triplets and publish it as a voice."""
    from training.config import load_config

    overrides = dict(_key_value(setting) for setting in settings)
    loaded = load_config(config, overrides)
    from training.run import train as run  # after the settings are known to be good: it imports torch
    from voice.terminal import share_bar

    with share_bar("training") as bar:
        manifest = run(loaded, triplets, out, lambda progress: bar(progress.share, str(progress)))
    numbers = manifest.training
    click.echo(
        f"Voice '{manifest.name}' is in {out}: {numbers['examples']:,} of {numbers['triplets_read']:,} triplets, "
        f"{numbers['steps']:,} steps, {numbers['seconds']:.0f} s, {numbers['useful_tokens_per_s']:.0f} tokens/s, "
        f"loss {numbers['final_loss']:.3f}.",
        err=True,
    )


@main.command()
@click.option("--model", help="Base model to serve; else NIC_VOICE_MODEL, else that of the first voice.")
@click.option("--voices", type=_path(file_okay=False), help="Folder with voices; else NIC_VOICE_VOICES, else voices.")
@click.option("--host", help="Else NIC_VOICE_HOST, else 127.0.0.1.")
@click.option("--port", type=int, help="Else NIC_VOICE_PORT, else 8650.")
def serve(model: str | None, voices: Path | None, host: str | None, port: int | None) -> None:
    """Serve voices over an OpenAI-compatible HTTP API. Other settings: environment variables NIC_VOICE_*."""
    from service.run import serve as run
    from service.settings import load_settings

    given = {"model": model, "voices": voices, "host": host, "port": port}
    run(load_settings(**{name: value for name, value in given.items() if value is not None}))


@main.command()
@click.argument("text", required=False)
@click.option("--voice", default=None, help="The voice's name; not needed when only one is served.")
@click.option("--url", envvar="NIC_VOICE_URL", default="http://127.0.0.1:8650", help="Where `nic-voice serve` runs.")
@click.option("--temperature", default=None, type=float, help="0 always gives the same words.")
def rewrite(text: str | None, voice: str | None, url: str, temperature: float | None) -> None:
    """Rewrite TEXT, or what stands on stdin, in a voice; on a terminal the changed words are coloured."""
    from voice.client import rewrite as run
    from voice.terminal import word_diff

    draft = text if text is not None else sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
    if not draft.strip():
        raise click.UsageError("nothing to rewrite: give a text, or pipe one in")
    rewritten = run(url, draft, voice=voice, temperature=temperature)
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(word_diff(draft, rewritten), soft_wrap=True)
    else:
        click.echo(rewritten)


@main.command()
@click.option("--folder", default="demo", type=_path(file_okay=False), help="Where the made-up data and voice go.")
def quickstart(folder: Path) -> None:
    """Do it all once: make up an owner, extract, train, serve, rewrite three sentences, and go on serving."""
    from voice.quickstart import run

    run(folder)


def _key_value(setting: str) -> tuple[str, str]:
    key, equals, value = setting.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{setting!r} is not KEY=VALUE", param_hint="--set")
    return key.strip(), value
