"""Own texts -> drafts by a big model over HTTP: the neutral sides of `--neutral llm`.

In: pieces, masked. Out: for each a draft that stood every check, or none. Answers are kept in a file as they come, so
a run may be killed at any moment and asks nothing twice.

    model = BigModel(endpoint, out / "answers.sqlite", budget=parse_budget("2M", price=None))
    print(model.estimate(pieces))
    await model.fill(pieces)
    draft = model.draft(piece)
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extraction.drafts import Draft
from extraction.neutral.answers import Answer, Answers, key_of
from extraction.neutral.budget import Budget, tokens_about, tokens_at_most
from extraction.neutral.client import ChatClient, Reply, RequestRefusedError
from extraction.neutral.endpoint import Endpoint, EndpointError
from extraction.neutral.question import PROMPT_VERSION, question, read_answers, system_prompt, why_bad
from extraction.pieces import Piece
from voice.errors import counted
from voice.triplet import Register

BATCH_TEXTS, BATCH_CHARACTERS = 16, 6000
CONCURRENCY = 4
TRIES = 2
NOTHING_USABLE_AFTER = 48  # bad answers in a row from the start: the wrong model, not bad luck
NOT_ASKED = Answer(None, "not_asked", 0)
# Taken for the estimate only: what one call of a large model gives, and how much longer than its text a draft is.
GUESSED_TOKENS_PER_S, GUESSED_LATENCY_S = 40.0, 1.0
GUESSED_TIMES, GUESSED_MORE_TOKENS = 1.6, 20

Client = Callable[[Endpoint], ChatClient]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would ask: texts not asked yet, calls, tokens, seconds; `money` is None without a price."""

    host: str
    model: str
    texts: int
    calls: int
    tokens_in: int
    tokens_out: int
    seconds: float
    money: float | None

    def __str__(self) -> str:
        minutes = self.seconds / 60
        time = f"{minutes:,.0f} min" if minutes >= 1 else "under a minute"
        price = "price unknown (give --neutral-price IN OUT)" if self.money is None else f"about {self.money:,.2f}"
        return (
            f"{self.host}, model {self.model}: {counted(self.texts, 'text')} in {counted(self.calls, 'call')}, "
            f"about {self.tokens_in:,} tokens in and {self.tokens_out:,} out, "
            f"{time} at {GUESSED_TOKENS_PER_S:.0f} tokens/s a call, {price}"
        )


