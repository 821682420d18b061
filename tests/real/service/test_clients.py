"""The openai clients against the real server on a real port; the engine behind it is the fake one."""

import asyncio

import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

SAID: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "I am late."}]


async def test_the_asynchronous_client(url: str) -> None:
    async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:
        answer = await client.chat.completions.create(model="ana", messages=SAID)
        assert answer.choices[0].message.content == "ana: i am late."
        stream = await client.chat.completions.create(
            model="bob",
            messages=[{"role": "user", "content": "I am late. Sorry!"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "bob: i am late. bob: sorry!"
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == 6
        assert [model.id async for model in client.models.list()] == ["ana", "bob", "base"]
        with pytest.raises(openai.NotFoundError, match="Known: ana, bob"):
            await client.models.retrieve("eva")


async def test_the_synchronous_client(url: str) -> None:
    def ask() -> list[str | None]:
        with openai.OpenAI(base_url=url, api_key="none") as client:
            whole = client.chat.completions.create(model="ana", messages=SAID)
            stream = client.chat.completions.create(model="ana", messages=SAID, stream=True)
            with pytest.raises(openai.BadRequestError, match="two different voices"):
                client.chat.completions.create(model="ana", messages=SAID, extra_body={"voice": "bob"})
            return [whole.choices[0].message.content, "".join(c.choices[0].delta.content or "" for c in stream)]

    assert await asyncio.to_thread(ask) == ["ana: i am late."] * 2
