"""Ten minutes at the limit of the machine, while voices are swapped, keys change and the engine is killed.

    python -m bench.soak [--quick] [--json FILE]

Two voices of a few steps of training, the service on vLLM with keys, a short queue and the whole guard; 24 clients ask
without pause, every second one for a stream. Every half minute one voice gets another version and a key is made or
revoked; four times the engine's processes get SIGKILL (after 20, 40, 60 and 80 % of the time). Every request must be
answered: 200, 429 or 503, or 401 with a key that was revoked; an answer must be of the voice that was asked for, in a
version that there was. Memory is compared at the end of each of the engine's five lives.

A third voice gets a new version every few seconds, every second one with a wrong bit somewhere in one of its files: a
good one must be served within ten seconds of those in which there is an engine, a bad one be refused with a reason.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench import voices
from bench.overhead import held
from bench.report import show
from nic_voice.serving import free_port, nic_voice, running
from service.keys import make_key
from voice.manifest import ADAPTER_NAME, VoiceManifest

SECONDS, QUICK_SECONDS = 600.0, 120.0
CLIENTS = 24
LONGEST_S = 180.0  # a request that takes longer hangs
CHANGE_EVERY_S, LOOK_EVERY_S = 30.0, 5.0
DEATHS = 4
DAMAGE_EVERY_S = 0.5
EXPECTED = {200, 401, 429, 503}
ENVIRONMENT = {
    "NIC_VOICE_MAX_IN_FLIGHT": "8", "NIC_VOICE_MAX_QUEUE": "12", "NIC_VOICE_REQUESTS_PER_KEY": "18",
    "NIC_VOICE_LOG_LEVEL": "WARNING", "VLLM_CPU_KVCACHE_SPACE": "1",
}  # fmt: skip


@dataclass(slots=True)
class Seen:
    """What came of the requests."""

    statuses: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    wrong_voice: int = 0
    longest_s: float = 0.0
    held: list[dict[str, int]] = field(default_factory=list)
    good: list[float] = field(default_factory=list)  # seconds until a good version was served
    bad: Counter[str] = field(default_factory=Counter)  # damaged versions, by what came of them


@dataclass(frozen=True, slots=True)
class Place:
    """The service and what is changed under it."""

    url: str
    pid: int
    root: Path
    keys: Path
    versions: tuple[Path, Path]  # of the voice "one"
    lines: dict[str, str]  # of the keys, by key


def main() -> None:
    """Soak, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:g} seconds")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    seconds = QUICK_SECONDS if arguments.quick else SECONDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root, versions = _voices(folder)
        lines = dict(make_key(who) for who in ("lasting", "passing"))
        keys = folder / "keys"
        keys.write_text("\n".join(lines.values()))
        url = f"http://127.0.0.1:{(port := free_port())}"
        environment = ENVIRONMENT | {"NIC_VOICE_KEYS_FILE": str(keys), "NIC_VOICE_SHIPPED": str(folder / "shipped")}
        serve = nic_voice("serve", "--voices", str(root), "--port", str(port))
        with running(serve, f"{url}/ready", environment=environment, output=subprocess.DEVNULL) as process:
            place = Place(url, process.pid, root, keys, versions, lines)
            seen, restarts = asyncio.run(_soak(place, seconds))
    resident = [one["resident_kib"] / 1024 for one in seen.held]
    lives = [resident[len(resident) * part // (DEATHS + 1) - 1] for part in range(1, DEATHS + 2)]
    row = {
        "seconds": seconds, "requests": sum(seen.statuses.values()), **dict(sorted(seen.statuses.items())),
        "unexpected": sum(seen.unexpected.values()), "wrong voice": seen.wrong_voice, "longest s": seen.longest_s,
        "engine restarts": restarts, "good versions": len(seen.good), "served after s": max(seen.good, default=0.0),
        "bad versions": seen.bad.total(), "refused": seen.bad["refused"],
        "MiB": " ".join(f"{mib:.0f}" for mib in lives), "open files": seen.held[-1]["open_files"],
    }  # fmt: skip
    more = {"what_was_unexpected": dict(seen.unexpected), "mib_every_20_s": [round(mib) for mib in resident[::4]]}
    show("Ten minutes at the limit", [row], arguments.json, width=170, **more)


def _voices(folder: Path) -> tuple[Path, tuple[Path, Path]]:
    """A folder with the voices one and two, and two versions of one."""
    root, trained = folder / "served", voices.train(folder, "bench")
    versions = (root / ".versions" / "one" / "1", root / ".versions" / "one" / "2")
    for version in versions:
        version.parent.mkdir(parents=True, exist_ok=True)
        voices.copy(trained, folder / "copies", "one")
        shutil.move(folder / "copies" / "one", version)
    (root / "one").symlink_to(versions[0])
    voices.copy(trained, root, "two")
    voices.copy(trained, root / ".versions" / "three", "three")
    (root / ".versions" / "three" / "three").rename(root / ".versions" / "three" / "0")
    (root / "three").symlink_to(root / ".versions" / "three" / "0")
    return root, versions


async def _soak(place: Place, seconds: float) -> tuple[Seen, float]:
    seen, end = Seen(), time.monotonic() + seconds
    async with httpx.AsyncClient(
        base_url=place.url, timeout=LONGEST_S, limits=httpx.Limits(max_connections=64)
    ) as client:
        changing = asyncio.create_task(_change(place, seconds, seen))
        damaging = asyncio.create_task(_damage(client, place, seen))
        await asyncio.gather(*(_client(client, place, number, end, seen) for number in range(CLIENTS)))
        changing.cancel()
        damaging.cancel()
        await asyncio.gather(damaging, return_exceptions=True)
        numbers = (await client.get("/metrics")).text
    [restarts] = [line.split()[1] for line in numbers.splitlines() if line.startswith("nic_voice_engine_restarts ")]
    return seen, float(restarts)


async def _client(client: httpx.AsyncClient, place: Place, number: int, end: float, seen: Seen) -> None:
    key = list(place.lines)[number % 4 == 3]
    while time.monotonic() < end:
        name = ("one", "two")[number % 3 == 0]
        body = {"model": name, "messages": [{"role": "user", "content": voices.sentence(number)}], "max_tokens": 40,
                "stream": number % 2 == 0}  # fmt: skip
        number += CLIENTS
        began = time.monotonic()
        try:
            answer = await client.post("/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"})
        except httpx.HTTPError as error:
            seen.statuses["none"] += 1
            seen.unexpected[type(error).__name__] += 1
            continue
        seen.longest_s = max(seen.longest_s, time.monotonic() - began)
        status, said = _said(answer)
        seen.statuses[str(status)] += 1
        if status not in EXPECTED:
            seen.unexpected[str(status)] += 1
        if said and (said["name"] != name or (name == "one" and said["adapter"] not in ("1", "2"))):
            seen.wrong_voice += 1
        if status != 200:
            await asyncio.sleep(0.5)  # as Retry-After asks, if shorter


def _said(answer: httpx.Response) -> tuple[int, dict[str, Any] | None]:
    """The status, that of an error within a stream too, and what the answer says of the voice."""
    if answer.status_code != 200:
        return answer.status_code, None
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return 200, answer.json()["voice"]
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    if events[-1] == "[DONE]":
        return 200, json.loads(events[-2])["voice"]
    error = json.loads(events[-1])["error"]
    return (503 if error["code"] in ("engine_unavailable", "overloaded") else 500), None


async def _change(place: Place, seconds: float, seen: Seen) -> None:
    """Other versions, other keys, a dead engine, and a look at the memory."""
    started, changes, kills, looked = time.monotonic(), 0, 0, -1.0
    while True:
        await asyncio.sleep(0.5)
        passed = time.monotonic() - started
        if passed // LOOK_EVERY_S != looked:
            looked = passed // LOOK_EVERY_S
            seen.held.append(held(place.pid))
        if passed // CHANGE_EVERY_S > changes:
            changes += 1
            new = place.root / ".new"
            new.symlink_to(place.versions[changes % 2])
            new.rename(place.root / "one")
            lines = list(place.lines.values())
            place.keys.write_text("\n".join(lines[:1] if changes % 2 else lines))
        if kills < DEATHS and passed > (kills + 1) * seconds / (DEATHS + 1):
            kills += 1
            for pid in _engine(place.pid):
                os.kill(pid, signal.SIGKILL)


async def _damage(client: httpx.AsyncClient, place: Place, seen: Seen) -> None:
    """One version of the voice "three" after another, every second one with a wrong bit."""
    chance, versions = random.Random(1), place.root / ".versions" / "three"
    files = (ADAPTER_NAME, *VoiceManifest.load(versions / "0").beside)
    for number in itertools.count(1):
        version = versions / str(number)
        shutil.copytree(versions / "0", version)
        if number % 2:
            file = version / chance.choice(files)
            whole = bytearray(file.read_bytes())
            whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            file.write_bytes(whole)
        new = place.root / ".new-three"
        new.symlink_to(version)
        new.rename(place.root / "three")
        came, waited_s = await _settled(client, place, str(number), good=number % 2 == 0)
        if number % 2:
            seen.bad[came] += 1
        else:
            seen.good.append(waited_s)
        await asyncio.sleep(DAMAGE_EVERY_S)


async def _settled(client: httpx.AsyncClient, place: Place, version: str, good: bool) -> tuple[str, float]:
    """What came of a version, and after how many seconds with an engine."""
    waited_s = 0.0
    headers = {"Authorization": f"Bearer {next(iter(place.lines))}"}
    while waited_s < LONGEST_S:
        await asyncio.sleep(0.2)
        waited_s += 0.2 if (await client.get("/ready")).status_code == 200 else 0
        said = (await client.get("/v1/voices/three", headers=headers)).json()
        if said.get("version") == version:
            return "served", waited_s
        if not good and said.get("reason"):  # a good one before it left none
            return "refused", waited_s
    return "neither", waited_s


def _engine(pid: int) -> list[int]:
    """The engine's processes: all that descend from the service's."""
    children = [child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return [found for child in map(int, children) for found in (child, *_engine(child))]


if __name__ == "__main__":
    main()
