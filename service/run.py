"""`nic-voice serve`: the application under uvicorn, until SIGTERM or Ctrl-C.

In: Settings. Out: nothing; UserError when it cannot start.
"""

import logging
import socket
from contextlib import suppress

import uvicorn

from service.app import create_app
from service.settings import Settings
from service.state import Service
from service.systemd import Systemd
from voice.errors import UserError

DRAIN_S = 10  # how long requests may take to finish once the server is told to stop


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    logging.getLogger("service").setLevel(settings.log_level)
    with _listen(settings.host, settings.port) as listening:
        app = create_app(settings)
        service: Service = app.state.service
        print(f"nic-voice listens on http://{_address(listening)}, loading {service.engine.model} ...", flush=True)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=DRAIN_S,
        )
        with suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped in order
            _Server(config, service).run(sockets=[listening])
    if service.failure is not None:
        raise service.failure


class _Server(uvicorn.Server):
    """A server that stops when the model could not be loaded, and tells systemd how it is."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._systemd = Systemd()

    async def on_tick(self, counter: int) -> bool:
        self._systemd.tick(self._service.ready)
        return await super().on_tick(counter) or self._service.failure is not None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._systemd.stopping()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; UserError when the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or "refused").partition(" (")[0]
        raise UserError(
            f"Cannot listen on {host} port {port}: {reason}. Stop what runs there, or choose another with "
            "--port (NIC_VOICE_PORT) or --host (NIC_VOICE_HOST)."
        ) from error


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
