"""What systemd is told: that the service is ready, alive, and about to stop (sd_notify, in a few lines).

In: NOTIFY_SOCKET and WATCHDOG_USEC, which systemd sets; without them nothing is done. Out: datagrams to systemd.
"""

import asyncio
import logging
import os
import socket

from service.errors import EngineUnavailable
from service.state import Service

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2  # for readiness, while the model loads
CHECK_S = 5.0  # a check of the engine that takes longer has failed


def notify(state: str) -> bool:
    """Send one state, such as READY=1; False when there is nobody to tell."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.connect(f"\0{address[1:]}" if address[0] == "@" else address)  # @ stands for an abstract name
            out.send(state.encode())
        except OSError as error:
            log.warning("systemd cannot be told %s: %s", state, error.strerror)
            return False
    return True


async def keep_told(service: Service) -> None:
    """Say READY=1 once the model is loaded, then feed the watchdog for as long as the engine would answer."""
    while not service.ready:  # noqa: ASYNC110 - the engine is ready when asked, not by an event
        await asyncio.sleep(LOOK_EVERY_S)
    served = ", ".join(service.voices.served)
    notify(f"READY=1\nSTATUS=serves {served} on {service.engine.model}")
    every_s = watchdog_s()
    while every_s is not None:
        if await _healthy(service):
            notify("WATCHDOG=1")
        await asyncio.sleep(every_s / 3)


def watchdog_s() -> float | None:
    """How long systemd waits for a sign of life; None when it does not."""
    micros, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not micros.isdigit() or int(micros) == 0 or pid not in ("", str(os.getpid())):
        return None
    return int(micros) / 1e6


async def _healthy(service: Service) -> bool:
    try:
        async with asyncio.timeout(CHECK_S):
            await service.require_ready()
    except (EngineUnavailable, TimeoutError):
        return False
    return True
