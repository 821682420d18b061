"""Start a server and wait until it is ready; nothing else does.

In: a command and the address that answers 200 once it is ready. Out: the running process, stopped at the end.

    port = free_port()
    with running(nic_voice("serve", "--port", str(port)), f"http://127.0.0.1:{port}/ready"):
        ...
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

import httpx

from nic_voice.child import how_it_ended
from voice.errors import UserError
from voice.tls import tls_context

PORTS = range(20_000, 32_768)
READY_TIMEOUT_S = 300
STOP_TIMEOUT_S = 60

# Settings of a service that a command starts for itself: nobody else calls it, and nobody waits for a single answer.
FOR_ITSELF = {
    "NIC_VOICE_HOST": "127.0.0.1", "NIC_VOICE_KEYS": "", "NIC_VOICE_KEYS_FILE": "", "NIC_VOICE_REWRITE_SECONDS": "600",
    "NIC_VOICE_REQUESTS_PER_MINUTE": "0", "NIC_VOICE_REQUESTS_PER_KEY": "0", "NIC_VOICE_DEADLINE_SECONDS": "3600",
}  # fmt: skip

Process = subprocess.Popen[bytes]


def nic_voice(*arguments: str) -> list[str]:
    """The command line of a subcommand, with this Python."""
    return [sys.executable, "-m", "nic_voice", *arguments]


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, and that no connection is given while it waits for use:
    it lies below those that systems hand out (from 32768 on in Linux, 49152 elsewhere).
    """
    while True:
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, after one that has ended
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


@contextmanager
def running(
    command: Sequence[str],
    ready_url: str,
    *,
    name: str = "nic-voice serve",
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    ready_timeout_s: float = READY_TIMEOUT_S,
) -> Iterator[Process]:
    """The server, once it is ready; SIGTERM ends it with the block. UserError when it ends by itself, or is too slow.

    `environment` is added to this process's; `output` takes the place of both standard output and error.
    """
    errors = None if output is None else subprocess.STDOUT
    process = subprocess.Popen(command, env=os.environ | (environment or {}), stdout=output, stderr=errors)
    try:
        _wait(process, ready_url, name, ready_timeout_s)
        yield process
    finally:
        stop(process)


def stop(process: Process, how: signal.Signals = signal.SIGTERM) -> int:
    """Ask a process to end, kill it when it does not; its return code."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _wait(process: Process, ready_url: str, name: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise UserError(how_it_ended(name, process.returncode))
        try:
            if httpx.get(ready_url, timeout=5, verify=tls_context()).status_code == 200:
                return
        except httpx.HTTPError:
            pass  # not listening yet
        time.sleep(0.2)
    raise UserError(f"`{name}` was not ready after {timeout_s:g} s; its own messages are above.")
