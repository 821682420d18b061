"""How good a voice is: evaluate."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nic_voice.commands import path
from voice.base_model import OUTTYPES
from voice.triplet import REGISTERS, Register

if TYPE_CHECKING:
    from evaluation.client import Service
    from evaluation.report import Report
    from extraction.neutral.budget import Budget
    from extraction.neutral.endpoint import Endpoint

_OTHERS = 600  # texts of the sample's people


@click.command()
@click.argument("name")
@click.option("--pairs", type=path(), help="Judge on pairs (neutral, own) in FILE, which the voice has never seen.")
@click.option("--split", is_flag=True, help="Judge on what was held out at training; the default.")
@click.option("--triplets", type=path(), help="Where the file is that the voice was trained on, if it was moved.")
@click.option("--register", type=click.Choice(REGISTERS), help="Of pairs that name none; else the voice's commonest.")
@click.option("--others", type=path(), help="Texts of other people, one a line or JSONL: what is not his.")
@click.option("--own-name", "own_names", multiple=True, help="How the owner signs, if that is not plain.")
@click.option("--full", is_flag=True, help="All texts instead of 200.")
@click.option("--seed", default=1, help="The same seed chooses the same texts.")
@click.option("--voices", type=path(file_okay=False), help="Folder with voices; else NIC_VOICE_VOICES, else voices.")
@click.option("--url", help="A service that runs and serves the same voice; else one is started.")
@click.option("--gguf", type=click.Choice(OUTTYPES), help="Judge what `export --gguf` made of it, on llama-server.")
@click.option("--base/--no-base", default=True, help="Whether the base model competes, shown three of his texts.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Of the requests; else 0, which repeats.")
@click.option("--strength", type=click.FloatRange(0, 1.5), help="How much of the voice, in steps of 0.25; else 1.")
@click.option("--candidates", type=click.IntRange(1, 8), help="Rewrites of each segment to choose from.")
@click.option(
    "--judge-url", metavar="URL", help="Have a big model read a masked sample; an OpenAI-compatible endpoint."
)
@click.option("--judge-model", metavar="NAME", help="Its name there.")
@click.option("--budget", metavar="LIMIT", help="Where to stop asking it: tokens such as 200k.")
@click.option("--allow-host", "allowed", multiple=True, metavar="NAME", help="A host outside that may be asked.")
@click.option("--json", "json_path", type=path(), help="Write all numbers to FILE.")
@click.option("--out", type=path(), help="Write each text, its rewrite and what was found to FILE, as JSONL. Private.")
def evaluate(
    name: str, pairs: Path | None, split: bool, triplets: Path | None, register: Register | None, others: Path | None,
    own_names: tuple[str, ...], full: bool, seed: int, voices: Path | None, url: str | None, gguf: str | None,
    base: bool, temperature: float | None, strength: float | None, candidates: int | None, judge_url: str | None,
    judge_model: str | None, budget: str | None, allowed: tuple[str, ...], json_path: Path | None, out: Path | None,
) -> None:  # fmt: skip
    """Measure whether a voice sounds like its owner, and whether it says the same."""
    if pairs and split:
        raise click.UsageError("--pairs and --split exclude each other")
    if url and gguf:
        raise click.UsageError("--url and --gguf exclude each other")
    big = _big_judge(judge_url, judge_model, budget, allowed)
    from rich.console import Console

    from evaluation.cases import COUNT, other_texts
    from evaluation.run import Plan, prepare
    from evaluation.run import evaluate as run
    from nic_voice.sample.build import others_texts
    from nic_voice.terminal import rows_bar
    from voice.errors import counted

    people = {"made-up people": others_texts(_OTHERS)} | ({others.name: other_texts(others)} if others else {})
    folder = voices or Path(os.environ.get("NIC_VOICE_VOICES") or "voices")
    count = None if full else COUNT
    fields = {"temperature": temperature, "strength": strength, "candidates": candidates}
    asked = {field: value for field, value in fields.items() if value is not None}
    prepared = prepare(Plan(name, folder, pairs, triplets, register, people, own_names, count, seed, base, asked, gguf))
    if prepared.left_out:
        lines = counted(prepared.left_out, "line")
        click.echo(f"Left out of {pairs}: {lines} that hold no pair, or one that stands above already.", err=True)
    with _service(url, gguf, folder) as service, rows_bar() as bar:
        report = run(prepared, service, bar)
    Console(width=max(150, Console().width)).print(report.shown())
    _write(report, json_path, out)
    if big:
        _ask(*big, report, seed)


def _big_judge(
    url: str | None, model: str | None, budget: str | None, allowed: tuple[str, ...]
) -> "tuple[Endpoint, Budget] | None":
    """Who is asked besides, if somebody is; UserError before any work where that may not be."""
    if url is None:
        if model or budget or allowed:
            raise click.UsageError("--judge-model, --budget and --allow-host go with --judge-url")
        return None
    if model is None:
        raise click.UsageError("--judge-url needs --judge-model")
    from extraction.neutral.budget import parse_budget
    from extraction.neutral.endpoint import open_endpoint

    return open_endpoint(url, model, names_masked=True, allowed=allowed), parse_budget(budget, None)


def _ask(endpoint: "Endpoint", budget: "Budget", report: "Report", seed: int) -> None:
    import asyncio

    from nic_voice.opinion import ask, sample
    from nic_voice.terminal import share_bar

    judged = [line for line in report.lines if line["found"].get("verdict")]
    texts = sample([(line["neutral"], line["output"], line["found"]["verdict"]["same"]) for line in judged], seed)
    with share_bar("big model") as show:
        opinion = asyncio.run(ask(endpoint, texts, budget, lambda done: show(done / len(texts), f"{done} texts")))
    click.echo(str(opinion))


@contextmanager
def _service(url: str | None, gguf: str | None, voices: Path) -> Iterator["Service"]:
    """The service that is judged; one of its own waits as long as it takes."""
    from evaluation.client import Service

    key = os.environ.get("NIC_VOICE_KEY")
    if url:
        yield Service(url.rstrip("/").removesuffix("/v1"), key)
        return
    from nic_voice.llama import served
    from nic_voice.serving import FOR_ITSELF, free_port, nic_voice, running

    address = f"http://127.0.0.1:{(port := free_port())}"
    command = nic_voice("serve", "--voices", str(voices), "--host", "127.0.0.1", "--port", str(port))
    quiet = {"NIC_VOICE_LOG_LEVEL": os.environ.get("NIC_VOICE_LOG_LEVEL", "WARNING")}
    with ExitStack() as stack:
        engine = {}
        if gguf:
            engine = {"NIC_VOICE_ENGINE": "remote", "NIC_VOICE_ENGINE_URLS": stack.enter_context(served(voices, gguf))}
        stack.enter_context(running(command, f"{address}/ready", environment=FOR_ITSELF | quiet | engine))
        yield Service(address, key)


def _write(report: "Report", json_path: Path | None, out: Path | None) -> None:
    import json

    from voice.atomic import write_text

    if json_path:
        write_text(json_path, json.dumps(report.to_json(with_texts=False), indent=2, ensure_ascii=False) + "\n")
    if out:
        write_text(out, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in report.lines))


COMMANDS = (evaluate,)
