"""LiteLLM's proxy in front of the service, configured as docs/forge.md says: the documented files are what is run.

Runs where LITELLM names the program of that name in an environment of its own: pip install "litellm[proxy]==1.106.0".
"""

import asyncio
import os
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
import uvicorn

from nic_voice.serving import free_port, running
from service.app import create_app
from service.settings import load_settings
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice
from tests.upstream import BigModel, big_model, streams

DOCS = Path(__file__).parents[3] / "docs" / "forge.md"
PROGRAM = os.environ.get("LITELLM")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(PROGRAM is None, reason="LITELLM names no LiteLLM proxy"),
]
ASKED: Any = {"messages": [{"role": "user", "content": "Say something."}]}


@dataclass
class House:
    """The gateway, what stands behind it, and what they were asked."""

    client: openai.OpenAI
    big: BigModel
    engine: FakeEngine


@pytest.fixture
def house(make_voice: MakeVoice, base: Any, root: Path, tmp_path: Path) -> Iterator[House]:
    make_voice("nic")
    started, stop = threading.Event(), threading.Event()
    found: dict[str, Any] = {}

    async def behind() -> None:
        async with big_model() as big:
            engine = FakeEngine()
            settings = load_settings(voices=root, model=str(base.folder), upstream_url=big.url, guard="off")
            server = uvicorn.Server(uvicorn.Config(create_app(settings, engine), log_config=None, lifespan="on"))
            with socket.create_server(("127.0.0.1", 0)) as listening:
                found.update(big=big, engine=engine, url=f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
                serving = asyncio.create_task(server.serve(sockets=[listening]))
                started.set()
                await asyncio.to_thread(stop.wait)
                server.should_exit = True
                await serving

    thread = threading.Thread(target=lambda: asyncio.run(behind()))
    thread.start()
    started.wait()
    with ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(stop.set)
        text = DOCS.read_text().replace("http://127.0.0.1:9000/v1", found["big"].url)
        config, hook = re.findall(
            r"```\w+\n(.*?)```", text.replace("http://127.0.0.1:8650/v1", found["url"]), re.DOTALL
        )
        (tmp_path / "config.yaml").write_text(config)
        (tmp_path / "by_voice.py").write_text(hook)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [str(PROGRAM), "--config", str(tmp_path / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
        key = f"sk-{secrets.token_hex(32)}"
        environment = {"NIC_VOICE_KEY": "none", "LITELLM_MASTER_KEY": key, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        log = stack.enter_context((tmp_path / "litellm.log").open("wb"))
        stack.enter_context(running(command, f"{url}/health/liveliness", environment=environment, output=log))
        client = stack.enter_context(openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=60))
        yield House(client, found["big"], found["engine"])


def said(house: House, model: str, stream: bool, **more: Any) -> str:
    if stream:
        chunks = house.client.chat.completions.create(model=model, stream=True, extra_body=more, **ASKED)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    answer = house.client.chat.completions.create(model=model, extra_body=more, **ASKED)
    return answer.choices[0].message.content or ""


def test_each_request_opts_in_by_itself_and_errors_and_failover_come_through(house: House) -> None:
    for stream in (False, True):
        assert said(house, "big", stream) == "I am late. So are you."
        assert not house.engine.asked
        assert said(house, "big", stream, voice="nic") == "nic: i am late. nic: so are you."
        assert house.big.calls[-1].headers["x-nic-voice-hop"] == "1"
        assert "voice" not in house.big.calls[-1].body
        assert said(house, "nic", stream) == "nic: say something."
        house.engine.asked.clear()
    with pytest.raises(openai.APIStatusError) as caught:
        said(house, "nic", False, voice="eva")
    assert caught.value.status_code == 400
    assert "two different voices" in str(caught.value)

    house.big.script = streams("It is me.")
    house.engine.alive = False
    house.engine.answer = _gone
    assert said(house, "big", False, voice="nic") == "It is me."  # without the voice


def _gone(*_: object) -> str:
    from service.errors import EngineUnavailable

    raise EngineUnavailable("The engine died.")
