"""The whole road once, by the commands that a user would type; this is what `make run` runs.

With nothing configured: a made-up owner's Nexus, extracted, trained, served, three drafts rewritten. With
NIC_VOICE_VOICES set to a folder of voices: those are served and nothing is trained. With NIC_VOICE_ENGINE=remote and no
NIC_VOICE_ENGINE_URLS: llama-server computes; the voices are written as GGUF and it is started.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from nic_voice.child import how_it_ended
from nic_voice.client import rewrite
from nic_voice.llama import ADAPTER, required_llama_server, served
from nic_voice.serving import nic_voice, running, stop
from nic_voice.terminal import word_diff
from voice.errors import UserError
from voice.manifest import FILE_NAME, VoiceManifest
from voice.triplet import RULES, read_triplets, write_triplets

NAME = "theo"
ROWS, SEED = 1_500, 1
# Enough to hear the voice on two slow cores, for it knows already how to rewrite.
TRAINING = {"max_minutes": "3"}
DRAFTS = (
    "I wanted to let you know that I will not be able to make it to dinner tonight. I am very sorry.",
    "Do you know what time the meeting starts tomorrow? I would appreciate it if you could tell me.",
    "Hi Petra,\n\nI hope this message finds you well. I wanted to let you know that the repair of the boat comes "
    "to $240, and that it is due by March 14. You can find all of the details at the following link: https://example.com/boat/81\n\n"
    "Please do not hesitate to reach out if you have any questions.\n\nBest regards,\nTheo",
)

console = Console(highlight=False, soft_wrap=True)


def run(folder: Path) -> None:
    """Walk the road in `folder` and go on serving until Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # ends the command that is running, too
    if _needs_model_server():
        required_llama_server()  # before the minutes of training
    voices = Path(os.environ["NIC_VOICE_VOICES"]) if os.environ.get("NIC_VOICE_VOICES") else folder / "voices"
    if not any(voices.glob(f"*/{FILE_NAME}")):
        if os.environ.get("NIC_VOICE_VOICES"):
            raise UserError(f"NIC_VOICE_VOICES={voices} holds no voice. Train one there, or unset it to see the demo.")
        make_voice(folder, voices)
    _serve(voices)


def make_voice(folder: Path, voices: Path) -> None:
    """Sample, extraction and training in `folder`; the voice is in `voices`."""
    train_briefly(make_triplets(folder), voices / NAME)


def make_triplets(folder: Path) -> Path:
    """Sample and extraction in `folder`; the file of the triplets that have a draft for their neutral side."""
    data = folder / "nexus"
    if not (data / "dsn").exists():
        _command("sample", "--rows", str(ROWS), "--seed", str(SEED), "--out", str(data))
    dsn = (data / "dsn").read_text().strip()
    console.print("\nThe neutral sides: the drafts of a big model that came with his messages; rules for the rest.")
    owner, drafts = str(data / "owner.toml"), str(data / "drafts.jsonl")
    _command("extract", "--dsn", dsn, "--owner", owner, "--drafts", drafts, "--out", str(folder / "data"),
             "--neutral", "rules")  # fmt: skip
    _command("sample", "--stop", "--out", str(data))
    drafted = folder / "data" / "drafted.jsonl"
    triplets = [triplet for triplet in read_triplets(folder / "data" / "triplets.jsonl") if triplet.origin != RULES]
    write_triplets(drafted, triplets)
    console.print(f"\nIn a few minutes only the {len(triplets):,} triplets with drafts are learned: {drafted}")
    return drafted


def train_briefly(triplets: Path, voice: Path) -> None:
    """A voice that has learned for a few minutes."""
    settings = [part for key, value in TRAINING.items() for part in ("--set", f"{key}={value}")]
    _command("train", "--triplets", str(triplets), "--out", str(voice), *settings)


def _serve(voices: Path) -> None:
    host, port = os.environ.get("NIC_VOICE_HOST", "127.0.0.1"), os.environ.get("NIC_VOICE_PORT", "8650")
    url = f"http://{host}:{port}"
    quiet = {"NIC_VOICE_LOG_LEVEL": os.environ.get("NIC_VOICE_LOG_LEVEL", "WARNING")}  # no line for each request
    with ExitStack() as stack:
        stack.enter_context(_model_server(voices))
        _show("serve", "--voices", str(voices))
        started_s = time.monotonic()
        serve = nic_voice("serve", "--voices", str(voices))
        server = stack.enter_context(running(serve, f"{url}/ready", environment=quiet))
        _show_time(started_s)
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            _rewrite_drafts(url, voices)
            code = server.wait()
        except KeyboardInterrupt:
            stop(server, signal.SIGINT)
            return
    if code not in (0, -signal.SIGTERM):
        raise UserError(how_it_ended("nic-voice serve", code))


def _needs_model_server() -> bool:
    return os.environ.get("NIC_VOICE_ENGINE") == "remote" and not os.environ.get("NIC_VOICE_ENGINE_URLS")


@contextmanager
def _model_server(voices: Path) -> Iterator[None]:
    """llama-server with all voices, where the settings want one and name none that runs."""
    if not _needs_model_server():
        yield
        return
    for voice in sorted(path.parent for path in voices.glob(f"*/{FILE_NAME}")):
        if not (voice / ADAPTER).exists():
            _command("export", str(voice), "--gguf")
    _show("llama-server", "--voices", str(voices))
    with served(voices, port=8651):
        yield


def _rewrite_drafts(url: str, voices: Path) -> None:
    name = next(VoiceManifest.load(path.parent).name for path in sorted(voices.glob(f"*/{FILE_NAME}")))
    for draft in DRAFTS:
        rewritten = rewrite(url, draft, voice=name, temperature=0)
        console.print(f"\n[dim]before[/]  {draft}\n[bold]after[/]   {escape(rewritten)}")
        if console.is_terminal:
            console.print("[dim]diff[/]   ", word_diff(draft, rewritten))
    console.print(f"\nTry it:\n\n{escape(_curl(url, name))}\n\nServing on {url}; Ctrl-C stops it.")


def _command(*arguments: str) -> None:
    _show(*arguments)
    started_s = time.monotonic()
    result = subprocess.run(nic_voice(*arguments), check=False)
    if result.returncode:
        raise UserError(how_it_ended(f"nic-voice {arguments[0]}", result.returncode))
    _show_time(started_s)


def _show(*arguments: str) -> None:
    console.print(f"\n[bold cyan]$ nic-voice {escape(shlex.join(arguments))}[/]")


def _show_time(started_s: float) -> None:
    console.print(f"[dim]({time.monotonic() - started_s:.0f} s)[/]")


def _curl(url: str, name: str) -> str:
    return (
        f"curl -s {url}/v1/chat/completions -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"voice": "{name}", "messages": [{{"role": "user", "content": "Thank you. See you at 8."}}]}}\''
    )
