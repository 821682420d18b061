"""A marked sentence goes through success, refusal, failure and crash, and must not be seen anywhere but in answers."""

import logging

import pytest

from service.errors import EngineFailed
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, user
from voice.prompt import Prompt

CANARY = "the canary sings at noon"
CHAT = "/v1/chat/completions"


def _crash(prompt: Prompt, _: object) -> str:
    raise RuntimeError(f"crashed on {prompt.text}")


def _fail(prompt: Prompt, _: object) -> str:
    try:
        raise ValueError(prompt.text)
    except ValueError as error:
        raise EngineFailed("The engine failed on this request.") from error


async def test_private_text_is_seen_nowhere(
    make_voice: MakeVoice, serve: Serve, engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    make_voice("ana")
    turn = user(CANARY)
    refused = [
        {"voice": CANARY, "messages": turn},
        {"model": CANARY, "messages": turn},
        {"voice": "ana", "model": CANARY, "messages": turn},
        {"voice": "ana", "register": CANARY, "messages": turn},
        {"voice": "ana", "temperature": CANARY, "messages": turn},
        {"voice": "ana", "messages": CANARY},
        {"voice": "ana", "messages": [{"role": CANARY, "content": CANARY}]},
        {"voice": "ana", "messages": turn, "tools": [{CANARY: CANARY}]},
        {"voice": "ana", "messages": turn, "stream_options": {"include_usage": CANARY}},
        {"model": "base", "messages": [{"role": CANARY, "content": CANARY}, *turn]},
        {"voice": "ana", "messages": turn, CANARY: CANARY, "n": 9},
    ]
    with caplog.at_level(logging.DEBUG):
        async with serve() as client:
            shipped = await client.post(CHAT, json={"voice": "ana", "messages": turn})
            assert CANARY in shipped.text
            errors = [await client.post(CHAT, json=body) for body in refused]
            errors += [await client.post(CHAT, content=f'{{"messages": "{CANARY}'.encode())]
            errors += [await client.get(f"/{CANARY}"), await client.get(f"/v1/models/{CANARY}")]
            errors += [await client.get(f"/v1/voices/{CANARY}")]
            errors += [await client.post(CHAT, params={"voice": CANARY}, json={"messages": turn})]
            for broken in (_crash, _fail):
                engine.answer = broken
                errors += [
                    await client.post(CHAT, json={"voice": "ana", "stream": stream, "messages": turn})
                    for stream in (False, True)
                ]
            engine.breaks_with = RuntimeError(CANARY)
            broken_off = await client.post(CHAT, json={"model": "base", "stream": True, "messages": user("Hi.")})
            numbers = (await client.get("/metrics")).text
    assert all(
        answer.status_code >= 400 for answer in errors if "text/event-stream" not in answer.headers["content-type"]
    )
    records = [f"{record.getMessage()} {record.exc_text or ''} {record.exc_info or ''}" for record in caplog.records
               if not record.name.startswith("httpx")]  # fmt: skip
    assert any("voice=ana status=200" in record for record in records)
    assert any("unexpected RuntimeError" in record for record in records)
    for seen in [*records, numbers, broken_off.text, *(answer.text for answer in errors)]:
        assert "canary" not in seen
