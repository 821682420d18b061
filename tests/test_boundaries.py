"""Who may import whom: the parts meet in files and in `voice`, and each heavy library behind one module."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("voice", "extraction", "training", "service")
MODULES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
# voice/cli.py is the command: it imports a part when it runs it.
ALLOWED = {
    "voice": {"voice"},
    "extraction": {"extraction", "voice"},
    "training": {"training", "voice"},
    "service": {"service", "voice"},
}
ONLY_IN = {
    "vllm": {"service/engines/vllm.py"},
    "unsloth": {"training/lora.py"},
    "peft": {"training/lora.py"},
    "asyncpg": {"extraction/nexus.py", "extraction/sample.py"},
    "fastapi": {"service/app.py", "service/errors.py"},
}


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_it_may(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    packages = imported(path)
    if name != "voice/cli.py":
        assert packages & set(PARTS) <= ALLOWED[name.split("/")[0]]
    assert [library for library, places in ONLY_IN.items() if library in packages and name not in places] == []
