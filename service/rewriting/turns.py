"""Who may ask the engine next: so many calls at once and no more, shared evenly among the requests that want some.

In: a Share for each request. Out: a turn for each of its calls. Of those that wait, the request with the fewest calls
under way is next; one request alone gets a quarter of all, so that there is always room for the next one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """The turns of one engine; all of it runs in one event loop."""

    def __init__(self, most: int) -> None:
        self.most = self._free = most
        self._most_a_share = max(1, most // 4)
        self._waiting: dict[Share, None] = {}  # shares of which a call waits, the one that had a turn last at the end

    @property
    def taken(self) -> int:
        """Calls that are under way."""
        return self.most - self._free

    def share(self) -> "Share":
        """What a new request gets of them."""
        return Share(self)

    async def take(self, share: "Share") -> None:
        """Wait for a turn."""
        if self._free and share.taken < self._most_a_share and not share.waiting:
            self._give(share)
            return
        turn = asyncio.get_running_loop().create_future()
        share.waiting.append(turn)
        self._waiting[share] = None
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(share)  # the turn came in the same moment
            elif turn in share.waiting:
                share.waiting.remove(turn)
                if not share.waiting:
                    self._waiting.pop(share, None)
            raise

    def give_back(self, share: "Share") -> None:
        """A call is over: the turn goes to whoever is next."""
        share.taken -= 1
        self._free += 1
        while self._free and (following := self._next()) is not None:
            turn = following.waiting.popleft()
            del self._waiting[following]
            if following.waiting:
                self._waiting[following] = None  # behind those that have as few
            if not turn.done():
                self._give(following)
                turn.set_result(None)

    def _next(self) -> "Share | None":
        able = (share for share in self._waiting if share.taken < self._most_a_share)
        return min(able, key=lambda share: share.taken, default=None)

    def _give(self, share: "Share") -> None:
        self._free -= 1
        share.taken += 1


class Share:
    """What one request has of the turns."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.taken = 0
        self.waiting: deque[asyncio.Future[None]] = deque()

    @property
    def engine_is_idle(self) -> bool:
        """Whether no call of anybody is under way."""
        return not self._turns.taken

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn, and give it back when the block ends."""
        await self._turns.take(self)
        try:
            yield
        finally:
            self._turns.give_back(self)
