"""Own texts -> drafts by an adapter that was trained the other way round: the neutral sides of `--how learned`.

In: pairs of own texts and the drafts that a big model wrote for them; then pieces that have none, and the address of a
service that serves the adapter which learned from the pairs. Out: for each piece the best of several drafts that stood
every check, as many as are wanted, or none. Answers are kept as they come: what was written before a kill is not
written again.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx

from extraction.drafts import Draft
from extraction.neutral.answers import Answer, Answers, key_of
from extraction.neutral.endpoint import EndpointError
from extraction.neutral.question import why_bad
from extraction.neutral.stage import triplet_of
from extraction.pieces import Piece
from voice.alignment import Alignment
from voice.facts.compare import invented
from voice.judges.verdict import Judges
from voice.split import split
from voice.style import Verifier
from voice.tls import tls_context
from voice.triplet import RULES, Triplet

ORIGIN = "learned"
VERSIONS = 3  # drafts that are written of a text
AT_ONCE = 32
TEMPERATURE = 0.7
TIMEOUT_S = 300.0
LEAST = 0.4  # how likely a draft by a small model says the same, by its words alone


def known_drafts(pieces: Iterable[Piece], triplets: Iterable[Triplet]) -> dict[str, Draft]:
    """The drafts that there are, by the ids of their pieces: those of own.jsonl, and the neutral sides of triplets
    that a model wrote for the same text.
    """
    written = {
        (triplet.id, triplet.own): Draft(triplet.neutral, triplet.origin)
        for triplet in triplets
        if triplet.origin not in (RULES, ORIGIN)
    }
    known = {}
    for piece in pieces:
        if piece.draft and piece.model and not invented(piece.draft, piece.own):
            known[piece.id] = Draft(piece.draft, piece.model)
        elif (piece.id, piece.own) in written:
            known[piece.id] = written[piece.id, piece.own]
    return known


def lessons(pieces: Sequence[Piece], known: dict[str, Draft], share: float, most: int) -> list[Triplet]:
    """Triplets that teach the way from the own text to its draft; none of what training is going to hold out."""
    forward = [triplet_of(piece, piece.own, ORIGIN) for piece in pieces]
    held_out = {triplet.id for triplet in split(forward, share, most).held_out}
    return [
        replace(triplet, neutral=triplet.own, own=known[triplet.id].text)
        for triplet in forward
        if triplet.id in known and triplet.id not in held_out
    ]


class LearnedDrafts:
    """Asks the adapter for the drafts that are not kept yet, and finds those that are.

    `alignment` is that of (draft, own) pairs; `verifier` says how much a text is like a draft; `version` names the
    adapter, so that the drafts of another one are not taken for this one's. `most` is how many drafts of a text are
    given out, from 1 to VERSIONS.
    """

    def __init__(
        self, url: str, version: str, alignment: Alignment, verifier: Verifier, answers: Path, known: dict[str, Draft],
        most: int = 1,
    ) -> None:  # fmt: skip
        self._url = f"{url}/v1/chat/completions"
        self._version = version
        self._judges = Judges(alignment)
        self._verifier = verifier
        self._answers = Answers(answers)
        self._known = known
        self._most = most

    def look_up(self, piece: Piece) -> list[Draft] | str:
        """The drafts of a piece, or why there is none: a known one by its model, else the adapter's, the best first."""
        if piece.id in self._known:
            return [self._known[piece.id]]
        answers = [self._answers.get(self._key(piece, place)) for place in range(self._most)]
        if answers[0] is None:
            return "not_asked"
        good = [Draft(answer.draft, ORIGIN) for answer in answers if answer and answer.draft is not None]
        return good or str(answers[0].reason)

    async def fill(self, pieces: Iterable[Piece], on_progress: Callable[[int], None] = lambda done: None) -> None:
        """Ask for the drafts of all pieces that have none yet."""
        turns = asyncio.Semaphore(AT_ONCE)
        done = 0
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=tls_context()) as client:

            async def ask(piece: Piece) -> None:
                nonlocal done
                async with turns:
                    drafts = [await self._ask(client, piece, seed) for seed in range(VERSIONS)]
                self._answers.keep((self._key(piece, place), answer)
                                   for place, answer in enumerate(self._ranked(piece, drafts)))  # fmt: skip
                done += 1
                on_progress(done)

            tasks = [asyncio.create_task(ask(piece)) for piece in self.open(pieces)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def open(self, pieces: Iterable[Piece]) -> list[Piece]:
        """The pieces that nothing is known of yet; of equal texts the first."""
        found = {self._key(piece, 0): piece for piece in pieces if self.look_up(piece) == "not_asked"}
        return list(found.values())

    def close(self) -> None:
        """Close the file of answers."""
        self._answers.close()

    async def _ask(self, client: httpx.AsyncClient, piece: Piece, seed: int) -> str:
        body = {
            "messages": [{"role": "user", "content": piece.own}],
            "register": piece.register,
            "temperature": TEMPERATURE,
            "seed": seed,
        }
        try:
            answer = await client.post(self._url, json=body)
            answer.raise_for_status()
            return str(answer.json()["choices"][0]["message"]["content"]).strip()
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise EndpointError(
                f"The service with the learned drafts failed ({type(error).__name__}). What it wrote is kept: run the "
                f"same command again."
            ) from error

    def _ranked(self, piece: Piece, drafts: Sequence[str]) -> list[Answer]:
        """The drafts that nothing is wrong with, each once, those first that are most like one; else why the last is
        none.
        """
        reasons = [why_bad(piece.own, draft, self._judges, LEAST) for draft in drafts]
        good = list(dict.fromkeys(draft for draft, reason in zip(drafts, reasons, strict=True) if reason is None))
        if not good:
            return [Answer(None, reasons[-1], len(drafts))]
        order = (-self._verifier.score(good)).argsort(kind="stable")
        return [Answer(good[place], None, len(drafts)) for place in order]

    def _key(self, piece: Piece, place: int) -> bytes:
        return key_of(piece.own, piece.register, piece.unit, ORIGIN, self._version, *([str(place)] if place else []))
