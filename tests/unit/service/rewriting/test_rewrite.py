import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from service.engines import Sampling
from service.errors import EngineFailed
from service.rewriting.care import Care
from service.rewriting.piece import Piece
from service.rewriting.rewrite import Order, Rewriter
from service.voices import Voice, load_voices
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice
from voice.base_model import BaseModel
from voice.prompt import Prompt

GREEDY = Sampling(max_tokens=100, temperature=0)
ONE = Care(candidates=1)
UNGUARDED = Care(guard="off")


@pytest.fixture
def ana(make_voice: MakeVoice, root: Path, base: BaseModel) -> Voice:
    make_voice("ana")
    return load_voices(root, base).find("ana")


async def pieces(
    engine: FakeEngine,
    voice: Voice,
    text: str,
    sampling: Sampling = GREEDY,
    limit: int | None = None,
    care: Care = UNGUARDED,
) -> list[Piece]:
    return [piece async for piece in Rewriter(engine).rewrite(text, Order(voice, "chat", sampling, limit, care))]


async def test_segments_come_in_order_with_what_is_between(engine: FakeEngine, ana: Voice) -> None:
    found = await pieces(engine, ana, "Hello Sam. I am LATE.\n\n> You said so\n")
    assert [(piece.text, piece.verdict) for piece in found] == [
        ("ana: hello sam.", "kept"),
        (" ana: i am late.", "kept"),
        ("\n\n> You said so", "copied"),
        ("\n", None),
        ("", None),
    ]
    assert [piece.finish_reason for piece in found] == [None, None, None, None, "stop"]
    assert [prompt for prompt, _, _ in engine.asked] == [
        Prompt("Chat as I do.", "Hello Sam."),
        Prompt("Chat as I do.", "I am LATE."),
    ]


async def test_a_voice_that_knows_messages_gets_the_whole_text(
    make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    texts = {"sentence": "A sentence.", "message": "A message."}
    make_voice("bo", system={"chat": texts, "email": {"sentence": "A line."}}, units=["sentence", "message"])
    voice = load_voices(root, base).find("bo")
    mail = "Hi Sam,\n\nI am LATE. Sorry."
    found = await pieces(engine, voice, mail)
    assert [(piece.text, piece.verdict) for piece in found[:-1]] == [(f"bo: {mail.lower()}", "kept")]
    await pieces(engine, voice, "I am LATE.")
    order = Order(voice, "email", GREEDY, care=UNGUARDED)
    _ = [piece async for piece in Rewriter(engine).rewrite("I am LATE. Sorry.", order)]
    assert [prompt for prompt, _, _ in engine.asked] == [
        Prompt("A message.", mail),
        Prompt("A sentence.", "I am LATE."),
        Prompt("A line.", "I am LATE."),
        Prompt("A line.", "Sorry."),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"masking": 1}, "The nas at fe80::1 has 12 photos for <id1> people, or 91 123 45 67."),
        ({"masking": 2}, "The nas at <id1> has 12 photos for 12,500 people, or 91 123 45 67."),
        ({"phone_regions": ["ES"]}, "The nas at <id1> has 12 photos for 12,500 people, or <phone1>."),
    ],
)
async def test_a_voice_sees_what_it_was_trained_on(
    changes: dict[str, object], expected: str, make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    make_voice("bo", **changes)
    text = "The nas at fe80::1 has 12 photos for 12,500 people, or 91 123 45 67."
    engine.answer = lambda prompt, _: prompt.text
    found = await pieces(engine, load_voices(root, base).find("bo"), text)
    assert [prompt.text for prompt, _, _ in engine.asked] == [expected]
    assert found[0].text == text


async def test_all_segments_are_in_the_engine_at_once(engine: FakeEngine, ana: Voice) -> None:
    engine.gate.clear()
    task = asyncio.create_task(pieces(engine, ana, "One here. Two here. Three here."))
    await engine.arrived.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(engine.asked) == 3
    engine.gate.set()
    await task


@pytest.mark.parametrize("answer", ["", "  \n", "word " * 90])
async def test_a_rewrite_that_is_empty_or_does_not_end_is_not_shipped(
    answer: str, engine: FakeEngine, ana: Voice
) -> None:
    engine.answer = lambda *_: answer
    found = await pieces(engine, ana, "I am late.")
    assert (found[0].text, found[0].verdict, found[0].completion_tokens) == ("I am late.", "fallback", 3)
    assert found[0].kinds == (("end",) if answer.strip() else ("text",))
    assert found[-1].finish_reason == "stop"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (100, ("ana: i am late. ana: so are you.", "stop")),
        (8, ("ana: i am late. ana: so are you.", "stop")),
        (7, ("ana: i am late.", "length")),
        (4, ("ana: i am late.", "length")),
        (2, ("ana: i", "length")),
        (1, ("ana:", "length")),
    ],
)
async def test_the_limit_bounds_the_whole_answer(
    limit: int, expected: tuple[str, str], engine: FakeEngine, ana: Voice
) -> None:
    found = await pieces(engine, ana, "I am late. So are you.", limit=limit)
    assert ("".join(piece.text for piece in found), found[-1].finish_reason) == expected
    assert sum(piece.completion_tokens for piece in found) <= limit


