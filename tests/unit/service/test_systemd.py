"""What systemd hears, on a socket as it has one."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.systemd import Systemd


class Manager:
    """The end of the line at which systemd listens."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(10)
        self.environment = {"NOTIFY_SOCKET": address.replace("\0", "@")}

    def hears(self) -> str:
        return self._socket.recv(1000).decode()

    def hears_nothing(self) -> bool:
        self._socket.setblocking(False)
        try:
            return not self._socket.recv(1000)
        except BlockingIOError:
            return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "s") if request.param == "path" else f"\0nic-voice-test-{os.getpid()}")
    yield manager
    manager.close()


def test_ready_is_said_once(manager: Manager) -> None:
    systemd = Systemd(manager.environment)
    systemd.tick(ready=False)
    assert manager.hears_nothing()
    for _ in range(3):
        systemd.tick(ready=True)
    assert manager.hears().startswith("READY=1\n")
    assert manager.hears_nothing()
    systemd.stopping()
    assert manager.hears().startswith("STOPPING=1\n")


def test_the_watchdog_hears_that_it_lives_twice_as_often_as_it_asks(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    manager.environment |= {"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}
    systemd = Systemd(manager.environment)
    now_s += 1.9
    systemd.tick(ready=False)
    assert manager.hears_nothing()
    now_s += 0.2
    systemd.tick(ready=False)
    assert manager.hears() == "WATCHDOG=1"
    systemd.tick(ready=False)
    assert manager.hears_nothing()


def test_the_watchdog_of_another_process_is_not_fed(manager: Manager) -> None:
    manager.environment |= {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}
    Systemd(manager.environment).tick(ready=False)
    assert manager.hears_nothing()


def test_no_child_inherits_the_line(manager: Manager) -> None:
    manager.environment |= {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/root"}
    Systemd(manager.environment)
    assert manager.environment == {"HOME": "/root"}


def test_without_systemd_nothing_is_said_and_a_line_that_is_gone_is_borne(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    Systemd({}).tick(ready=True)
    assert not caplog.text
    manager.environment["NOTIFY_SOCKET"] = "/nowhere/at/all"
    Systemd(manager.environment).tick(ready=True)
    assert "systemd cannot be told READY=1" in caplog.text
