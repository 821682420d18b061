"""Own sentences -> neutral ones by a big model over HTTP, for an extraction with `--neutral llm`.

In: sentences, masked, each with the rules' version. Out: for each, the model's version when it stood every check, else
the rules'. Answers are kept in a file as they come, so a run may be killed at any moment and asks nothing twice.

    rewriter = Rewriter(endpoint, out / "neutral.sqlite", budget=parse_budget("2M", price=None))
    print(rewriter.estimate(sentences()))
    await rewriter.fill(sentences())
    neutral, origin = rewriter.lookup(sentence)
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extraction.budget import Budget, Price, tokens_about, tokens_at_most
from extraction.chat_client import ChatClient, Reply, RequestRefusedError
from extraction.endpoint import Endpoint, EndpointError
from extraction.neutral_cache import Answer, NeutralCache, key_of
from extraction.neutral_prompt import PROMPT_VERSION, question, read_answers, system_prompt, tidy, why_bad
from voice.triplet import Register

RULES = "rules"
BATCH_SENTENCES, BATCH_CHARACTERS = 16, 6000
CONCURRENCY = 4
TRIES = 2
NOTHING_USABLE_AFTER = 48  # bad answers in a row from the start: the wrong model, not bad luck
# Taken for the estimate only: what one call of a large model gives.
GUESSED_TOKENS_PER_S, GUESSED_LATENCY_S = 40.0, 1.0

Client = Callable[[Endpoint], ChatClient]


@dataclass(frozen=True, slots=True)
class Sentence:
    """An own sentence, masked, its register, and its neutral side by rules."""

    own: str
    register: Register
    rules: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would ask: sentences not asked yet, calls, tokens, seconds; `money` is None without a price."""

    host: str
    model: str
    sentences: int
    calls: int
    tokens_in: int
    tokens_out: int
    seconds: float
    money: float | None

    def __str__(self) -> str:
        price = "price unknown (give --neutral-price IN OUT)" if self.money is None else f"about {self.money:,.2f}"
        return (
            f"{self.host}, model {self.model}: {self.sentences:,} sentences in {self.calls:,} calls, "
            f"about {self.tokens_in:,} tokens in and {self.tokens_out:,} out, "
            f"{self.seconds / 60:,.0f} min at {GUESSED_TOKENS_PER_S:.0f} tokens/s a call, {price}"
        )


