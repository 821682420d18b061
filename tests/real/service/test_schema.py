"""Whatever fits the OpenAPI document, and what nearly does, gets an answer that the document knows, and no 5xx."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from service.app import create_app
from service.settings import Settings
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice

FITTING, NEARLY = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


@pytest.fixture
def document(make_voice: MakeVoice, settings: Settings, engine: FakeEngine) -> Iterator[schemathesis.BaseSchema]:
    make_voice("ana")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(settings, engine), log_config=None, lifespan="on"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        thread.start()
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{listening.getsockname()[1]}/openapi.json")
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("examples", [25, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        ("POST", "/v1/chat/completions", FITTING),
        ("POST", "/v1/chat/completions", NEARLY),
        ("GET", "/v1/models/{name}", FITTING),
        ("GET", "/v1/voices/{name}", FITTING),
    ],
)
def test_every_request_gets_a_documented_answer(
    method: str, path: str, mode: GenerationMode, examples: int, document: schemathesis.BaseSchema
) -> None:
    operation = document[path][method]

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()
