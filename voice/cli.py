"""The command `nic-voice`. Each subcommand imports its part when it runs, so that `--help` is quick.

Exit codes: 0 done, 1 it could not be done (the message says what to do), 2 wrong usage.
"""

import asyncio
import logging
import os
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
@click.option("--since", help="A date: only what was sent since then. 'last': read only rows new since the last run.")
@click.option("--secrets", default="mask", type=click.Choice(["mask", "drop"]), help="Keys, cards, account numbers.")
@click.option("--region", default="US", help="Country whose phone numbers are written without a country code.")
@click.option("--weight", "weights", multiple=True, metavar="NAME=SHARE", help="Share that stays of a source/register.")
@click.option("--half-life", default=20.0, help="Years after which half of the triplets stay; 0: all years alike.")
@click.option("--copies", default=3, help="How often the same sentence may occur.")
@click.option("--answers-share", default=0.02, help="Most of the set that may be one-word answers.")
@click.option("--seed", default=1, help="Of the weighting.")
def extract(
    dsn: str, owner: Path, out: Path, unit: Literal["sentence", "message", "both"], since: str | None,
    secrets: Literal["mask", "drop"], region: str, weights: tuple[str, ...], half_life: float, copies: int,
    answers_share: float, seed: int,
) -> None:  # fmt: skip
    """Turn the owner's rows of a Nexus into triplets; the database is only read."""
    from rich.console import Console

    from extraction.ledger import show
    from extraction.options import Balance, Options, parse_since, parse_weights
    from extraction.owner import load_owner
    from extraction.run import extract as run
    from voice.terminal import rows_bar

    balance = Balance(
        weights={**Balance().weights, **parse_weights(weights)}, half_life_years=half_life, copies=copies,
        answers_share=answers_share, seed=seed,
    )  # fmt: skip
    options = Options(
        unit=unit, since=parse_since(since), increment=since == "last", secrets=secrets, region=region, balance=balance
    )
    with rows_bar() as progress:
        ledger = asyncio.run(
            run(dsn, load_owner(owner), out, options, on_progress=progress, say=lambda line: click.echo(line, err=True))
        )
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
@click.option("--force", is_flag=True, help="Start even if the plan says that the memory will not do.")
@click.option("--feedback", type=_path(), help="A file of `nic-voice feedback add`; else the voice's own, if any.")
@click.option("--fresh", is_flag=True, help="Start from the beginning even when this run was begun before.")
def train(
    config: Path, triplets: Path, out: Path, settings: tuple[str, ...], force: bool, feedback: Path | None, fresh: bool
) -> None:
    """Train an adapter on triplets and publish it as a voice; the same command again goes on with a stopped run."""
    from training.config import load_config
    from training.export import check_target

    loaded = load_config(config, dict(_key_value(setting) for setting in settings))
    check_target(out)
    if not force:
        from training.plan_report import refuse_what_cannot_fit
        from voice.triplet import read_triplets

        refuse_what_cannot_fit(loaded, read_triplets(triplets))
    from training.run import train as run  # after the settings are known to be good: it imports torch
    from voice.terminal import share_bar

    with share_bar("training") as bar:
        manifest = run(
            loaded, triplets, out, lambda progress: bar(progress.share, str(progress)),
            feedback=feedback, fresh=fresh, say=lambda line: click.echo(line, err=True),
        )  # fmt: skip
    if os.environ.get("RANK", "0") != "0":  # of several processes the first one speaks
        return
    numbers = manifest.training
    click.echo(
        f"Voice '{manifest.name}' is in {out}: {numbers['examples']:,} of {numbers['triplets_read']:,} triplets, "
        f"{numbers['steps']:,} steps, {numbers['seconds']:.0f} s, {numbers['useful_tokens_per_s']:.0f} tokens/s, "
        f"loss {numbers['final_loss']:.3f}.",
        err=True,
    )


@main.group()
def feedback() -> None:
    """What the owner sent instead of a draft: the next training learns from it."""


