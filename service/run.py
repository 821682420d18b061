"""`nic-voice serve`: the application under uvicorn, until SIGTERM or Ctrl-C.

In: Settings. Out: nothing; UserError when it cannot start. Told to stop, it takes no new connection, lets the requests
under way finish for NIC_VOICE_DRAIN_S, and stops. SIGHUP reads the keys again.
"""

import asyncio
import logging
import signal
import socket
from contextlib import suppress

import uvicorn

from service import systemd
from service.app import create_app
from service.settings import Settings
from service.state import Service
from voice.errors import UserError


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    logging.getLogger("service").setLevel(settings.log_level)
    with _listen(settings.host, settings.port, settings.deadline_s) as listening:
        app = create_app(settings)
        service: Service = app.state.service
        print(f"nic-voice listens on http://{_address(listening)}, loading {service.engine.model} ...", flush=True)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=settings.drain_s,
        )
        with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped in order
            _Server(config, service).run(sockets=[listening])
    if service.failure is not None:
        raise service.failure


class _Server(uvicorn.Server):
    """A server that stops when the model could not be loaded, and that systemd hears of."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._told: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._service.keys.reload)
        self._told = asyncio.create_task(systemd.keep_told(self._service))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        systemd.notify("STOPPING=1")
        if self._told is not None:
            self._told.cancel()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._service.failure is not None


def _listen(host: str, port: int, deadline_s: float) -> socket.socket:
    """A listening socket; UserError when the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or "refused").partition(" (")[0]
        raise UserError(
            f"Cannot listen on {host} port {port}: {reason}. Stop what runs there, or choose another with "
            "--port (NIC_VOICE_PORT) or --host (NIC_VOICE_HOST)."
        ) from error
    # Connections inherit it: what a caller does not read for this long is thrown away, and the connection with it.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(min(deadline_s, 86_400) * 1000))
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