class BigModel:
    """Asks for the drafts that are not kept yet, and finds those that are."""

    def __init__(
        self, endpoint: Endpoint, answers: Path, *, budget: Budget | None = None, concurrency: int = CONCURRENCY,
        client: Client = ChatClient,
    ) -> None:  # fmt: skip
        self.endpoint = endpoint
        self.budget = budget or Budget(None)
        self._answers = Answers(answers)
        self._concurrency = concurrency
        self._client = client
        self._in_flight: set[bytes] = set()
        self._bad_in_a_row: int | None = 0  # None as soon as one answer was good
        self._last_refusal = ""

    def estimate(self, pieces: Iterable[Piece]) -> Estimate:
        """What `fill` would ask; the second tries of what comes back bad are not in it."""
        asked = calls = tokens_in = tokens_out = 0
        for batch in _batches(self._open(pieces, set())):
            asked, calls = asked + len(batch), calls + 1
            tokens_in += tokens_about(_system(batch) + _user(batch))
            tokens_out += sum(round(tokens_about(piece.own) * GUESSED_TIMES) + GUESSED_MORE_TOKENS for piece in batch)
        seconds = (calls * GUESSED_LATENCY_S + tokens_out / GUESSED_TOKENS_PER_S) / self._concurrency
        money = self.budget.price.of(tokens_in, tokens_out) if self.budget.price else None
        return Estimate(self.endpoint.host, self.endpoint.model, asked, calls, tokens_in, tokens_out, seconds, money)

    async def fill(self, pieces: Iterable[Piece], on_progress: Callable[[int], None] = lambda done: None) -> None:
        """Ask for every draft that is not kept; stops before the budget is exceeded. `on_progress` gets answers."""
        running: set[asyncio.Task[int]] = set()
        finished: set[asyncio.Task[int]] = set()
        done = 0
        self._in_flight.clear()
        async with self._client(self.endpoint) as client:
            try:
                for batch in _batches(self._open(pieces, self._in_flight)):
                    if len(running) >= self._concurrency:
                        finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                        done += sum(task.result() for task in finished)
                        on_progress(done)
                    if self.budget.used_up:
                        break
                    running.add(asyncio.create_task(self._ask(client, batch)))
                while running:
                    finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    done += sum(task.result() for task in finished)
                    on_progress(done)
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, *finished, return_exceptions=True)  # more than one may have failed

    def look_up(self, piece: Piece) -> list[Draft] | str:
        """The draft that is kept for a piece, or why there is none."""
        answer = self._answer(piece)
        return [Draft(answer.draft, self.endpoint.model)] if answer.draft is not None else str(answer.reason)

    def _answer(self, piece: Piece) -> Answer:
        return self._answers.get(self._key(piece)) or NOT_ASKED

    def close(self) -> None:
        """Close the file of answers."""
        self._answers.close()

    def _key(self, piece: Piece) -> bytes:
        return key_of(piece.own, piece.register, piece.unit, str(PROMPT_VERSION), self.endpoint.model)

    def _open(self, pieces: Iterable[Piece], taken: set[bytes]) -> Iterator[Piece]:
        """The pieces that still have a try and whose keys are not taken; takes them."""
        for piece in pieces:
            key = self._key(piece)
            if key in taken:
                continue
            answer = self._answer(piece)
            if answer.draft is None and answer.tries < TRIES:
                taken.add(key)
                yield piece

    async def _ask(self, client: ChatClient, batch: list[Piece]) -> int:
        """Ask for a batch, then once more and one by one for what was no good; the number of good answers."""
        try:
            if first := [piece for piece in batch if not self._answer(piece).tries]:
                await self._ask_once(client, first)
            for piece in batch:
                answer = self._answer(piece)
                if answer.draft is None and 0 < answer.tries < TRIES:
                    await self._ask_once(client, [piece])
            return sum(self._answer(piece).draft is not None for piece in batch)
        finally:
            self._in_flight.difference_update(map(self._key, batch))

    async def _ask_once(self, client: ChatClient, batch: list[Piece]) -> None:
        """Ask, check, and keep what came of it; does nothing when the budget forbids it."""
        system, user = _system(batch), _user(batch)
        longest = sum(tokens_at_most(piece.own) * 2 + 80 for piece in batch) + 100
        worst_in = tokens_at_most(system + user) + 50
        if not self.budget.reserve(worst_in, longest):
            return
        reply, reason = Reply("", 0, 0), "unreadable"
        try:
            reply = await client.ask(system, user, max_tokens=longest)
        except RequestRefusedError as error:
            reason, self._last_refusal = "refused_by_endpoint", str(error)
        finally:
            tokens_in = worst_in if reply.tokens_in is None else reply.tokens_in
            tokens_out = longest if reply.tokens_out is None else reply.tokens_out
            self.budget.settle(worst_in, longest, tokens_in, tokens_out)
        drafts = read_answers(reply.text, len(batch))
        results = [self._judge(piece, drafts.get(n), reason) for n, piece in enumerate(batch, start=1)]
        self._answers.keep((self._key(piece), answer) for piece, answer in zip(batch, results, strict=True))
        self._give_up_on_nonsense(results)

    def _judge(self, piece: Piece, draft: str | None, reason: str) -> Answer:
        tries = self._answer(piece).tries + 1
        if draft is None:
            return Answer(None, reason, tries)
        bad = why_bad(piece.own, draft.strip())
        return Answer(None if bad else draft.strip(), bad, tries)

    def _give_up_on_nonsense(self, results: list[Answer]) -> None:
        if any(answer.draft is not None for answer in results):
            self._bad_in_a_row = None
        if self._bad_in_a_row is None:
            return
        self._bad_in_a_row += len(results)
        if self._bad_in_a_row >= NOTHING_USABLE_AFTER:
            why = self._last_refusal or f"the last reason: {results[-1].reason}"
            raise EndpointError(
                f"Model {self.endpoint.model!r} at {self.endpoint.host} gave nothing usable for {self._bad_in_a_row} "
                f"texts ({why}). Choose another --neutral-model, or leave out --neutral llm."
            )


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Texts of one register each, up to a number and a length; a longer text goes alone."""
    waiting: dict[Register, list[Piece]] = {}
    for piece in pieces:
        batch = waiting.setdefault(piece.register, [])
        if batch and sum(len(one.own) for one in batch) + len(piece.own) > BATCH_CHARACTERS:
            yield batch
            batch = waiting[piece.register] = []
        batch.append(piece)
        if len(batch) >= BATCH_TEXTS:
            yield waiting.pop(piece.register)
    yield from (batch for batch in waiting.values() if batch)


def _system(batch: list[Piece]) -> str:
    return system_prompt(batch[0].register)


def _user(batch: list[Piece]) -> str:
    return question([(piece.own, piece.unit) for piece in batch])
