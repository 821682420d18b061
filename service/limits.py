"""How much may be asked at once: by one key, and by all together.

In: the name of a key. Out: a Place, which a request takes before it is worked on and gives back when it is done.
"""

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass

from service.errors import Overloaded, TooManyRequests
from service.settings import Settings


@dataclass(slots=True)
class _Caller:
    tokens: float  # what is left of the requests of a minute
    seen_s: float
    in_flight: int = 0


class Limits:
    """The limits of one service; all of it runs in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._per_minute = settings.requests_per_minute
        self._per_key = settings.requests_per_key
        self._most = settings.max_in_flight
        self._most_waiting = settings.max_queue
        self._callers: dict[str, _Caller] = {}  # by the name of the key, so there are few
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.working = 0

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return len(self._waiting)

    def admit(self, name: str) -> "Place":
        """A request of this key comes in; TooManyRequests when it has asked too often or too much at once."""
        caller = self._refilled(name)
        if self._per_key and caller.in_flight >= self._per_key:
            raise TooManyRequests(f"This key has {caller.in_flight} requests under way, as many as it may.", 1)
        if self._per_minute:
            if caller.tokens < 1:
                wait_s = math.ceil((1 - caller.tokens) * 60 / self._per_minute)
                raise TooManyRequests(f"This key may ask {self._per_minute} times a minute. Wait {wait_s} s.", wait_s)
            caller.tokens -= 1
        caller.in_flight += 1
        return Place(self, caller)

    def _refilled(self, name: str) -> _Caller:
        now_s = time.monotonic()
        caller = self._callers.setdefault(name, _Caller(float(self._per_minute), now_s))
        gained = (now_s - caller.seen_s) * self._per_minute / 60
        caller.tokens, caller.seen_s = min(float(self._per_minute), caller.tokens + gained), now_s
        return caller

    def _try(self) -> bool:
        if self.working < self._most and not self._waiting:
            self.working += 1
            return True
        return False

    async def _wait(self) -> None:
        if len(self._waiting) >= self._most_waiting:
            raise Overloaded(f"{len(self._waiting)} requests are waiting already. Ask again in a moment.")
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the turn came in the same moment
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)  # the place goes to the next one, so that nobody can slip in between
                return
        self.working -= 1


class Place:
    """One request's place; giving it back twice does no harm."""

    def __init__(self, limits: Limits, caller: _Caller) -> None:
        self._limits, self._caller = limits, caller
        self._taken = self._over = False

    def take_now(self) -> bool:
        """Begin if nobody has to be waited for."""
        self._taken = self._taken or self._limits._try()
        return self._taken

    async def take(self) -> None:
        """Begin when it is this request's turn; Overloaded when too many wait."""
        if not self.take_now():
            await self._limits._wait()
            self._taken = True

    def give_back(self) -> None:
        """The request is done, however it ended."""
        if self._over:
            return
        self._over = True
        self._caller.in_flight -= 1
        if self._taken:
            self._limits._leave()
