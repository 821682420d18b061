"""From messages to triplets: sample, extract, clean, facts, import-pairs, import-own."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nic_voice.commands import path
from nic_voice.commands.neutral import Neutral, show_ledger, with_neutral
from voice.errors import counted
from voice.triplet import REGISTERS, UNITS, Register

if TYPE_CHECKING:
    from extraction.pieces import Secrets
    from extraction.units import UnitChoice

_UNIT = click.option(
    "--unit", default="both", type=click.Choice([*UNITS, "both"]), help="What a triplet is: both is half of each."
)
_DRAFTS = click.option(
    "--drafts", type=path(), help="A big model's drafts of the texts: JSONL with id (as in own.jsonl), draft, model."
)
_SECRETS = click.option(
    "--secrets", default="mask", type=click.Choice(["mask", "drop"]),
    help="What becomes of texts with passwords, keys, card and account numbers.",
)  # fmt: skip


@click.command()
@click.option("--dsn", help="An empty PostgreSQL database. Without it one is started in the folder that --out names.")
@click.option("--rows", default=20_000, help="Rows over all eleven sources.")
@click.option("--seed", default=1, help="The same seed gives the same rows.")
@click.option("--out", required=True, type=path(file_okay=False), help="Folder to write owner.toml and dsn to.")
@click.option("--stop", is_flag=True, help="Stop the PostgreSQL that an earlier call started in --out.")
def sample(dsn: str | None, rows: int, seed: int, out: Path, stop: bool) -> None:
    """Make up an owner and his Nexus database."""
    from nic_voice.sample import embedded
    from nic_voice.sample.build import make_sample

    if stop:
        stopped = embedded.stop(out / "postgres")
        click.echo(f"The PostgreSQL in {out} {'is stopped' if stopped else 'was not running'}.", err=True)
        return
    if dsn is not None:
        embedded.start_if_ours(dsn)
    summary = make_sample(dsn, rows, seed, out)
    click.echo(
        f"Wrote {sum(summary.rows.values()):,} rows into {len(summary.rows)} tables; {out}/dsn says where.", err=True
    )
    if dsn is None:
        click.echo(f"Its PostgreSQL goes on running; `nic-voice sample --stop --out {out}` stops it.", err=True)


@click.command()
@click.option("--dsn", required=True, help="The Nexus PostgreSQL, such as postgresql://user@host:5432/nexus.")
@click.option("--owner", required=True, type=path(), help="owner.toml: who the owner is.")
@click.option("--out", required=True, type=path(file_okay=False), help="Folder to write triplets and ledger to.")
@_UNIT
@_DRAFTS
@_SECRETS
@click.option("--mask-names", is_flag=True, help="Hide people's names as well: the owner's and those of the Nexus.")
@click.option("--copies", default=3, type=click.IntRange(min=1), help="How often the same text is learned at most.")
@click.option(
    "--one-words", default=0.02, type=click.FloatRange(0, 1), help="Share of answers of one word, such as 'yes'."
)
@click.option(
    "--keep-rejected", type=path(), help="Write the owner's texts that are not learned to this file, and why."
)
@click.option(
    "--exclude-shipped",
    type=path(file_okay=False),
    help="Leave out what the service wrote: its folder NIC_VOICE_SHIPPED.",
)
@with_neutral
def extract(
    dsn: str,
    owner: Path,
    out: Path,
    unit: "UnitChoice",
    drafts: Path | None,
    secrets: "Secrets",
    mask_names: bool,
    copies: int,
    one_words: float,
    keep_rejected: Path | None,
    exclude_shipped: Path | None,
    neutral: Neutral,
) -> None:
    """Turn the owner's rows of a Nexus into triplets; the database is only read."""
    from extraction.aside import kept_in
    from extraction.limits import Limits
    from extraction.owner import load_owner
    from extraction.pipeline import Wishes, gather_own
    from nic_voice.sample import embedded
    from nic_voice.terminal import rows_bar
    from voice.shipped import Shipped

    identities = load_owner(owner)
    neutral.check(mask_names)
    shipped = Shipped(exclude_shipped) if exclude_shipped else None
    embedded.start_if_ours(dsn)
    with kept_in(keep_rejected) as aside, rows_bar() as progress:
        wishes = Wishes(unit, drafts, secrets, mask_names, Limits(copies, one_words), shipped)
        asyncio.run(gather_own(dsn, identities, out, wishes, aside=aside, on_progress=progress))
    show_ledger(neutral.write(out), out)


