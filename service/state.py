"""What one running service consists of, and whether it can answer yet.

In: Settings, and an engine for tests. Out: voices, a Rewriter and the engine behind them, started and stopped together.
"""

import asyncio
import logging
import time

from service import engines
from service.door import check_address
from service.engines import Engine
from service.errors import EngineAwaited, EngineUnavailable, VoicesError, place_of_error
from service.keys import Keys
from service.limits import Limits
from service.metrics import Metrics
from service.rewriting.rewrite import Rewriter
from service.rewriting.turns import Turns
from service.settings import Settings, log_effective
from service.upstream import Upstream
from service.voices import Voices, first_base, load_voices
from service.watch import Watcher, stamps
from voice.base_model import resolve
from voice.errors import UserError
from voice.shipped import Shipping

log = logging.getLogger(__name__)


class Service:
    """The parts of one application; UserError when the voices or the base model are not there."""

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self.settings = settings
        self.created = int(time.time())
        self._base = base = resolve(settings.model or first_base(settings.voices))
        self._seen = stamps(settings.voices, {}) if settings.voices.is_dir() else {}
        self.voices: Voices = load_voices(settings.voices, base)
        self._watching: asyncio.Task[None] | None = None
        self.hindrance: EngineAwaited | None = None  # what it waits for at its start
        if settings.default and self.voices.canonical(settings.default) is None:
            known = ", ".join(self.voices.names)
            raise VoicesError(f"NIC_VOICE_DEFAULT={settings.default} is no voice in {settings.voices}. Known: {known}.")
        self.engine = engine or engines.open(settings, base, self.voices.largest_rank)
        self.keys = Keys(settings)
        check_address(settings, self.keys)
        self.limits = Limits(settings)
        self.rewriter = Rewriter(self.engine, Turns(settings.max_engine_calls))
        self.metrics = Metrics()
        self.upstream = self._upstream(settings.upstream_url)
        self.shipping = Shipping(settings.shipped) if settings.shipped else None
        self._show()
        self.ready = False
        self.failure: UserError | None = None
        self.starting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to load the model; the server answers /health meanwhile."""
        log_effective(self.settings)
        self.starting = asyncio.create_task(self._start())

    async def stop(self) -> None:
        """Stop the engine, also when it is still starting."""
        for task in filter(None, (self.starting, self._watching)):
            task.cancel()
            await asyncio.wait({task})
        await self.engine.stop()
        if self.upstream is not None:
            await self.upstream.stop()

    def require_started(self) -> None:
        """Raise EngineUnavailable until the model is loaded, and for good when that failed."""
        if self.failure is not None:
            raise EngineUnavailable(f"The service could not start: {self.failure}")
        if self.hindrance is not None:
            raise EngineUnavailable(f"The service is not ready yet: {self.hindrance}")
        if not self.ready:
            raise EngineUnavailable("The model is still being loaded. Ask again in a moment.")

    def _upstream(self, url: str | None) -> Upstream | None:
        """The model that writes drafts, where one is configured; its client reads certificates for 30 ms."""
        if url is None:
            return None
        return Upstream(url, self.settings, lambda outcome, s: self.metrics.upstream.labels(outcome).observe(s))

    def _show(self) -> None:
        """What the metrics say of the parts."""
        limits, voices, engine = self.limits, self.voices, self.engine
        show = self.metrics.watch
        show("nic_voice_working", "Chat completions that are worked on", lambda: limits.working)
        show("nic_voice_queue", "Chat completions that wait for their turn", lambda: limits.waiting)
        show(
            "nic_voice_engine_up", "Whether the engine can answer", lambda: self.ready and getattr(engine, "well", True)
        )
        show("nic_voice_engine_restarts", "How often the engine died and was started again",
             lambda: getattr(engine, "restarts", 0))  # fmt: skip
        turns = self.rewriter.turns
        show("nic_voice_engine_calls", "Rewrites that the engine is asked for now", lambda: turns.taken)
        show("nic_voice_voices_served", "Voices that are served", lambda: len(voices.served))
        show("nic_voice_voices_refused", "Voices, or newer versions of them, that are refused",
             lambda: len(voices.refused))  # fmt: skip
        show("nic_voice_adapter_loads", "Adapters that were loaded since the start", lambda: voices.loads)

    async def _start(self) -> None:
        watcher = Watcher(self.settings.voices, self._base, self.voices, self.engine, self._seen,
                          self.metrics.watch_failures.inc)  # fmt: skip
        try:
            if self.settings.guard == "full" or self.settings.guard_per_request:
                await self.rewriter.judging.load()
            await self._start_engine()
            await watcher.load_all()
        except UserError as error:
            self.failure = error
            log.error("could not start: %s", error)
        except Exception as error:  # noqa: BLE001 - whoever asks has to hear of it, and so has the log
            self.failure = UserError(f"an error that nobody expected ({type(error).__name__}); its log says more.")
            log.error("could not start: %s at %s", type(error).__name__, place_of_error(error))
        else:
            self.ready = True
            log.info("ready: %s on %s", ", ".join(self.voices.served), self.engine.model)
            self._watching = asyncio.create_task(watcher.watch())

    async def _start_engine(self) -> None:
        """Start the engine, however long a model server is waited for."""
        while True:
            try:
                await self.engine.start()
            except EngineAwaited as error:
                if self.hindrance is None:
                    log.warning("not ready yet: %s", error)
                self.hindrance = error
            else:
                self.hindrance = None
                return
