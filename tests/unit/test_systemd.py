"""systemd/: the units as systemd reads them, and the installer into a folder that stands for a machine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "systemd"
UNITS = ("nic-voice.service", "llama-server.service")

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or shutil.which("systemd-sysusers") is None or os.getuid() != 0,
    reason="systemd's tools are not here, or not for this user",
)


def run(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def install(*options: str | Path) -> str:
    return run(FOLDER / "install.sh", *options)


def state(root: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of all there is."""
    return {
        str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in root.rglob("*")
        if path.name not in (".pwd.lock",) and not path.name.endswith("-")
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    install("--root", tmp_path, "--without-packages")
    return tmp_path


def test_a_second_time_changes_nothing_and_leaves_what_is_the_owners(root: Path) -> None:
    (root / "etc/nic-voice/env").write_text("NIC_VOICE_PORT=1234\n")
    (root / "var/lib/nic-voice/voices/nic").mkdir()
    left = root / "opt/nic-voice/service/left_from_an_older_version.py"
    before = state(root)
    left.touch()
    install("--root", root, "--without-packages")
    assert state(root) == before


def test_who_may_read_what(root: Path) -> None:
    modes = {name: oct((root / name).stat().st_mode & 0o7777) for name in (
        "etc/nic-voice/env", "etc/nic-voice/credentials", "var/lib/nic-voice", "var/lib/nic-voice/voices",
    )}  # fmt: skip
    assert list(modes.values()) == ["0o640", "0o700", "0o2750", "0o2770"]
    [entry] = [line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("nic-voice:")]
    assert entry.endswith("nologin")
    assert (root / "var/lib/nic-voice").stat().st_uid == int(entry.split(":")[2])
    assert (root / "opt/nic-voice/pyproject.toml").is_file()


def test_uninstalling_leaves_settings_and_voices_unless_told_otherwise(root: Path) -> None:
    settings, voices = root / "etc/nic-voice/env", root / "var/lib/nic-voice/voices"
    said = install("--root", root, "--uninstall")
    assert "--purge" in said
    assert settings.exists()
    assert voices.exists()
    assert not (root / "opt/nic-voice").exists()
    assert not list((root / "etc/systemd/system").iterdir())
    for _ in range(2):
        install("--root", root, "--uninstall", "--purge")
    assert not settings.parent.exists()
    assert not voices.parent.exists()
    assert "nic-voice" not in (root / "etc/passwd").read_text()


def test_an_unknown_option_says_what_there_is() -> None:
    done = subprocess.run([FOLDER / "install.sh", "--rot", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Unknown: --rot" in done.stderr
    assert "--uninstall" in done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_are_right_and_not_exposed(unit: str, root: Path) -> None:
    program = root / "opt/nic-voice/.venv/bin/nic-voice"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    for folder in ("usr", "lib"):  # systemd's own targets
        (root / folder).mkdir(exist_ok=True)
    shutil.copytree("/lib/systemd/system", root / "lib/systemd/system", symlinks=True)
    said = run("systemd-analyze", "verify", "--man=no", f"--root={root}", f"/etc/systemd/system/{unit}")
    assert unit not in said
    said = run("systemd-analyze", "security", "--offline=true", FOLDER / unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found
    assert float(found[1]) <= 2.0
