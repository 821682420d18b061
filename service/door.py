"""The door: who may come in, how much at once and for how long; what every answer carries for the sake of browsers.

In: every HTTP request, by the middleware Door. Out: it goes on with its Place in scope["state"], or is answered
here with 401, 429 or 504 in OpenAI's envelope.
"""

import asyncio
import ipaddress
import json
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DeadlineExceeded, RequestError, SettingsError, Unauthorized
from service.http import DISCARDED_BYTES, respond
from service.keys import Keys
from service.limits import Limits, Place
from service.metrics import Metrics, Record
from service.settings import Settings

HEALTH = frozenset({"/health", "/ready"})
ALWAYS_OPEN = frozenset({"/openapi.json"})
ANYONE = "anyone"  # the caller's name where no keys are needed
UNWANTED_S = 5.0  # for sending a body that nobody wants
LAST_WORD_S = 1.0  # for telling a caller that is slow to read why its stream ends
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]  # as ASGI has them


def check_address(settings: Settings, keys: Keys) -> None:
    """SettingsError when strangers could reach a service that has no keys."""
    if keys.needed or settings.allow_without_keys or is_loopback(settings.host):
        return
    raise SettingsError(
        f"Others can reach {settings.host}, and there are no keys. `nic-voice key NAME` makes one for "
        "NIC_VOICE_KEYS_FILE; or listen on 127.0.0.1, or set NIC_VOICE_ALLOW_WITHOUT_KEYS=true."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Door:
    """ASGI middleware between the log and the application."""

    def __init__(
        self, app: ASGIApp, settings: Settings, keys: Keys, limits: Limits, metrics: Metrics, guarded: str
    ) -> None:
        self._app = app
        self._guarded = guarded  # the address whose requests are limited
        self._keys, self._limits, self._metrics = keys, limits, metrics
        self._deadline_s = settings.deadline_seconds
        self._open = ALWAYS_OPEN | (HEALTH if settings.open_health else set())
        self._open |= {"/metrics"} if settings.open_metrics else set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer, body = _Answer(send), _Body(scope, receive)
        try:
            name = self._who(scope)
            if scope["path"] == self._guarded and scope["method"] == "POST":
                await self._chat(name, scope, body.receive, answer)
            else:
                answer.is_last = not await body.throw_away()
                await self._app(scope, body.receive, answer.send)
        except RequestError as error:
            self._metrics.refused.labels(error.code).inc()
            answer.is_last = not await body.throw_away()
            await respond(error)(scope, receive, answer.send)

    def _who(self, scope: Scope) -> str:
        if not self._keys.needed or scope["path"] in self._open:
            return ANYONE
        scheme, _, key = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")
        name = self._keys.owner(key.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            raise Unauthorized("A key is needed, as `Authorization: Bearer KEY`, and none that is known was sent.")
        return name

    async def _chat(self, name: str, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        place = self._limits.admit(name)
        scope["state"]["place"] = place
        try:
            async with asyncio.timeout(self._deadline_s) as deadline:
                await self._app(scope, receive, answer.send)
        except TimeoutError:
            if not deadline.expired():
                raise
            place.give_back()
            await self._too_late(scope, receive, answer)
        finally:
            place.give_back()

    async def _too_late(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        error = DeadlineExceeded(f"The answer took longer than {self._deadline_s:g} s. Send less, or try again later.")
        if not answer.started:
            raise error
        self._metrics.refused.labels(error.code).inc()
        record: Record = scope["state"]["record"]
        record.status = error.status
        if answer.is_stream:
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(LAST_WORD_S):
                    await answer.end(f"data: {json.dumps(error.envelope())}\n\n")


class _Answer:
    """What goes out, with the headers that each answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = self.ended = self.is_stream = False
        self.is_last = False  # of its connection

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = dict(message["headers"])
            self.is_stream = headers.get(b"content-type", b"").startswith(b"text/event-stream")
            message["headers"] = [*message["headers"], *(pair for pair in _HEADERS if pair[0] not in headers)]
            if self.is_last:
                message["headers"].append((b"connection", b"close"))
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
        await self._send(message)

    async def end(self, last: str) -> None:
        if not self.ended:
            await self.send({"type": "http.response.body", "body": last.encode(), "more_body": False})


class _Body:
    """What comes in, as far as it was read."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        self._receive = receive
        self._over = b"transfer-encoding" not in headers and headers.get(b"content-length", b"0") == b"0"

    async def receive(self) -> Message:
        message = await self._receive()
        self._over = self._over or not message.get("more_body", False)
        return message

    async def throw_away(self) -> bool:
        """Read what nobody wants, for many clients look for no answer before all is sent; whether it ended soon."""
        left = DISCARDED_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(UNWANTED_S):
                while not self._over and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        return self._over


def place_of(scope: Scope) -> Place:
    """The place of a request that came through the door."""
    place: Place = scope["state"]["place"]
    return place