class Rewriter:
    """Asks for what is not kept yet, and looks up what is. `counts` says what `lookup` gave: `model`, or why not."""

    def __init__(
        self, endpoint: Endpoint, cache: Path, *, budget: Budget | None = None, price: Price | None = None,
        concurrency: int = CONCURRENCY, client: Client = ChatClient,
    ) -> None:  # fmt: skip
        self.endpoint = endpoint
        self.counts: Counter[str] = Counter()
        self.budget = budget or Budget(None, price)
        self._cache = NeutralCache(cache)
        self._concurrency = concurrency
        self._client = client
        self._in_flight: set[bytes] = set()
        self._bad_in_a_row: int | None = 0  # None as soon as one answer was good
        self._last_refusal = ""

    def estimate(self, sentences: Iterable[Sentence]) -> Estimate:
        """What `fill` would ask; what must be asked again and the extra calls for bad answers are not in it."""
        asked = calls = tokens_in = tokens_out = 0
        for batch in _batches(self._open(sentences, set())):
            asked, calls = asked + len(batch), calls + 1
            tokens_in += tokens_about(_system(batch) + _user(batch))
            tokens_out += sum(tokens_about(sentence.rules) + 12 for sentence in batch)
        seconds = (calls * GUESSED_LATENCY_S + tokens_out / GUESSED_TOKENS_PER_S) / self._concurrency
        money = self.budget.price.of(tokens_in, tokens_out) if self.budget.price else None
        return Estimate(self.endpoint.host, self.endpoint.model, asked, calls, tokens_in, tokens_out, seconds, money)

    async def fill(self, sentences: Iterable[Sentence], on_progress: Callable[[int], None] = lambda done: None) -> None:
        """Ask for every sentence that is not kept; stops before the budget is exceeded. `on_progress` gets answers."""
        running: set[asyncio.Task[int]] = set()
        done = 0
        self._in_flight.clear()
        async with self._client(self.endpoint) as client:
            try:
                for batch in _batches(self._open(sentences, self._in_flight)):
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
                await asyncio.gather(*running, return_exceptions=True)

    def lookup(self, sentence: Sentence) -> tuple[str, str]:
        """The neutral side and its origin: the model's name, or `rules`; counts which, and why."""
        answer = self._cache.get(self._key(sentence))
        if answer and answer.neutral is not None:
            self.counts["model"] += 1
            return answer.neutral, self.endpoint.model
        self.counts[(answer.reason if answer else None) or "not_asked"] += 1
        return sentence.rules, RULES

    def close(self) -> None:
        """Close the file of answers."""
        self._cache.close()

    def _key(self, sentence: Sentence) -> bytes:
        return key_of(sentence.own, sentence.register, PROMPT_VERSION, self.endpoint.model)

    def _open(self, sentences: Iterable[Sentence], taken: set[bytes]) -> Iterator[Sentence]:
        """The sentences that still have a try and whose keys are not taken; takes them."""
        for sentence in sentences:
            key = self._key(sentence)
            answer = None if key in taken else self._cache.get(key)
            if key not in taken and (answer is None or (answer.neutral is None and answer.tries < TRIES)):
                taken.add(key)
                yield sentence

    async def _ask(self, client: ChatClient, batch: list[Sentence]) -> int:
        """Ask for a batch, then once more and one by one for what was no good; the number of good answers."""
        try:
            first = [sentence for sentence in batch if not self._tries(sentence)]
            if first:
                await self._ask_once(client, first)
            for sentence in batch:
                answer = self._cache.get(self._key(sentence))
                if answer and answer.neutral is None and answer.tries < TRIES:
                    await self._ask_once(client, [sentence])
            answers = [self._cache.get(self._key(sentence)) for sentence in batch]
            return sum(answer is not None and answer.neutral is not None for answer in answers)
        finally:
            self._in_flight.difference_update(map(self._key, batch))

    async def _ask_once(self, client: ChatClient, batch: list[Sentence]) -> None:
        """Ask, check, and keep what came of it; does nothing when the budget forbids it."""
        system, user = _system(batch), _user(batch)
        longest = sum(tokens_at_most(sentence.own) * 2 + 60 for sentence in batch) + 100
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
        answers = read_answers(reply.text, len(batch))
        results = [self._judge(sentence, answers.get(n), reason) for n, sentence in enumerate(batch, start=1)]
        self._cache.keep((self._key(sentence), answer) for sentence, answer in zip(batch, results, strict=True))
        self._give_up_on_nonsense(results)

    def _judge(self, sentence: Sentence, text: str | None, reason: str) -> Answer:
        tries = self._tries(sentence) + 1
        if text is None:
            return Answer(None, reason, tries)
        neutral = tidy(sentence.own, text)
        bad = why_bad(sentence.own, neutral, sentence.rules)
        return Answer(None if bad else neutral, bad, tries)

    def _tries(self, sentence: Sentence) -> int:
        answer = self._cache.get(self._key(sentence))
        return answer.tries if answer else 0

    def _give_up_on_nonsense(self, results: list[Answer]) -> None:
        if any(answer.neutral is not None for answer in results):
            self._bad_in_a_row = None
        if self._bad_in_a_row is None:
            return
        self._bad_in_a_row += len(results)
        if self._bad_in_a_row >= NOTHING_USABLE_AFTER:
            why = self._last_refusal or f"the last reason: {results[-1].reason}"
            raise EndpointError(
                f"Model {self.endpoint.model!r} at {self.endpoint.host} gave nothing usable for "
                f"{self._bad_in_a_row} sentences ({why}). Choose another --neutral-model, or leave out --neutral llm."
            )


def _batches(sentences: Iterable[Sentence]) -> Iterator[list[Sentence]]:
    """Sentences of one register each, up to a number and a length; a longer sentence goes alone."""
    waiting: dict[Register, list[Sentence]] = {}
    for sentence in sentences:
        batch = waiting.setdefault(sentence.register, [])
        if batch and sum(len(one.own) for one in batch) + len(sentence.own) > BATCH_CHARACTERS:
            yield batch
            batch = waiting[sentence.register] = []
        batch.append(sentence)
        if len(batch) >= BATCH_SENTENCES:
            yield waiting.pop(sentence.register)
    yield from (batch for batch in waiting.values() if batch)


def _system(batch: list[Sentence]) -> str:
    return system_prompt(batch[0].register)


def _user(batch: list[Sentence]) -> str:
    return question([sentence.own for sentence in batch])
