"""The whole road with nothing faked: embedded PostgreSQL, Unsloth, vLLM, HTTP, the openai client.

Every step is the command that a user types, in a process of its own.
"""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from nic_voice.sample import theo
from nic_voice.serving import free_port, nic_voice, running, stop
from tests.upstream import BigModel, big_model_beside, streams
from voice.triplet import read_triplets, write_triplets

pytestmark = [pytest.mark.postgres, pytest.mark.unsloth, pytest.mark.vllm, pytest.mark.timeout(1200)]

DRAFTS = ("I am sorry, but I will not be able to come tonight.", "What time would you like to meet tomorrow?")
START_TIMEOUT_S = 240


def run(*arguments: str, timeout_s: float = 500) -> "subprocess.CompletedProcess[str]":
    result = subprocess.run(nic_voice(*arguments), capture_output=True, text=True, timeout=timeout_s, check=False)
    assert result.returncode == 0, result.stderr
    return result


OURS = re.compile(r"nic-voice listens|\d{4}-\d\d-\d\d \S+ (?:INFO|ERROR) service\.")


@dataclass(frozen=True)
class Road:
    """What the walk left behind, and where the voices are served."""

    folder: Path
    url: str
    big: BigModel

    @property
    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0)

    @property
    def base(self) -> str:
        """The base model's name there."""
        return next(model.id for model in self.client.models.list() if model.id not in ("quiet", "loud", "stranger"))


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("road")
    run("sample", "--rows", "1500", "--seed", "3", "--out", f"{folder}/nexus")
    try:
        dsn = (folder / "nexus" / "dsn").read_text().strip()
        run("extract", "--dsn", dsn, "--owner", f"{folder}/nexus/owner.toml", "--out", f"{folder}/data",
            "--neutral", "rules")  # fmt: skip
    finally:
        run("sample", "--stop", "--out", f"{folder}/nexus")

    # A second author who shouts, so that two voices can be told apart by eye.
    # What was filled from a grammar is learned in a minute; what was written for the owner is not.
    made = [
        one for one in read_triplets(folder / "data" / "triplets.jsonl") if f":{theo.FIRST_ID // 1000}" not in one.id
    ]
    triplets = made[:160]
    shouted = [replace(one, own=f"{one.neutral.upper()}!!!", origin="big-model") for one in triplets]
    write_triplets(folder / "quiet.jsonl", triplets)
    write_triplets(folder / "loud.jsonl", shouted)
    # Many small steps for the loud one: what few large ones taught to shout never finds an end.
    for name, steps, tokens, rate in (("quiet", 8, 256, "1.0e-3"), ("loud", 48, 128, "3.0e-3")):
        settings = {"max_steps": steps, "batch_tokens": tokens, "validation_most": 4, "learning_rate": rate}
        given = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        given += ["--fresh-adapter"] if name == "loud" else []
        run("train", "--triplets", f"{folder}/{name}.jsonl", "--out", f"{folder}/voices/{name}", *given)
    add_stranger(folder / "voices")
    port = free_port()
    command = nic_voice("serve", "--voices", str(folder / "voices"), "--port", str(port))
    unguarded = {"NIC_VOICE_GUARD": "off", "NIC_VOICE_GUARD_PER_REQUEST": "true"}  # for they learned next to nothing
    with big_model_beside() as big, (folder / "serve.log").open("wb") as log:
        environment = unguarded | {"NIC_VOICE_UPSTREAM_URL": big.url}
        with running(command, f"http://127.0.0.1:{port}/ready", output=log, environment=environment) as it:
            yield Road(folder, f"http://127.0.0.1:{port}", big)
            assert stop(it) == -signal.SIGTERM  # as systemd stops it
    time.sleep(2)  # Python's own clearing of shared memory would be told after the end
    assert [line for line in (folder / "serve.log").read_text().splitlines() if not OURS.match(line)] == []


def add_stranger(voices: Path) -> None:
    """A voice whose manifest says that it was trained on another base model."""
    stranger = voices / ".versions" / "stranger" / "1"
    shutil.copytree(voices / "quiet", stranger)
    manifest = json.loads((stranger / "voice.json").read_text())
    manifest |= {"name": "stranger", "aliases": [], "base_model": {"name": "somebody/else-7B", "sha256": "0" * 64}}
    (stranger / "voice.json").write_text(json.dumps(manifest))
    (voices / "stranger").symlink_to(stranger)


def test_every_row_and_every_triplet_is_accounted_for(road: Road) -> None:
    ledger = json.loads((road.folder / "data" / "ledger.json").read_text())
    written = len(theo.messages())
    assert sum(source["rows"]["read"] for source in ledger["sources"].values()) == 1500 + written
    for source in ledger["sources"].values():
        assert source["rows"]["read"] == source["rows"]["used"] + sum(source["rows"]["rejected"].values())
    voice = json.loads((road.folder / "voices" / "quiet" / "voice.json").read_text())
    training = voice["training"]
    assert training["replayed"] == training["examples"] / 2  # half of them are of many writers, for rules made the rest
    assert training["triplets_read"] + training["replayed"] == training["examples"] + sum(training["dropped"].values())
    assert training["triplets_read"] == 160


def test_two_voices_answer_differently_from_each_other_and_from_the_base(road: Road) -> None:

    def answer(model: str) -> str:
        answers = [
            road.client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": draft}], temperature=0, max_tokens=60
            )
            for draft in DRAFTS
        ]
        assert all(item.usage and item.usage.completion_tokens > 0 for item in answers)
        return " | ".join(item.choices[0].message.content or "" for item in answers)

    quiet, loud, bare = answer("quiet"), answer("loud"), answer(road.base)
    assert len({quiet, loud, bare}) == 3
    shouting, speaking, plain = (sum(map(str.isupper, text)) / len(text) for text in (loud, quiet, bare))
    assert shouting > 2 * max(speaking, plain)
    assert answer("quiet") == quiet


