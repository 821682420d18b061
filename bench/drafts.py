"""Drafts as an assistant writes them, one-liners to status reports, through a voice: in what time, and what of them.

    python -m bench.drafts [--quick] [--json FILE] [--voices FOLDER] [--before CHECKOUT] [--out FOLDER]

62 drafts (20 with --quick) one after another, streamed, each through every arm in turn: the service on vLLM, on
llama-server (F16) where that is here, and that of another CHECKOUT of nic-voice before. Without --voices the made-up
owner's voice is trained first. For each arm and kind of draft: seconds; `first_s` until the first words after the
greeting are there; pieces by what became of them; `light_words`, of all; `patchwork`: messages in which more than a
fifth of the words between greeting and sign-off are light or fallback beside rewritten ones; `facts`: numbers and names
in the points that a rewrite has to keep, and how many are still there; near-copies. For each arm how much its texts are
like the owner's, by the four ways of `evaluate`, on a scale on which the drafts are 0 and his held-out messages 1.
`--out` keeps what came back, as JSON lines for a reader.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from bench.report import show
from nic_voice.llama import llama_server, served
from nic_voice.quickstart import make_voice
from nic_voice.serving import free_port, nic_voice, running
from voice.facts.compare import lacking, words_of
from voice.facts.figures import figures
from voice.facts.named import names_of
from voice.letter import greeting, sign_off
from voice.manifest import FILE_NAME
from voice.words import is_near_copy

DRAFTS = Path(__file__).parent / "drafts.jsonl"
QUICK = 20
NOW, LLAMA, BEFORE = "now", "now, llama-server F16", "before"
REWRITTEN, LEFT = ("kept", "resampled"), ("light", "fallback")
PATCHES = 0.2  # share of the words


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with the points that its rewrite has to keep."""

    id: str
    kind: str
    register: str
    text: str
    must: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: the pieces with their verdicts, and after how many seconds, all of it and the first words."""

    draft: Draft
    text: str
    pieces: Sequence[tuple[str, str]]
    seconds: float
    first_s: float

    @property
    def words(self) -> Counter[str]:
        """Words between greeting and sign-off by what became of their piece."""
        opens, closes = greeting(self.draft.text), sign_off(self.draft.text)
        body = self.pieces[bool(opens) : len(self.pieces) - bool(closes)] if len(self.pieces) > 2 else self.pieces
        found = Counter[str]()
        for verdict, text in body:
            found[verdict] += len(text.split())
        return found

    @property
    def is_patchwork(self) -> bool:
        """Whether half of it is his and half the assistant's."""
        left, rewritten = (sum(self.words[verdict] for verdict in kinds) for kinds in (LEFT, REWRITTEN))
        return rewritten > 0 and left > PATCHES * (left + rewritten)

    @property
    def facts(self) -> tuple[int, int]:
        """Numbers and names of its points, and how many of these are still there."""
        points = " ".join(self.draft.must)
        was = [one for one in figures(points) if one.certain and not lacking([one], figures(self.draft.text))]
        names = {name for name in names_of(points) if name in words_of(self.draft.text)}
        lost = len(lacking(was, figures(self.text))) + len(names - words_of(self.text))
        return len(was) + len(names), len(was) + len(names) - lost