@click.command()
@click.option("--source", required=True, help="A source of extraction, such as gmail.")
@click.option("--jsonl", is_flag=True, help='Read lines {"id", "body"}; write one with own text and reasons for each.')
def clean(source: str, jsonl: bool) -> None:
    """Show what extraction takes for the owner's own text of a message that is given on standard input."""
    from extraction.explain import explain, explain_lines

    if jsonl:
        for line in explain_lines(source, sys.stdin.buffer):
            click.echo(line)
        return
    explanation = explain(source, sys.stdin.buffer.read().decode("utf-8", "replace"))
    click.echo(explanation.own)
    for reason, words in explanation.words_cut.items():
        click.echo(f"Cut: {counted(words, 'word')}, {reason}.", err=True)
    if explanation.reason:
        click.echo(f"It would be dropped: {explanation.reason}, {explanation.reason.description}.", err=True)


@click.command()
def facts() -> None:
    """Show what a model never sees of a text on standard input, and what a rewrite of it must keep."""
    from voice.facts.compare import visible
    from voice.facts.masking import mask

    masked = mask(sys.stdin.buffer.read().decode("utf-8", "replace"))
    click.echo(masked.text.rstrip("\n"))
    for placeholder, value in masked.values.items():
        click.echo(f"{placeholder}\t{value}", err=True)
    for kind, value in visible(masked.text):
        click.echo(f"{kind}\t{value}", err=True)


@click.command("import-pairs")
@click.argument("file", type=path())
@click.option("--out", default="data/triplets.jsonl", type=path(dir_okay=False), help="The triplet file to write.")
@click.option("--register", default="email", type=click.Choice(REGISTERS), help="What kind of text the pairs are.")
def import_pairs(file: Path, out: Path, register: Register) -> None:
    """Turn pairs in FILE into triplets: lines `neutral<TAB>own`, or JSONL with these two and more."""
    from extraction.pairs import import_pairs as run

    summary = run(file, out, register)
    dropped = ", ".join(f"{reason} {count:,}" for reason, count in sorted(summary.dropped.items())) or "none"
    click.echo(f"Wrote {summary.written:,} of {summary.read:,} lines to {out}. Dropped: {dropped}.", err=True)
    if summary.signature_stripped:
        click.echo(f"The owner's name was taken off the end of {summary.signature_stripped:,} of them.", err=True)


@click.command("import-own")
@click.argument("file", type=path())
@click.option("--out", default="data", type=path(file_okay=False), help="Folder to write triplets and ledger to.")
@click.option("--register", required=True, type=click.Choice(REGISTERS), help="What kind of text they are.")
@_UNIT
@_DRAFTS
@_SECRETS
@with_neutral
def import_own(
    file: Path,
    out: Path,
    register: Register,
    unit: "UnitChoice",
    drafts: Path | None,
    secrets: "Secrets",
    neutral: Neutral,
) -> None:
    """Turn own texts in FILE into triplets, one text a line or JSONL with `own` and more; needs no database."""
    from extraction.own_texts import gather

    neutral.check(names_masked=False)
    gather(file, out, register, unit=unit, drafts=drafts, secrets=secrets)
    show_ledger(neutral.write(out), out)


COMMANDS = (sample, extract, clean, facts, import_pairs, import_own)
