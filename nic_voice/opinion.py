"""What a big model says of a voice's rewrites, beside what the judge says of the same: `evaluate --judge-url`.

In: (draft, rewrite, how likely the judge finds that the same is said), an endpoint and a budget. Out: an Opinion. Texts
go out masked, to a host that is not near with people's names masked, too; each is asked for by itself.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from extraction.neutral.budget import Budget, tokens_at_most
from extraction.neutral.client import ChatClient, RequestRefusedError
from extraction.neutral.endpoint import Endpoint
from voice.facts.masking import mask_pair
from voice.facts.named import names_of
from voice.facts.people import Names

SAMPLE = 100  # texts
CONCURRENCY = 4
ANSWER_TOKENS = 400  # room to think, for models that do
MEANINGS = ("same", "minor", "changed", "garbled")
WRONG = ("changed", "garbled")
RUBRIC = """\
You compare a draft with a message that somebody typed in its place, in his own manner. Typos, slang, lower case and
missing greetings, thanks or filler are fine. Text in angle brackets such as <phone1> stands for something private.
Say what became of the meaning, in one word:
same - whatever matters is said, and nothing false or new
minor - a nuance or a small detail is lost or shifted, and nobody is misled
changed - a reader would be misled: who does what, yes and no, a request, condition or fact lost, a new claim
garbled - it makes no sense
Answer with that one word."""

_SAID = re.compile(rf"\b({'|'.join(MEANINGS)})\b")

Judged = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Opinion:
    """The big model's words for a sample, each with the judge's likelihood; `unread` got no answer that could be read.

    `area`: how often a rewrite that it finds wrong has the lower likelihood of the two, beside one that it does not;
    None where it finds none or all of them wrong.
    """

    said: tuple[tuple[str, float], ...]
    unread: int

    @property
    def area(self) -> float | None:
        wrong = [same for meaning, same in self.said if meaning in WRONG]
        right = [same for meaning, same in self.said if meaning not in WRONG]
        if not wrong or not right:
            return None
        return fmean((one < other) + (one == other) / 2 for one in wrong for other in right)

    def __str__(self) -> str:
        if not self.said:
            return f"The big model said nothing that could be read of {self.unread} texts."
        counts = Counter(meaning for meaning, _ in self.said)
        shares = ", ".join(f"{meaning} {100 * counts[meaning] / len(self.said):.0f} %" for meaning in MEANINGS)
        likely = ", ".join(
            f"{meaning} {fmean(same for word, same in self.said if word == meaning):.2f}"
            for meaning in MEANINGS
            if counts[meaning]
        )
        area = "" if self.area is None else f", area under the curve {self.area:.2f}"
        unread = f" No answer for {self.unread}." if self.unread else ""
        return (
            f"The big model says of {len(self.said)} texts: {shares}. The judge's likelihoods: {likely}{area}.{unread}"
        )


def sample(texts: Sequence[Judged], seed: int) -> list[Judged]:
    """SAMPLE of the texts at most, the same for the same seed."""
    return random.Random(seed).sample(list(texts), min(SAMPLE, len(texts)))


async def ask(
    endpoint: Endpoint, texts: Sequence[Judged], budget: Budget, show: Callable[[int], None] = lambda done: None
) -> Opinion:
    """What the model says of these texts; stops before the budget is exceeded. EndpointError where it is of no use."""
    places, done = asyncio.Semaphore(CONCURRENCY), 0

    async def one(client: ChatClient, judged: Judged) -> tuple[str, float] | None:
        nonlocal done
        question = _question(judged, names=not endpoint.near)
        most = tokens_at_most(RUBRIC + question)
        async with places:
            if not budget.reserve(most, ANSWER_TOKENS):
                return None
            try:
                reply = await client.ask(RUBRIC, question, max_tokens=ANSWER_TOKENS)
            except RequestRefusedError:
                budget.settle(most, ANSWER_TOKENS, most, 0)
                return None
        spent_in = most if reply.tokens_in is None else reply.tokens_in
        spent_out = tokens_at_most(reply.text) if reply.tokens_out is None else reply.tokens_out
        budget.settle(most, ANSWER_TOKENS, spent_in, spent_out)
        done += 1
        show(done)
        said = _SAID.findall(reply.text.lower())
        return (said[-1], judged[2]) if said else None

    async with ChatClient(endpoint) as client, asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(client, judged)) for judged in texts]
    found = [task.result() for task in tasks]
    said = tuple(one for one in found if one)
    return Opinion(said, len(found) - len(said))


def _question(judged: Judged, *, names: bool) -> str:
    draft, rewrite, _ = judged
    known = Names(names_of(draft) | names_of(rewrite, typed=True)) if names else None
    masked, remasked = mask_pair(draft, rewrite, known)
    return f"Draft:\n{masked.text}\n\nTyped:\n{remasked.text}"