def main() -> None:
    """Send every draft through each arm and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--voices", type=Path, help="folder with one voice; else one is trained")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another version of nic-voice beside this one")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} drafts")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep what came back there")
    arguments = parser.parse_args()
    drafts = read(QUICK if arguments.quick else None)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        voices = arguments.voices or Path(folder) / "voices"
        if not any(voices.glob(f"*/{FILE_NAME}")):
            make_voice(Path(folder), voices)
        [voice] = [place.parent for place in voices.glob(f"*/{FILE_NAME}")]
        urls = {name: stack.enter_context(arm) for name, arm in _arms(voices, voice, arguments.before)}
        outcomes: dict[str, list[Outcome]] = {name: [] for name in urls}
        for draft in track(drafts, "rewriting", disable=not sys.stderr.isatty()):
            for name, url in urls.items():
                outcomes[name].append(send(url, voice.name, draft))
        from bench.likeness import likeness  # here, because it is heavy

        texts = [draft.text for draft in drafts]
        style = {name: likeness(voice, texts, [one.text for one in found]) for name, found in outcomes.items()}
    if arguments.out:
        for name, found in outcomes.items():
            _keep(arguments.out / f"{name.split(' ')[-1].lower()}.jsonl", found)
    rows = [
        {"arm": name, "kind": kind, **_counted([one for one in found if kind in ("all", one.draft.kind)])}
        for name, found in outcomes.items()
        for kind in ("all", *dict.fromkeys(one.draft.kind for one in found))
    ]
    show("Drafts of an assistant", rows, arguments.json, width=220, style=style)


def read(count: int | None = None) -> list[Draft]:
    """The drafts, or so many of them, of every kind."""
    found = [Draft(**json.loads(line)) for line in DRAFTS.read_text("utf-8").splitlines()]
    return found if count is None else [found[(2 * place + 1) * len(found) // (2 * count)] for place in range(count)]


def _arms(voices: Path, voice: Path, before: Path | None) -> Iterator[tuple[str, Any]]:
    yield NOW, _served(voices)
    if llama_server():
        yield LLAMA, _on_llama(voices, voice)
    if before:
        yield BEFORE, _served(voices, before)


@contextmanager
def _served(voices: Path, checkout: Path | None = None, **environment: str) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = nic_voice("serve", "--voices", str(voices.resolve()), "--port", str(port))
    if checkout:
        there = str(checkout.resolve())
        command = [
            sys.executable,
            "-c",
            "import sys; sys.path.insert(0, sys.argv.pop(1)); from nic_voice.main import main; main()",
            there,
            *command[command.index("nic_voice") + 1 :],
        ]
        environment["PYTHONPATH"] = there
    environment["NIC_VOICE_LOG_LEVEL"] = "WARNING"
    with running(command, f"{url}/ready", environment=environment, output=subprocess.DEVNULL):
        yield url


@contextmanager
def _on_llama(voices: Path, voice: Path) -> Iterator[str]:
    subprocess.run(nic_voice("export", str(voice), "--gguf", "--no-check", "--outtype", "f16"), check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    with (
        served(voices, "f16", "--parallel", "16", "--ctx-size", str(16 * 1024)) as model_url,
        _served(voices, NIC_VOICE_ENGINE="remote", NIC_VOICE_ENGINE_URLS=model_url) as url,
    ):
        yield url


def send(url: str, voice: str, draft: Draft) -> Outcome:
    """A draft's rewrite, as it came."""
    body = {"voice": voice, "register": draft.register, "temperature": 0, "stream": True,
            "messages": [{"role": "user", "content": draft.text}]}  # fmt: skip
    texts: list[str] = []
    segments: list[dict[str, Any]] = []
    first_s = None
    started_s = time.perf_counter()
    opens = greeting(draft.text)
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=300) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines():
            if not line.startswith("data: {"):
                continue
            chunk = json.loads(line.removeprefix("data: "))
            segments = chunk.get("voice", {}).get("segments", segments)
            for choice in chunk["choices"]:
                if content := choice["delta"].get("content"):
                    texts.append(content)
                    if first_s is None and (not opens or "\n" in "".join(texts).strip()):
                        first_s = time.perf_counter() - started_s
    seconds = time.perf_counter() - started_s
    said = iter(text for text in texts if text.strip())
    pieces = [(one["verdict"], "" if one["verdict"] == "dropped" else next(said, "")) for one in segments]
    return Outcome(draft, "".join(texts), pieces, seconds, first_s or seconds)


def _counted(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    pieces = Counter(verdict for one in outcomes for verdict, _ in one.pieces)
    words = sum((one.words for one in outcomes), Counter[str]())
    seconds = sorted(one.seconds for one in outcomes)
    facts = [one.facts for one in outcomes]
    return {
        "drafts": len(outcomes),
        "median_s": statistics.median(seconds),
        "p90_s": seconds[min(len(seconds) - 1, int(0.9 * len(seconds)))],
        "first_s": statistics.median(one.first_s for one in outcomes),
        **{verdict: pieces[verdict] for verdict in (*REWRITTEN, *LEFT, "copied", "dropped")},
        "light_words": words["light"] / max(1, words.total()),
        "fallback_words": words["fallback"] / max(1, words.total()),
        "patchwork": sum(one.is_patchwork for one in outcomes),
        "facts": sum(there for there, _ in facts),
        "facts_kept": sum(kept for _, kept in facts),
        "near_copies": sum(is_near_copy(one.draft.text, one.text) for one in outcomes),
    }


def _keep(path: Path, outcomes: Sequence[Outcome]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        {"id": one.draft.id, "draft": one.draft.text, "rewrite": one.text, "must": one.draft.must, "pieces": one.pieces,
         "seconds": round(one.seconds, 2), "first_s": round(one.first_s, 2)}
        for one in outcomes
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


if __name__ == "__main__":
    main()