@feedback.command("add")
@click.option("--voice", type=_path(), help="The voice's folder, such as voices/nic; its next training takes it in.")
@click.option("--store", type=_path(dir_okay=False), help="Another file, for `nic-voice train --feedback`.")
@click.option("--draft", help="The draft. Without --draft and --sent: JSON lines {draft, sent, register?} on stdin.")
@click.option("--sent", help="What was sent in the end.")
@click.option("--register", default="chat", type=click.Choice(REGISTERS), help="What kind of text it is.")
@click.option("--weight", default=3.0, type=click.FloatRange(0, 100, min_open=True), help="In triplets.")
def feedback_add(
    voice: Path | None, store: Path | None, draft: str | None, sent: str | None, register: Register, weight: float
) -> None:
    """Store pairs of a draft and what was sent; adding one again changes nothing."""
    from training.feedback import Pair, add, read_pairs, store_of

    if (voice is None) == (store is None):
        raise click.UsageError("give --voice or --store")
    if (draft is None) != (sent is None):
        raise click.UsageError("--draft and --sent go together")
    given = [Pair(draft, sent, register)] if draft is not None and sent is not None else None
    place = store_of(voice) if voice else store or Path()
    summary = add(place, given or read_pairs(sys.stdin.buffer, register), weight)
    dropped = ", ".join(f"{reason} {count}" for reason, count in sorted(summary.dropped.items())) or "none"
    for name in summary.ids:
        click.echo(name)
    click.echo(f"{summary.added:,} added to {place}, {summary.known:,} known, dropped: {dropped}.", err=True)


@main.command()
@click.option("--config", default="smollm2-135m", type=_path(), help="A YAML file, or the name of a preset.")
@click.option("--triplets", type=_path(), help="triplets.jsonl of `nic-voice extract`.")
@click.option("--model-config", type=_path(dir_okay=False), help="config.json of a base that is not on this machine.")
@click.option("--gpu-gb", type=float, help="Memory of the GPU; without it the plan is of this machine's CPU.")
@click.option("--tflops", type=float, multiple=True, help="What training reaches; may be repeated (else 3.8, 15, 25).")
@click.option("--bandwidth", default=256.0, help="GB/s of the GPU's memory; 4-bit weights are unpacked through it.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated.")
@click.option("--json", "machine", is_flag=True, help="As JSON.")
@click.option("--owners-runs", is_flag=True, help="What the plan says of three known runs, and nothing else.")
def plan(
    config: Path, triplets: Path | None, model_config: Path | None, gpu_gb: float | None, tflops: tuple[float, ...],
    bandwidth: float, settings: tuple[str, ...], machine: bool, owners_runs: bool,
) -> None:  # fmt: skip
    """Say how much memory and time a training run will take, before it starts."""
    import json

    from training import plan_report
    from training.config import load_config
    from training.plan import Device
    from voice.triplet import read_triplets

    if owners_runs:
        click.echo("\n".join(plan_report.owners_runs()))
        return
    if triplets is None:
        raise click.UsageError("--triplets is missing")
    speeds = tflops or ((3.8, 15.0, 25.0) if gpu_gb else (plan_report.CPU_TFLOPS,))
    device = Device(gpu_gb, speeds[0], bandwidth) if gpu_gb else plan_report.cpu(None, speeds[0])
    loaded = load_config(config, dict(_key_value(setting) for setting in settings))
    run, lengths = plan_report.plan_run(loaded, read_triplets(triplets), device, model_config)
    if machine:
        click.echo(json.dumps(plan_report.as_json(run, lengths, speeds), indent=2))
    else:
        click.echo("\n".join(plan_report.lines(run, lengths, speeds)))


@main.command()
@click.argument("folder", type=_path())
@click.option("--merged", is_flag=True, help="merged/: a plain model with the adapter in its weights.")
@click.option("--gguf", is_flag=True, help="adapter.gguf and merged.gguf, for llama.cpp.")
@click.option(
    "--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), help="Of the merged weights; else as is."
)
def export(folder: Path, merged: bool, gguf: bool, dtype: str | None) -> None:
    """Write the voice in FOLDER, such as voices/nic, in other formats beside its adapter."""
    if not merged and not gguf:
        raise click.UsageError("nothing to write: give --merged, --gguf or both")
    from training.formats import export_voice

    for path in export_voice(folder, merged, gguf, dtype):
        click.echo(path)


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
@click.argument("name")
def key(name: str) -> None:
    """Make a bearer key: the key itself on stderr, its line for NIC_VOICE_KEYS_FILE on stdout."""
    from service.keys import make_key

    made, line = make_key(name)
    click.echo(f"Key of {name}, shown only now: {made}", err=True)
    click.echo(line)


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
