"""The engine is asked so much at once and no more, and evenly for all."""

import asyncio
from pathlib import Path

import pytest

from service.engines import Adapter, Completion, Sampling
from service.errors import EngineFailed
from service.rewriting.care import Care
from service.rewriting.request import MORE
from service.rewriting.rewrite import BUSY, Order, Rewriter
from service.rewriting.turns import Share, Turns
from service.voices import load_voices
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, Serve, user
from voice.base_model import BaseModel
from voice.prompt import Prompt

CHAT = "/v1/chat/completions"
UNGUARDED = Care(guard="off")


class CountingEngine(FakeEngine):
    """Knows how many calls were under way at once; each takes a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = self.calls = 0

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        self.now, self.calls = self.now + 1, self.calls + 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.001)
            return await super().generate(prompt, adapter, sampling)
        finally:
            self.now -= 1


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


async def holds(share: Share, order: list[str], name: str, done: asyncio.Event) -> None:
    async with share.turn():
        order.append(name)
        await done.wait()


async def test_one_request_has_a_quarter_and_the_next_one_is_not_behind_all_of_it() -> None:
    turns, order, done = Turns(8), list[str](), asyncio.Event()
    first, second = turns.share(), turns.share()
    tasks = [asyncio.create_task(holds(first, order, "first", done)) for _ in range(20)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(holds(second, order, "second", done)))
    await asyncio.sleep(0)
    assert order == ["first", "first", "second"]
    done.set()
    await asyncio.gather(*tasks)
    assert (first.taken, second.taken, len(order)) == (0, 0, 21)


async def test_who_has_the_fewest_is_next() -> None:
    turns, order = Turns(4), list[str]()
    shares = {name: turns.share() for name in "abcd"}
    ends = [asyncio.Event() for _ in range(4)]
    tasks = [asyncio.create_task(holds(shares[name], order, name, end)) for name, end in zip("abcd", ends, strict=True)]
    await asyncio.sleep(0)
    late, end = turns.share(), asyncio.Event()
    tasks += [asyncio.create_task(holds(shares["a"], order, "a", end)) for _ in range(3)]
    tasks += [asyncio.create_task(holds(late, order, "late", end))]
    await asyncio.sleep(0)
    ends[3].set()
    await asyncio.sleep(0.01)
    assert order == ["a", "b", "c", "d", "late"]
    for one in (*ends, end):
        one.set()
    await asyncio.gather(*tasks)


async def test_of_those_that_have_as_few_each_has_its_turn() -> None:
    turns, order, done = Turns(1), list[str](), asyncio.Event()
    done.set()
    await turns.take(first := turns.share())
    many, few = turns.share(), turns.share()
    tasks = [asyncio.create_task(holds(many, order, "many", done)) for _ in range(5)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(holds(few, order, "few", done)) for _ in range(2)]
    await asyncio.sleep(0)
    turns.give_back(first)
    await asyncio.gather(*tasks)
    assert order == ["many", "few", "many", "few", "many", "many", "many"]


async def test_a_call_that_nobody_waits_for_any_more_loses_no_turn() -> None:
    turns, order, done = Turns(1), list[str](), asyncio.Event()
    share, other = turns.share(), turns.share()
    await turns.take(share)
    waiting = [asyncio.create_task(holds(other, order, str(number), done)) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()  # while it waits
    await asyncio.sleep(0)
    done.set()
    turns.give_back(share)
    waiting[0].cancel()  # in the moment in which its turn has come
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert found[2] is None
    assert (order, share.taken, other.taken) == (["2"], 0, 0)


async def test_a_text_of_hundreds_of_sentences_is_all_there_and_never_more_at_once(
    engine: CountingEngine, make_voice: MakeVoice, serve: Serve
) -> None:
    make_voice("ana")
    lines = [f"- Point {number} is here." for number in range(400)]
    async with serve(max_engine_calls=16) as client:
        answer = await client.post(CHAT, json={"voice": "ana", "messages": user("\n".join(lines)), "n": 2})
    assert engine.most <= 4
    assert engine.calls == 400 * (2 + MORE)  # for two answers that differ
    for choice in answer.json()["choices"]:
        said = choice["message"]["content"].split("\n")
        assert said == [f"- ana: point {number} is here." for number in range(400)]


async def test_the_engine_is_never_asked_more_for_all_than_it_may(
    engine: CountingEngine, make_voice: MakeVoice, serve: Serve
) -> None:
    make_voice("ana")
    engine.answer = lambda prompt, _: prompt.text.lower()
    text = "\n".join(f"- Point {number}." for number in range(30))
    async with serve(max_engine_calls=8, guard="facts") as client:
        asked = (client.post(CHAT, json={"voice": "ana", "messages": user(text), "candidates": 2}) for _ in range(12))
        assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}
    assert 4 < engine.most <= 8
    assert engine.calls == 30 * (2 * BUSY + 12 - BUSY)


@pytest.mark.parametrize(
    ("asked", "param"), [({"n": 8, "candidates": 8}, "n"), ({"candidates": 8}, "candidates"), ({"n": 8}, "n")]
)
async def test_more_rewrites_than_tokens_that_may_be_sent_are_refused(
    asked: dict[str, int], param: str, engine: CountingEngine, make_voice: MakeVoice, serve: Serve
) -> None:
    make_voice("ana")
    body = {"voice": "ana", "messages": user("\n".join(["- So it is."] * 50))}
    async with serve(max_input_tokens=300) as client:
        assert (await client.post(CHAT, json=body)).status_code == 200
        answer = await client.post(CHAT, json={**body, **asked})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param)
    assert "The text has 50 pieces" in error["message"]
    assert "more than 300. Ask for fewer" in error["message"]


async def test_a_later_failure_leaves_no_turn_behind(
    engine: CountingEngine, make_voice: MakeVoice, root: Path, base: BaseModel
) -> None:
    make_voice("ana")
    voice = load_voices(root, base).find("ana")
    turns = Turns(4)

    def answer(prompt: Prompt, _: Adapter) -> str:
        if "7" in prompt.text:
            raise EngineFailed("no")
        return prompt.text

    engine.answer = answer
    order = Order(voice, "chat", Sampling(max_tokens=50, temperature=0), care=UNGUARDED)
    text = "\n".join(f"- Point {number}." for number in range(40))
    with pytest.raises(EngineFailed):
        _ = [piece async for piece in Rewriter(engine, turns).rewrite(text, order)]
    assert engine.now == 0
    async with asyncio.timeout(30):
        for _ in range(8):
            async with turns.share().turn():
                pass