def test_the_base_model_answers_as_itself(road: Road) -> None:
    asked: Any = [{"role": "user", "content": "What is the capital of France? One word."}]
    answer = road.client.chat.completions.create(model=road.base, messages=asked, temperature=0, max_tokens=20)
    assert "Paris" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"


def test_streamed_and_whole_answers_are_the_same(road: Road) -> None:
    messages = [{"role": "user", "content": " ".join(DRAFTS)}]
    request: dict[str, Any] = {"model": "loud", "messages": messages, "temperature": 0}
    whole = road.client.chat.completions.create(**request)
    chunks = list(road.client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage == whole.usage


@pytest.mark.parametrize("model", ["quiet", "big-72b"])
def test_the_callers_of_the_house_are_served(model: str, road: Road) -> None:
    """With a draft, or with a question for the model that they always use."""
    road.big.script = streams(*(f"{draft} " for draft in DRAFTS))
    asked = DRAFTS[0] if model == "quiet" else "What did Sam say?"
    body = {
        "model": model,
        "voice": "quiet",
        "max_tokens": 100,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": asked}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "chat_template_kwargs": {"enable_thinking": False},
    }
    text, usage, lines = "", None, []
    with httpx.stream("POST", f"{road.url}/v1/chat/completions", json=body, timeout=120) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                event = json.loads(line.removeprefix("data: "))
                text += "".join(choice["delta"].get("content") or "" for choice in event["choices"])
                usage = event.get("usage") or usage
            lines.append(line)
    assert text.strip()
    assert usage
    assert [line for line in lines if line][-1] == "data: [DONE]"
    calls = [call.body for call in road.big.calls if call.body["messages"] == body["messages"]]
    assert len(calls) == (model == "big-72b")
    assert all("voice" not in call and call["chat_template_kwargs"] == {"enable_thinking": False} for call in calls)


@pytest.mark.parametrize("stream", [False, True])
def test_no_fact_is_lost_on_the_way(road: Road, stream: bool) -> None:
    facts = ("Petra", "https://example.com/boat/81", "March 14", "415-555-0132", "$240")
    draft = (
        "Hi Petra,\n\nI hope this message finds you well. The repair of the boat comes to $240. It is due by March 14. "
        "You can find the details at https://example.com/boat/81, or call 415-555-0132. I cannot come myself."
        "\n\nBest,\nTheo"
    )
    messages: Any = [{"role": "user", "content": draft}]
    asked: dict[str, Any] = {"model": "quiet", "messages": messages, "extra_body": {"guard": "full"}, "seed": 1}
    if stream:
        chunks = list(road.client.chat.completions.create(**asked, stream=True))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        about = chunks[-1].model_extra
    else:
        answer = road.client.chat.completions.create(**asked)
        text, about = answer.choices[0].message.content or "", answer.model_extra
    assert [fact for fact in facts if fact.lower() not in text.lower()] == []
    assert about is not None
    verdicts = {segment["verdict"] for segment in about["voice"]["segments"]}
    assert verdicts <= {"kept", "resampled", "light", "dropped", "fallback"}


def test_the_command_rewrites_too(road: Road) -> None:
    said = run("rewrite", DRAFTS[0], "--voice", "loud", "--url", road.url, "--temperature", "0").stdout
    asked = road.client.chat.completions.create(
        model="loud", messages=[{"role": "user", "content": DRAFTS[0]}], temperature=0
    )
    assert said == f"{asked.choices[0].message.content}\n"
    assert said.strip() != DRAFTS[0]


def test_a_voice_is_evaluated(road: Road) -> None:
    unseen = list(read_triplets(road.folder / "data" / "triplets.jsonl"))[160:]
    short = [triplet for triplet in unseen if triplet.unit == "sentence" and len(triplet.neutral) < 70][:40]
    pairs = [
        {"neutral": triplet.neutral, "own": triplet.own.upper(), "register": triplet.register} for triplet in short
    ]
    (road.folder / "pairs.jsonl").write_text("".join(f"{json.dumps(pair)}\n" for pair in pairs))
    voices = ["--voices", f"{road.folder}/voices", "--url", road.url]
    table = run("evaluate", "loud", "--pairs", f"{road.folder}/pairs.jsonl", *voices, "--no-base",
                "--out", f"{road.folder}/found.jsonl").stdout  # fmt: skip
    assert "Does it sound like its owner" in table
    scores = httpx.get(f"{road.url}/v1/voices/loud").json()["scores"]
    by_name = {row["name"]: row for row in scores["contestants"]}
    assert scores["texts"] == 40
    assert by_name["copy"]["style"]["style"][0] == 0
    assert by_name["loud"]["style"]["letters"][0] > 0.2  # the only way that sees case
    lines = [json.loads(line) for line in (road.folder / "found.jsonl").read_text().splitlines()]
    assert [line["neutral"] for line in lines] == [pair["neutral"] for pair in pairs]
    assert all(line["output"] for line in lines)


def test_an_adapter_of_another_base_is_refused_by_name_while_the_others_serve(road: Road) -> None:
    with pytest.raises(openai.ConflictError, match="somebody/else-7B"):
        road.client.chat.completions.create(model="stranger", messages=[{"role": "user", "content": DRAFTS[0]}])
