"""How long an answer may get: its limit in tokens, the strings that end it, and what one segment may take.

In: Pieces in order. Out: what of each may go out, and why the answer is over.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from service.engines import FinishReason
from service.rewriting.piece import Piece

# A rewrite is about as long as its input; one that runs on far beyond it is a model talking to itself.
ALLOWANCE_FACTOR = 1.5
ALLOWANCE_TOKENS = 16


def allowed_tokens(text_tokens: int, most: int, limit: int | None) -> int:
    """Tokens that the rewrite of a segment may have: by its length, by the settings, and by what the caller allows."""
    allowed = min(most, int(ALLOWANCE_FACTOR * text_tokens) + ALLOWANCE_TOKENS)
    return allowed if limit is None else min(allowed, limit)


class Bounds:
    """What of an answer may still go out. `finish` says why nothing more may; None as long as more may."""

    def __init__(self, count: Callable[[str], Awaitable[int]], limit_tokens: int | None, stops: Sequence[str]) -> None:
        self._count = count
        self._left = limit_tokens
        self._stops = stops
        self._said = False
        self._end = ""  # of what was said, as much of it as a stop string may have begun in
        self._reach = max(map(len, stops), default=1) - 1
        self.finish: FinishReason | None = None

    async def admit(self, piece: Piece) -> Piece | None:
        """The piece, its beginning, or None where none of it may go out."""
        if self._left is not None:
            if piece.completion_tokens > self._left:
                self.finish = "length"
                return None if self._said else await self._cut(piece, self._left)
            self._left -= piece.completion_tokens
        stop = self._stop_in(piece.text)
        if stop is not None:
            self.finish = "stop"
            return await self._shortened(piece, stop)
        self.finish = piece.finish_reason
        self._said = self._said or bool(piece.text)
        self._end = (self._end + piece.text)[-self._reach :] if self._reach else ""
        return replace(piece, finish_reason=None)

    async def _cut(self, piece: Piece, limit_tokens: int) -> Piece:
        """The longest beginning of a piece that stays within the limit."""
        fits, too_long = 0, len(piece.text) + 1
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if await self._count(piece.text[:middle]) <= limit_tokens:
                fits = middle
            else:
                too_long = middle
        return await self._shortened(piece, fits)

    async def _shortened(self, piece: Piece, characters: int) -> Piece:
        text = piece.text[:characters]
        return replace(piece, text=text, completion_tokens=await self._count(text), finish_reason=None)

    def _stop_in(self, text: str) -> int | None:
        """Where the answer has to end because a stop string begins there, or has begun in what was said."""
        before = len(self._end)
        found = [(self._end + text).find(stop, max(0, before - len(stop) + 1)) for stop in self._stops]
        places = [place for place in found if place >= 0]
        return max(0, min(places) - before) if places else None