async def test_copied_text_counts_against_the_limit(engine: FakeEngine, ana: Voice) -> None:
    found = await pieces(engine, ana, "> one two three four\nI am late.", limit=6)
    assert ("".join(piece.text for piece in found), found[-1].finish_reason) == ("> one two three four", "length")


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (("late",), "ana: i am "),
        (("you",), "ana: i am late. ana: so are "),
        (("nowhere",), "ana: i am late. ana: so are you."),
        (("you", "am"), "ana: i "),
        ((". ana",), "ana: i am late."),  # it began in what was already sent
    ],
)
async def test_a_stop_string_ends_the_answer(
    stop: tuple[str, ...], expected: str, engine: FakeEngine, ana: Voice
) -> None:
    found = await pieces(engine, ana, "I am late. So are you.", replace(GREEDY, stop=stop))
    assert "".join(piece.text for piece in found) == expected
    assert found[-1].finish_reason == "stop"
    assert all(sampling.stop == () for _, _, sampling in engine.asked)


async def test_seeds_differ_by_segment_and_repeat_by_request(engine: FakeEngine, ana: Voice) -> None:
    for seed in (5, 5, 6, None):
        await pieces(engine, ana, "Come here. Come here.", replace(GREEDY, seed=seed))
    seeds = [sampling.seed for _, _, sampling in engine.asked]
    first, second, third = seeds[0:2], seeds[2:4], seeds[4:6]
    assert first == second
    assert len({*first, *third}) == 4
    assert seeds[6:] == [None, None]


async def test_closing_frees_the_engine(engine: FakeEngine, ana: Voice) -> None:
    waiting = Rewriter(engine).rewrite("```\ncode\n```\nOne here. Two here.", Order(ana, "chat", GREEDY, care=ONE))
    engine.gate.clear()
    assert (await anext(waiting)).verdict == "copied"
    await engine.arrived.wait()
    await waiting.aclose()
    assert engine.cancellations == 2


async def test_a_later_failure_ends_the_answer_at_once(engine: FakeEngine, ana: Voice) -> None:
    def fail_on_two(prompt: Prompt, _: object) -> str:
        if prompt.text == "Two here.":
            raise EngineFailed("no")
        return prompt.text

    engine.answer = fail_on_two
    with pytest.raises(EngineFailed):
        await anext(Rewriter(engine).rewrite("One here. Two here.", Order(ana, "chat", GREEDY)))


async def test_copied_text_that_comes_first_is_cut_at_the_limit(engine: FakeEngine, ana: Voice) -> None:
    found = await pieces(engine, ana, "> one two three four\nI am late.", limit=3)
    assert "".join(piece.text for piece in found).split() == [">", "one", "two"]
    assert found[-1].finish_reason == "length"
    assert sum(piece.completion_tokens for piece in found) <= 3
