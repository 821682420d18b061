"""Trained, exported, served on the real llama-server behind the service: it answers as the service does on vLLM."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI

from bench import voices
from nic_voice.llama import served
from nic_voice.serving import free_port, nic_voice, running
from tests import llamacpp
from voice.adapter import Pair, read_adapter
from voice.manifest import ADAPTER_NAME, VoiceManifest, file_sha256

pytestmark = [pytest.mark.llamacpp, pytest.mark.slow, pytest.mark.unsloth, pytest.mark.vllm, pytest.mark.timeout(1800)]

DRAFTS = [
    *(voices.sentence(number) for number in range(6)),
    "Could you please send 40 boxes to Anna by 7:30 PM? Her number is +49 30 901820.\n\nThank you very much.",
]


@pytest.fixture(scope="module")
def folder(begun_voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The voice as GGUF; what `export` compares, tests/nic_voice/test_parity.py does."""
    program, made = llamacpp.program(), tmp_path_factory.mktemp("llama") / "voices"
    shutil.copytree(begun_voice.parent, made, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIC_VOICE_LLAMA_SERVER", program)
        subprocess.run(nic_voice("export", str(made / "so"), "--gguf", "--outtype", "f32", "--no-check"), check=True)
        yield made


@pytest.fixture(scope="module")
def model_url(folder: Path) -> Iterator[str]:
    more = ["--parallel", "4", "--ctx-size", "4096", "--cache-type-k", "f32", "--cache-type-v", "f32"]
    with served(folder, "f32", *more) as url:
        yield url


@pytest.fixture(scope="module")
def urls(folder: Path, model_url: str) -> Iterator[dict[str, str]]:
    """The service on either engine."""
    found = {}
    with ExitStack() as stack:
        for engine in ("vllm", "remote"):
            found[engine] = f"http://127.0.0.1:{(port := free_port())}"
            serve = nic_voice("serve", "--voices", str(folder), "--port", str(port))
            settings = {"NIC_VOICE_ENGINE": engine, "NIC_VOICE_ENGINE_URLS": model_url,
                        "NIC_VOICE_GUARD_PER_REQUEST": "1"}  # fmt: skip
            stack.enter_context(running(serve, f"{found[engine]}/ready", environment=settings))
        yield found


def answer(url: str, text: str, **more: Any) -> dict[str, Any]:
    body = {"voice": "so", "temperature": 0, "messages": [{"role": "user", "content": text}], **more}
    found: dict[str, Any] = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=300).raise_for_status().json()
    return found


def streamed(url: str, text: str, **more: Any) -> str:
    """The text of a stream, asked for with the openai client."""
    stream = OpenAI(base_url=f"{url}/v1", api_key="none").chat.completions.create(
        model="so", messages=[{"role": "user", "content": text}], temperature=0, stream=True, extra_body=more
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_both_engines_give_the_same_rewrites(urls: dict[str, str]) -> None:
    # First attempts are compared: with the guard on, a second one is drawn by chance.
    for text in DRAFTS[:-1]:
        ours, theirs = (answer(urls[engine], text, guard="off") for engine in ("vllm", "remote"))
        assert theirs["choices"][0] == ours["choices"][0], text
        assert theirs["usage"] == ours["usage"]
        assert theirs["voice"] == ours["voice"]


def test_the_guard_keeps_the_facts_on_both_engines(urls: dict[str, str]) -> None:
    for url in urls.values():
        found = answer(url, DRAFTS[-1])["choices"][0]["message"]["content"]
        assert "7:30" in found and "+49 30 901820" in found


@pytest.mark.parametrize("strength", [0, 0.5, 1.25])
def test_both_engines_have_the_same_strengths(urls: dict[str, str], strength: float) -> None:
    # The bare model rambles on; after a hundred tokens rounding decides between two words that are as likely.
    asked = {"strength": strength, "guard": "off", "max_tokens": 32}
    for text in (DRAFTS[0], DRAFTS[-1]):
        ours, theirs = (answer(urls[engine], text, **asked) for engine in ("vllm", "remote"))
        assert theirs["choices"][0] == ours["choices"][0]
    assert theirs["voice"]["strength"] == strength


def test_a_stream_says_what_a_whole_answer_says(urls: dict[str, str]) -> None:
    whole = answer(urls["remote"], DRAFTS[-1], guard="off")["choices"][0]["message"]["content"]  # first attempts
    assert streamed(urls["remote"], DRAFTS[-1], guard="off") == whole
    text = streamed(urls["remote"], DRAFTS[-1])
    assert "7:30" in text and "+49 30 901820" in text


def test_a_new_version_is_not_answered_by_the_old_adapter(model_url: str, folder: Path, tmp_path: Path) -> None:
    """llama-server has read its files before; a service that starts now must not take them for the new version."""
    shutil.copytree(folder, tmp_path / "voices", symlinks=True)
    voice = tmp_path / "voices" / "so"
    new = voice.resolve().with_name("20990101T000000Z-00000000")
    voice.resolve().rename(new)
    voice.unlink()
    voice.symlink_to(new)
    adapter = read_adapter(new)
    replace(adapter, pairs={name: Pair(2 * pair.a, pair.b) for name, pair in adapter.pairs.items()}).write(new)
    manifest = VoiceManifest.load(new)
    trained = manifest.adapter.model_copy(update={"sha256": file_sha256(new / ADAPTER_NAME)})
    manifest.model_copy(update={"adapter": trained}).write(new)
    found = subprocess.run(
        nic_voice("serve", "--voices", str(voice.parent), "--port", str(free_port())), capture_output=True, text=True,
        env=os.environ | {"NIC_VOICE_ENGINE": "remote", "NIC_VOICE_ENGINE_URLS": model_url}, timeout=300, check=False,
    )  # fmt: skip
    assert found.returncode
    assert "does not have this version of voice 'so'" in found.stdout + found.stderr
