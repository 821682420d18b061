"""The unit, the Dockerfiles and the compose file, by the tools that know them; skipped where a tool is missing."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
UNIT = ROOT / "systemd" / "nic-voice.service"


def run(*command: str) -> str:
    """What a tool says when it is content."""
    if shutil.which(command[0]) is None and not Path(command[0]).is_file():
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_unit_is_valid(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/nic-voice/.venv/bin/nic-voice", "/bin/true"))
    assert str(copy) not in run("systemd-analyze", "verify", str(copy))


def test_the_unit_is_hardened() -> None:
    said = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT))
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= 2.0


@pytest.mark.parametrize("kind", ["cpu", "cuda", "rocm"])
def test_the_dockerfiles(kind: str) -> None:
    assert run(str(ROOT / ".venv/bin/hadolint"), f"docker/{kind}.Dockerfile") == ""


def test_the_compose_file() -> None:
    assert "127.0.0.1:8650:8650" in run("docker-compose", "config")
