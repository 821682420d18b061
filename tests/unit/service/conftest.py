"""Voice folders on disk, and the application with a fake engine behind an HTTP client."""

import asyncio
import functools
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from service.app import create_app
from service.rewriting import judging
from service.settings import Settings, load_settings
from tests.clock import eventually
from tests.fake_engine import FakeEngine
from voice.alignment import Alignment
from voice.base_model import BaseModel, resolve
from voice.echo import learn as learn_echoes
from voice.facts.rules import VERSION as MASKING_VERSION
from voice.judges.reader import Gap
from voice.manifest import (
    ADAPTER_NAME,
    AdapterRef,
    BaseModelRef,
    TripletsRef,
    VoiceManifest,
    file_sha256,
)
from voice.prompt import PROMPT_VERSION
from voice.style import HABITS, Verifier
from voice.words import words

MakeVoice = Callable[..., Path]
_HABITS = np.ones(len(HABITS), np.float32)
NO_STYLE = Verifier(np.zeros(0, "U1"), np.zeros(0, np.float32), _HABITS, _HABITS, 0 * _HABITS, bias=0.0)
Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("NIC_VOICE_") and name != "NIC_VOICE_CACHE":
            monkeypatch.delenv(name)


class WordReader:
    """Finds a word of a text three nats less likely after a rewrite that does not hold it; a gate holds it back."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []  # the texts of each go
        self.gate = threading.Event()
        self.gate.set()
        self.fails_with: Exception | None = None

    def gaps_of(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[list[list[Gap]]]:
        self.read.append([text for text, _ in asked])
        self.gate.wait()
        if self.fails_with:
            raise self.fails_with
        return [
            [[(word, 3.0 * (word not in words(rewrite))) for word in words(text)] for rewrite in rewrites]
            for text, rewrites in asked
        ]


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> WordReader:
    """Reads in place of the model."""
    found = WordReader()
    monkeypatch.setattr(judging, "package_reader", lambda: found)
    return found


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    """A base model that nothing can be computed with, but that has a fingerprint."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return resolve(str(folder))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder that holds the voices."""
    folder = tmp_path / "voices"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what lies beside adapter and manifest in every voice here: made once, copied for each."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "adapter_config.json").write_text('{"r": 16, "lora_alpha": 32}')
    Alignment().save(folder)
    NO_STYLE.save(folder)
    learn_echoes([["my ladder is behind the shed and the key is under the mat"]]).save(folder)
    return folder


@pytest.fixture
def make_voice(root: Path, base: BaseModel, beside: Path) -> MakeVoice:
    """Writes a version of a voice and publishes it; keywords override what its manifest says."""

    def make(name: str, version: str = "v1", **changes: Any) -> Path:
        folder = root / ".versions" / name / version
        shutil.copytree(beside, folder)
        (folder / ADAPTER_NAME).write_bytes(name.encode())
        manifest: dict[str, Any] = {
            "name": name,
            "base_model": BaseModelRef(name=base.name, sha256=base.sha256),
            "prompt_version": PROMPT_VERSION,
            "system": {"chat": {"sentence": "Chat as I do."}, "email": {"sentence": "Mail as I do."}},
            "default_register": "chat",
            "units": ["sentence"],
            "masking": MASKING_VERSION,
            "triplets": TripletsRef(sha256="0" * 64, count=3),
            "adapter": AdapterRef(sha256=file_sha256(folder / ADAPTER_NAME), rank=16, alpha=32),
            "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        }
        VoiceManifest(**{**manifest, **changes}).write(folder)
        (root / name).symlink_to(folder.relative_to(root), target_is_directory=True)
        return folder

    return make


@functools.cache
def _defaults() -> Settings:
    return load_settings(temperature=0.5, guard="off")


@pytest.fixture
def settings(root: Path, base: BaseModel) -> Settings:
    """Settings that lead to the voices of this test."""
    return _defaults().model_copy(update={"voices": root, "model": base.name})


@pytest.fixture
def engine() -> FakeEngine:
    """The engine of this test."""
    return FakeEngine()


@pytest.fixture
def serve(settings: Settings, engine: FakeEngine) -> Serve:
    """Starts the application; gives a client once it is ready, or at once with ready=False."""

    @asynccontextmanager
    async def start(ready: bool = True, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(settings.model_copy(update=changes), engine)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://nic-voice") as client,
        ):
            if ready:
                await asyncio.wait({app.state.service.starting})
            yield client

    return start


@asynccontextmanager
async def listening(settings: Settings, engine: FakeEngine, **config: Any) -> AsyncIterator[uvicorn.Server]:
    """The service on a real port: a client without one would show a stream only when it has ended."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings, engine), port=0, log_config=None, lifespan="on", **config)
    )
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield server
    server.should_exit = True
    await serving


def address(server: uvicorn.Server) -> str:
    """Where a server listens."""
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


@pytest.fixture
async def url(make_voice: MakeVoice, settings: Settings, engine: FakeEngine) -> AsyncIterator[str]:
    """The address of a real server with the voices ana and bob, ending in /v1."""
    make_voice("ana")
    make_voice("bob")
    async with listening(settings, engine) as server:
        yield f"{address(server)}/v1"


def user(text: str) -> list[dict[str, str]]:
    """The messages of a request that holds one text."""
    return [{"role": "user", "content": text}]
