"""What systemd is told: the service is ready, it is alive, it stops.

In: NOTIFY_SOCKET and WATCHDOG_USEC, which systemd sets for a unit with Type=notify and WatchdogSec (sd_notify(3),
sd_watchdog_enabled(3)). Out: datagrams to its socket; nothing at all where the service was started otherwise.
"""

import logging
import os
import socket
import time
from collections.abc import MutableMapping

log = logging.getLogger(__name__)


class Systemd:
    """The line to the service manager. The event loop calls `tick`: where it hangs, the watchdog bites."""

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        """Take the variables out of the environment, so that no child speaks for the service."""
        environment = os.environ if environment is None else environment
        self._address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        mine = environment.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self._every_s = int(microseconds) / 2e6 if mine and microseconds.isdecimal() else None
        self._last_s = time.monotonic()
        self._is_ready = False

    def tick(self, ready: bool) -> None:
        """Say once that the service is ready, and now and then that it is alive."""
        if ready and not self._is_ready:
            self._is_ready = True
            self._tell("READY=1\nSTATUS=Ready")
        now_s = time.monotonic()
        if self._every_s is not None and now_s - self._last_s >= self._every_s:
            self._last_s = now_s
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the service finishes what is under way and stops."""
        self._tell("STOPPING=1\nSTATUS=Finishing what is under way")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            try:
                line.sendto(message.encode(), address)
            except OSError as error:
                log.warning("systemd cannot be told %s: %s", message.partition("\n")[0], error.strerror)
