"""Neutral sides: the options that say where they come from, and `nic-voice neutralise`."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nic_voice.commands import path
from voice.errors import counted

if TYPE_CHECKING:
    from extraction.ledger import Ledger
    from extraction.neutral.endpoint import Endpoint
    from extraction.neutral.model import BigModel
    from extraction.pieces import Piece

_OPTIONS = (
    click.option(
        "--neutral", "--how", "how", default="rules", type=click.Choice(["rules", "llm", "learned", "back"]),
        help="Who writes the neutral sides: rules; a big model; the small one, taught by its drafts, or untaught.",
    ),
    click.option("--neutral-model", "model", metavar="NAME", help="The big model's name at its endpoint."),
    click.option("--neutral-url", "url", metavar="URL", help="An OpenAI-compatible endpoint; else FORGE_BASE_URL."),
    click.option(
        "--neutral-price", "price", nargs=2, type=float, metavar="IN OUT", help="Money for a million tokens in and out."
    ),
    click.option("--budget", metavar="LIMIT", help="Where to stop asking: tokens such as 2M, or money such as '$5'."),
    click.option("--sample", type=click.IntRange(1), metavar="N", help="Ask for N texts, spread over all."),
    click.option("--allow-host", "allowed", multiple=True, metavar="NAME", help="A host outside that may be asked."),
    click.option(
        "--versions", type=click.IntRange(1, 3), default=1,
        help="How many drafts of a text to learn from (back, learned).",
    ),
    click.option(
        "--rest", type=click.Choice(["back", "rules", "none"]),
        help="Texts without a good draft: rules or the small model write one, or they are left out; after llm rules, "
        "else none.",
    ),
    click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Where to stop writing (back, learned)."),
    click.option(
        "--set", "training", multiple=True, metavar="KEY=VALUE", help="A setting of the training for --how learned."
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Neutral:
    """Where neutral sides come from, as the command line says it."""

    how: str
    model: str | None
    url: str | None
    price: tuple[float, float] | None
    budget: str | None
    sample: int | None
    allowed: tuple[str, ...]
    training: tuple[str, ...]
    versions: int
    rest: str | None
    minutes: float | None

    def check(self, names_masked: bool) -> None:
        """UserError, before any work, when the endpoint may not be asked or the budget cannot be understood."""
        if self.rest == "back" and self.how != "llm":
            raise click.BadParameter("only after llm: the others are the small model's already", param_hint="--rest")
        if self.how == "llm":
            self._endpoint(names_masked)
            self._budget()

    def write(self, out: Path) -> "Ledger":
        """The second stage for the folder `out`."""
        from extraction import ledger as ledgers
        from extraction.neutral.stage import add_neutral
        from extraction.pieces import FILE_NAME, read_pieces

        if self.how == "rules":
            return add_neutral(out)
        if self.how != "llm":
            return self._written(out, self.how)
        names_masked = ledgers.read(out / ledgers.OWN_FILE_NAME).masks_names
        model = self._big_model(self._endpoint(names_masked), out)
        try:
            self._ask(model, [piece for piece in read_pieces(out / FILE_NAME) if piece.draft is None])
            if self.rest == "back":
                return self._written(out, "back", model)
            return add_neutral(out, [model], drafted_only=self.rest == "none")
        finally:
            model.close()

    def _written(self, out: Path, how: str, *before: "BigModel") -> "Ledger":
        from nic_voice.written import Wishes, add_written

        training = tuple(part for setting in self.training for part in ("--set", setting))
        wishes = Wishes(self.minutes, self.versions, self.rest != "rules", training)
        return add_written(out, how, wishes, before)

    def _ask(self, model: "BigModel", pieces: "list[Piece]") -> None:
        from extraction.neutral.choice import spread_sample
        from nic_voice.terminal import share_bar

        if self.sample:
            pieces = spread_sample(pieces, self.sample)
        estimate = model.estimate(pieces)
        click.echo(str(estimate), err=True)
        with share_bar("drafts") as show:
            asyncio.run(model.fill(pieces, lambda done: show(done / max(1, estimate.texts), f"{done:,} drafts")))
        spent = model.budget
        money = "" if spent.money is None else f", {spent.money:,.2f}"
        click.echo(
            f"{counted(spent.calls, 'call')}, {spent.tokens_in:,} tokens in and {spent.tokens_out:,} out{money}."
            + (" The budget is used up; the same command with a larger one goes on." if spent.used_up else ""),
            err=True,
        )

    def _endpoint(self, names_masked: bool) -> "Endpoint":
        from extraction.neutral.endpoint import open_endpoint

        return open_endpoint(self.url, self.model, names_masked=names_masked, allowed=self.allowed)

    def _big_model(self, endpoint: "Endpoint", out: Path) -> "BigModel":
        from extraction.neutral.answers import FILE_NAME
        from extraction.neutral.model import BigModel

        return BigModel(endpoint, out / FILE_NAME, budget=self._budget())

    def _budget(self) -> Any:
        from extraction.neutral.budget import Price, parse_budget

        return parse_budget(self.budget, Price(*self.price) if self.price else None)


def with_neutral(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of this module, as one argument `neutral`."""

    @functools.wraps(command)
    def run(
        how: str,
        model: str | None,
        url: str | None,
        price: tuple[float, float] | None,
        budget: str | None,
        sample: int | None,
        allowed: tuple[str, ...],
        training: tuple[str, ...],
        versions: int,
        rest: str | None,
        minutes: float | None,
        **others: Any,
    ) -> None:
        command(
            neutral=Neutral(how, model, url, price, budget, sample, allowed, training, versions, rest, minutes),
            **others,
        )

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


@click.command()
@click.option("--own", required=True, type=path(), help="The folder with own.jsonl, which extract or import-own wrote.")
@with_neutral
def neutralise(own: Path, neutral: Neutral) -> None:
    """Write triplets and ledger anew from own.jsonl; needs no database."""
    if not own.is_dir() and own.name != "own.jsonl":
        raise click.BadParameter(f"{own} is neither a folder nor an own.jsonl", param_hint="--own")
    out = own if own.is_dir() else own.parent
    show_ledger(neutral.write(out), out)


def show_ledger(ledger: "Ledger", out: Path) -> None:
    """Print what an extraction did."""
    from rich.console import Console

    from extraction.ledger import show, show_lookalikes

    Console().print(show(ledger))
    if question := show_lookalikes(ledger):
        click.echo(question, err=True)
    if ledger.drafts:
        counts = {what: f"{count:,}" for what, count in ledger.drafts.items()}
        click.echo(
            f"Drafts: {counts['used']} of {counts['read']} used; {counts['for_no_text']} are for no text, "
            f"{counts['without_a_fact']} lack a fact of theirs.",
            err=True,
        )
    click.echo(f"Neutral sides: {_listed(ledger.origins)}.", err=True)
    if ledger.without_draft:
        click.echo(f"No draft of the model: {_listed(ledger.without_draft)}.", err=True)
    if ledger.masked:
        click.echo(f"Masked in his texts: {_listed(ledger.masked)}.", err=True)
    click.echo(f"Wrote {ledger.triplets:,} triplets to {out / 'triplets.jsonl'}.", err=True)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in counts.items())


COMMANDS = (neutralise,)
