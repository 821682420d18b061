"""What README.md and docs/ show of the code: tables and the file tree, between `<!-- NAME` and `<!-- end -->`.

    python -m docs.generate          writes them anew (`make docs`)

tests/unit/test_docs.py fails while a document says something else than the code.
"""

import ast
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import yaml

from extraction.reason import Reason
from nic_voice.main import main as command
from service.protocol import UNSUPPORTED
from service.settings import ELSEWHERE, PREFIX, Settings
from training.config import PRESETS

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "architecture.md")
PACKAGES = ("nic_voice", "extraction", "training", "service", "voice", "bench")
_BLOCK = re.compile(r"(?P<head><!-- (?P<name>\w+): [^\n]*-->).*?(?P<foot>\n<!-- end -->)", re.DOTALL)


def settings() -> str:
    """The service's settings."""
    rows = [
        (f"`{PREFIX}{name.upper()}`", "none" if field.default is None else str(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    rows += [(f"`{name}`", default, what) for name, (default, what) in ELSEWHERE.items()]
    return table(("variable", "default", "what"), rows)


def commands() -> str:
    """The subcommands, each with the first line of its help."""
    rows = [(f"`nic-voice {name}`", _first_line(item.help)) for name, item in command.commands.items()]
    return table(("command", "what"), rows)


def presets() -> str:
    """The training presets, each with the comment at its head."""
    rows = []
    for path in sorted(PRESETS.glob("*.yaml"), key=lambda path: yaml.safe_load(path.read_text())["load_in_4bit"]):
        comment = path.read_text().split("\n", 1)[0].removeprefix("# ")
        rows.append((f"`{path.stem}`", f"`{yaml.safe_load(path.read_text())['base_model']}`", comment))
    return table(("preset", "base model", "what"), rows)


def reasons() -> str:
    """Why something gives no triplet."""
    return table(("reason", "what it means"), [(f"`{reason}`", reason.description) for reason in Reason])


def unsupported() -> str:
    """Request fields that are refused, and the values of them that are not."""
    rows = []
    for name, values in UNSUPPORTED.items():
        rows.append((f"`{name}`", ", ".join(f"`{json.dumps(value)}`" for value in values) or "none"))
    return table(("field", "accepted values"), rows)


def files() -> str:
    """The modules, each with the first line of its docstring."""
    lines: list[str] = []
    for package in PACKAGES:
        lines.append(f"{package + '/':<30}{_title(ROOT / package / '__init__.py')}")
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT / package).as_posix()
            if not name.endswith(("__init__.py", "__main__.py")):
                lines.append(f"  {name:<28}{_title(path)}")
    return "```\n" + "\n".join(lines) + "\n```"


def rendered(document: str) -> str:
    """The document with every block as the code has it now."""
    return _BLOCK.sub(lambda block: f"{block['head']}\n{BLOCKS[block['name']]()}{block['foot']}", document)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "|" + "|".join(f" {cell} " if set(cell) != {"-"} else cell for cell in line) + "|" for line in lines
    )


def _title(path: Path) -> str:
    return _first_line(ast.get_docstring(ast.parse(path.read_text())))


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n", 1)[0].removesuffix(".")


BLOCKS = {make.__name__: make for make in (settings, commands, presets, reasons, unsupported, files)}


@click.command()
def write() -> None:
    """Write every block of every document anew."""
    for path in DOCUMENTS:
        path.write_text(rendered(path.read_text()))


if __name__ == "__main__":
    write()
