"""Facts before and after: drafts with planted facts through a real voice over HTTP, with the guard and without.

    python -m bench.facts [--quick] [--json FILE] [--voices FOLDER] [--guard LEVEL] [--out FILE]

1,000 drafts (200 with --quick), sentences and whole messages in turn, four at a time. Without --voices the made-up
owner's voice is trained first, as the quickstart does it. `masked_wrong`: identifiers that are not in the rewrite to
the letter; `visible_wrong_share`: of the other planted facts, those of which no accepted form is there;
`dropped_wrong`: sentences left out beyond the courtesies that were put in; `near_copy_share`: rewrites of which under a
tenth of the words differ; `unchanged_words_share`: of the words of drafts, those that stand in the rewrite in order.
"""

import argparse
import asyncio
import difflib
import json
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.planted import MASKED, Draft, drafts
from bench.report import show
from nic_voice.quickstart import make_voice
from nic_voice.serving import free_port, nic_voice, running
from service.rewriting.care import USUAL
from service.rewriting.rewrite import BUSY
from voice.manifest import FILE_NAME

COUNT, QUICK = 1_000, 200
SEED = 7
AT_ONCE = BUSY  # with more under way the service draws fewer candidates
ENVIRONMENT = {"NIC_VOICE_GUARD_PER_REQUEST": "true", "NIC_VOICE_LOG_LEVEL": "WARNING"}
NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for a draft, after how many seconds."""

    draft: Draft
    text: str
    segments: list[dict[str, Any]]
    seconds: float

    @property
    def dropped(self) -> int:
        """How many of its segments were left out."""
        return sum(segment["verdict"] == "dropped" for segment in self.segments)

    def to_json(self) -> str:
        """A line for a person to read: draft, rewrite, what is wrong, and what became of the segments."""
        wrong = [f"{fact.kind} {fact.text}" for fact in self.draft.planted if not fact.kept(self.text)]
        return json.dumps(
            {"draft": self.draft.text, "rewrite": self.text, "wrong": wrong, "segments": self.segments},
            ensure_ascii=False,
        )


def main() -> None:
    """Send every draft under each guard and print what became of the facts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--voices", type=Path, help="folder with one voice; else one is trained")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} drafts")
    parser.add_argument("--guard", choices=("full", "facts", "off"), help="this level alone")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, help="keep what came back there, one JSON object a line")
    arguments = parser.parse_args()
    planted = drafts(QUICK if arguments.quick else COUNT, SEED)
    with tempfile.TemporaryDirectory() as folder:
        voices = arguments.voices or Path(folder) / "voices"
        if not any(voices.glob(f"*/{FILE_NAME}")):
            make_voice(Path(folder), voices)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        serve = nic_voice("serve", "--voices", str(voices), "--port", str(port))
        with running(serve, f"{url}/ready", environment=ENVIRONMENT):
            rows, wrong, refused = [], {}, {}
            for guard, candidates, some in _arms(planted, arguments.guard):
                outcomes = asyncio.run(_sent(url, some, guard, candidates))
                rows.append({"guard": guard, "candidates": candidates, **_counted(outcomes)})
                wrong[f"{guard} {candidates}"] = _wrong_kinds(outcomes)
                refused[f"{guard} {candidates}"] = _refused_kinds(outcomes)
                if arguments.out:
                    with arguments.out.open("a") as file:
                        file.writelines(f"{one.to_json()}\n" for one in outcomes)
                print(rows[-1], flush=True)  # an hour's work must not be lost with the last arm
    show("Planted facts", rows, arguments.json, width=180, wrong=wrong, refused=refused)


def _arms(planted: list[Draft], guard: str | None) -> list[tuple[str, int, list[Draft]]]:
    """Guard, candidates and drafts of each; other numbers of candidates are for their cost, which fewer drafts show."""
    some = planted[: min(QUICK, len(planted) // 2)]
    usual = [(level, USUAL.candidates, planted) for level in ("full", "facts", "off") if guard in (None, level)]
    return usual if guard else [*usual, *(("full", candidates, some) for candidates in (1, 4))]


async def _sent(url: str, planted: list[Draft], guard: str, candidates: int) -> list[Outcome]:
    turns = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=300) as client:

        async def send(draft: Draft, seed: int) -> Outcome:
            async with turns:
                started_s = time.perf_counter()
                body: dict[str, Any] = {"messages": [{"role": "user", "content": draft.text}], "seed": seed}
                body |= {"guard": guard, "candidates": candidates}
                answer = await client.post("/v1/chat/completions", json=body)
                answer.raise_for_status()
                content = answer.json()
                text = content["choices"][0]["message"]["content"]
                return Outcome(draft, text, content["voice"]["segments"], time.perf_counter() - started_s)

        return await asyncio.gather(*(send(draft, seed) for seed, draft in enumerate(planted)))


def _counted(outcomes: list[Outcome]) -> dict[str, Any]:
    masked = [fact.kept(one.text) for one in outcomes for fact in one.draft.planted if fact.kind in MASKED]
    visible = [fact.kept(one.text) for one in outcomes for fact in one.draft.planted if fact.kind not in MASKED]
    verdicts = Counter(segment["verdict"] for one in outcomes for segment in one.segments)
    unchanged = [_unchanged(one.draft.text, one.text) for one in outcomes]
    return {
        "drafts": len(outcomes),
        "masked": len(masked),
        "masked_wrong": masked.count(False),
        "visible": len(visible),
        "visible_wrong_share": visible.count(False) / len(visible),
        "fallback_share": (verdicts["fallback"] + verdicts["copied"]) / verdicts.total(),
        "resampled_share": verdicts["resampled"] / verdicts.total(),
        "dropped": verdicts["dropped"],
        "dropped_wrong": sum(max(0, one.dropped - one.draft.courtesies) for one in outcomes),
        "unchanged_words_share": statistics.fmean(unchanged),
        "near_copy_share": statistics.fmean(share > 1 - NEAR for share in unchanged),
        "median_s": statistics.median(one.seconds for one in outcomes),
    }


def _wrong_kinds(outcomes: list[Outcome]) -> dict[str, int]:
    """How many planted facts of each kind are wrong."""
    return dict(
        Counter(fact.kind for one in outcomes for fact in one.draft.planted if not fact.kept(one.text)).most_common()
    )


def _refused_kinds(outcomes: list[Outcome]) -> dict[str, int]:
    """Of the segments that went out as they came, how many with each kind of thing against the best rewrite."""
    segments = [segment for one in outcomes for segment in one.segments if segment["verdict"] == "fallback"]
    return dict(Counter(kind for segment in segments for kind in segment["kinds"]).most_common())


def _unchanged(before: str, after: str) -> float:
    """The share of the words of a draft that stand in its rewrite in their order, case aside."""
    words, others = before.lower().split(), after.lower().split()
    blocks = difflib.SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(words), len(others))


if __name__ == "__main__":
    main()
