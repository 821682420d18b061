"""What the documents show of the code is what the code says, and what they link to is there."""

import re
from pathlib import Path

import pytest

from docs.generate import BLOCKS, DOCUMENTS, ROOT, rendered


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_shows_what_the_code_says(path: Path) -> None:
    assert rendered(path.read_text()) == path.read_text(), f"{path.name} has drifted: run `make docs`"


def test_every_block_is_shown_somewhere() -> None:
    shown = {name for path in DOCUMENTS for name in re.findall(r"<!-- (\w+):", path.read_text())}
    assert shown == set(BLOCKS)


def test_drift_is_found() -> None:
    document = "<!-- reasons: x -->\n| reason | what it means |\n<!-- end -->\n"
    assert "`not_own`" in rendered(document)


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *map(ROOT.joinpath, ("CHANGELOG.md", "CONTRIBUTING.md"))], ids=lambda path: path.name
)
def test_links_and_named_files_are_there(path: Path) -> None:
    text = path.read_text()
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert [target for target in linked if not (path.parent / target).exists()] == []
    named = re.findall(
        r"`((?:nic_voice|extraction|training|service|voice|docker|systemd|tests|bench|docs)/[\w./-]+\.\w+)`", text
    )
    assert [name for name in named if not (ROOT / name).exists() and not name.startswith("voices/")] == []
