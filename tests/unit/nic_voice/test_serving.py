import signal
import socket
import subprocess
import sys

import httpx
import pytest

from nic_voice.serving import PORTS, free_port, nic_voice, running, stop
from voice.errors import UserError


def test_a_port_in_use_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        used = listening.getsockname()[1]
        assert used in PORTS
        free = free_port()
        drawn = iter([used - PORTS.start, used - PORTS.start, free - PORTS.start])
        monkeypatch.setattr("secrets.randbelow", lambda _: next(drawn))
        assert free_port() == free


def test_a_server_is_there_inside_the_block_and_gone_after_it() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with running(command, url, output=subprocess.DEVNULL) as process:
        assert httpx.get(url).status_code == 200
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("raise SystemExit(3)", "`nic-voice serve` ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "`nic-voice serve` was killed by SIGKILL"),
    ],
)
def test_a_server_that_ends_before_it_is_ready(program: str, expected: str) -> None:
    with (
        pytest.raises(UserError, match=expected),
        running([sys.executable, "-c", program], f"http://127.0.0.1:{free_port()}/"),
    ):
        raise AssertionError("it was never ready")


def test_a_server_that_does_not_get_ready_is_stopped() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        pytest.raises(UserError, match=r"`slow` was not ready after 0\.3 s"),
        running(command, f"http://127.0.0.1:{free_port()}/", name="slow", ready_timeout_s=0.3),
    ):
        raise AssertionError("it was never ready")


def test_the_return_code_says_how_it_was_stopped() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert stop(process, signal.SIGUSR1) == -signal.SIGUSR1


def test_the_command_is_this_pythons() -> None:
    done = subprocess.run(nic_voice("--version"), capture_output=True, text=True, check=True)
    assert "nic-voice" in done.stdout
