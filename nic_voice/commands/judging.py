"""Whether a rewrite says the same: judge."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nic_voice.commands import path

if TYPE_CHECKING:
    from voice.judges.verdict import Judged

_EXAMPLE = '{"id": 1, "draft": "...", "rewrite": "..."}'


@click.command()
@click.argument("name", required=False)
@click.option("--voices", type=path(file_okay=False), help="Folder with voices; else NIC_VOICE_VOICES, else voices.")
@click.option("--jsonl", is_flag=True, help="JSON lines; the default where the output is no terminal.")
@click.option("--tokens", is_flag=True, help="Show how much less likely each token of the draft is after the rewrite.")
def judge(name: str | None, voices: Path | None, jsonl: bool, tokens: bool) -> None:
    """Say of each line {"id", "draft", "rewrite"} on standard input whether the rewrite says the same.

    It is judged as a rewrite of the voice NAME, else as anybody's.
    """
    from voice.judges.reader import package_reader
    from voice.judges.verdict import Judges

    folder = voices or Path(os.environ.get("NIC_VOICE_VOICES") or "voices")
    judges, as_json = Judges.load(folder / name) if name else Judges(), jsonl or not sys.stdout.isatty()
    for row in _rows():
        judged = judges.of_texts(row["draft"], row["rewrite"], reader="always")
        gaps = list(package_reader().gaps(judged.text, [judged.rewrite])[0]) if tokens else []
        if as_json:
            click.echo(json.dumps(_line(row, judged, gaps), ensure_ascii=False))
        else:
            _show(row, judged, gaps)


def _rows() -> Iterator[dict[str, Any]]:
    """The lines of standard input, each an object with a draft and a rewrite."""
    from voice.errors import UserError
    from voice.lines import json_object

    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        row = json_object(line.decode("utf-8", "replace"))
        if row is None or not all(isinstance(row.get(side), str) for side in ("draft", "rewrite")):
            raise UserError(f"Line {number} of standard input is not like {_EXAMPLE}.")
        yield {"id": row.get("id", number), "draft": row["draft"], "rewrite": row["rewrite"]}


def _line(row: dict[str, Any], judged: "Judged", gaps: list[tuple[str, float]]) -> dict[str, Any]:
    verdict = judged.verdict
    line = {
        "id": row["id"], "same": round(verdict.same, 4), "refused": verdict.refused, "order": round(verdict.order, 3),
        "kinds": {kind: round(nats, 2) for kind, nats in verdict.kinds.items()}, "hard": list(verdict.hard),
    }  # fmt: skip
    return line | ({"tokens": [[token, round(gap, 2)] for token, gap in gaps]} if gaps else {})


def _show(row: dict[str, Any], judged: "Judged", gaps: list[tuple[str, float]]) -> None:
    """The draft, its tokens the redder the less likely they are, the rewrite, and the verdict."""
    from rich.console import Console
    from rich.text import Text

    verdict, console = judged.verdict, Console(highlight=False)
    draft = Text.assemble(*((token, _colour(gap)) for token, gap in gaps)) if gaps else Text(row["draft"])
    console.print(Text(f"{row['id']}  ", "bold"), draft, sep="", soft_wrap=True)
    console.print("   ", Text(row["rewrite"], "cyan"), sep="", soft_wrap=True)
    said = "refused" if verdict.refused else "kept"
    why = ", ".join([*verdict.hard, *(f"{kind} {nats:.1f}" for kind, nats in verdict.kinds.items())])
    console.print(Text(f"   {said}, same {verdict.same:.2f}", "red" if verdict.refused else "green"), Text(f"  {why}"))


def _colour(gap: float) -> str:
    return "bold red" if gap > 4 else "red" if gap > 2 else "yellow" if gap > 1 else ""


COMMANDS = (judge,)
