"""What Prometheus scrapes, and the line that is logged for each request.

In: every HTTP request, by the middleware Watch. Out: X-Request-Id on each answer, one log line, the numbers of
/metrics. Labels are bounded: a voice that is not served is counted as 'unknown'.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.answer import Usage
from service.errors import ClientGone, EngineUnavailable, unexpected
from service.http import respond

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
_SAME = tuple(tenth / 10 for tenth in range(1, 11))
_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)


@dataclass(slots=True)
class Record:
    """What is known of a request, without its text; the handlers fill it in."""

    id: str = field(default_factory=lambda: f"req-{token_hex(8)}")
    started: float = field(default_factory=time.perf_counter)
    voice: str = UNKNOWN
    status: int = 0
    usage: Usage = field(default_factory=Usage)


class Metrics:
    """The numbers of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nic_voice_requests", "Chat completions by voice and status", ["voice", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "nic_voice_request_seconds", "Time from request to the end of its answer", ["voice"],
            buckets=_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.first_piece = Histogram(
            "nic_voice_first_piece_seconds", "Time from request to the first piece of its answer", ["voice"],
            buckets=_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.upstream = Histogram(
            "nic_voice_upstream_seconds", "Time in which the upstream wrote a draft, by what came of it", ["outcome"],
            buckets=_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.tokens = Counter(
            "nic_voice_tokens", "Tokens of prompts (in) and answers (out)", ["voice", "direction"],
            registry=self.registry,
        )  # fmt: skip
        self.segments = Counter(
            "nic_voice_segments", "Segments by what became of them", ["voice", "verdict"], registry=self.registry
        )
        self.same = Histogram(
            "nic_voice_same", "How likely rewrites that went out say the same", ["voice"], buckets=_SAME,
            registry=self.registry,
        )  # fmt: skip
        self.refusals = Counter(
            "nic_voice_refusals", "What spoke against the best rewrite of segments that went out as they came",
            ["voice", "kind"], registry=self.registry,
        )  # fmt: skip
        self.refused = Counter("nic_voice_refused", "Requests that the door refused", ["code"], registry=self.registry)
        self.watch_failures = Counter(
            "nic_voice_watch_failures", "Looks at the folder of voices that failed", registry=self.registry
        )
        self.in_flight = Gauge("nic_voice_in_flight", "Chat completions under way", registry=self.registry)

    def watch(self, name: str, what: str, count: Callable[[], float]) -> None:
        """Show a number that somebody else knows."""
        Gauge(name, what, registry=self.registry).set_function(count)

    def count(self, record: Record, seconds: float) -> None:
        """Add a finished chat completion."""
        self.requests.labels(record.voice, str(record.status)).inc()
        self.seconds.labels(record.voice).observe(seconds)
        if record.usage.first_s is not None:
            self.first_piece.labels(record.voice).observe(record.usage.first_s - record.started)
        self.tokens.labels(record.voice, "in").inc(record.usage.prompt_tokens)
        self.tokens.labels(record.voice, "out").inc(record.usage.completion_tokens)
        for verdict, count in record.usage.verdicts.items():
            self.segments.labels(record.voice, verdict).inc(count)
        for same in record.usage.same:
            self.same.labels(record.voice).observe(same)
        for kind, count in record.usage.refusals.items():
            self.refusals.labels(record.voice, kind).inc(count)


class Watch:
    """ASGI middleware around everything; the last place where an unexpected error is caught.

    The requests to the address `counted` are what the metrics count.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, counted: str) -> None:
        self._app = app
        self._counted = counted
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = Record()
        scope.setdefault("state", {})["record"] = record
        counted = scope["path"] == self._counted

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = record.status or message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", record.id.encode())]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await asyncio.sleep(0)  # the last of it goes out now, before anything is noted and counted

        if counted:
            self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, send_on)
        except asyncio.CancelledError:  # the server has been told to stop, and has waited for this request
            if not record.status:
                await respond(EngineUnavailable("The service stops. Ask again in a moment."))(scope, receive, send_on)
            raise
        except Exception as error:  # noqa: BLE001 - above this the server would log it with whatever text it holds
            await self._unexpected(error, record, scope, receive, send_on)
        finally:
            seconds = time.perf_counter() - record.started
            record.status = record.status or ClientGone.status  # only a cancelled request ends without an answer
            if counted:
                self._metrics.in_flight.dec()
                self._metrics.count(record, seconds)
            _log(record, scope, seconds)

    @staticmethod
    async def _unexpected(error: Exception, record: Record, scope: Scope, receive: Receive, send: Send) -> None:
        answer = unexpected(error, record.id)
        if not record.status:
            await respond(answer)(scope, receive, send)


def _log(record: Record, scope: Scope, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "-")  # the pattern, for the path itself may hold anything
    level = logging.INFO if route.startswith("/v1/") else logging.DEBUG
    log.log(
        level, "%s %s %s voice=%s status=%d tokens_in=%d tokens_out=%d ms=%.0f", record.id, scope["method"], route,
        record.voice, record.status, record.usage.prompt_tokens, record.usage.completion_tokens, seconds * 1000,
    )  # fmt: skip
