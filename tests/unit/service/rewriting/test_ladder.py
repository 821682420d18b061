"""What happens to a rewrite that may not go out."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from service.engines import Adapter, Completion, Sampling
from service.errors import EngineFailed, PromptTooLong
from service.rewriting.care import Care
from service.rewriting.ladder import MORE
from service.rewriting.piece import Piece
from service.rewriting.rewrite import Order, Rewriter
from service.voices import Voice, load_voices
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice
from voice.base_model import BaseModel
from voice.manifest import VoiceManifest
from voice.prompt import Prompt
from voice.style import HABITS, Verifier

GREEDY = Sampling(max_tokens=100, temperature=0)
SYSTEM = {"chat": {"sentence": "A sentence.", "message": "A message."}}
FACTS = Care(guard="facts")


@pytest.fixture
def ana(make_voice: MakeVoice, root: Path, base: BaseModel) -> Voice:
    """A voice that knows messages and sentences."""
    make_voice("ana", system=SYSTEM, units=["sentence", "message"])
    return load_voices(root, base).find("ana")


async def pieces(
    engine: FakeEngine, voice: Voice, text: str, care: Care = FACTS, limit: int | None = None
) -> list[Piece]:
    found = [piece async for piece in Rewriter(engine).rewrite(text, Order(voice, "chat", GREEDY, limit, care))]
    assert found[-1].verdict is None
    return found[:-1]


def in_turn(*answers: str) -> Callable[[Prompt, Adapter], str]:
    """Gives one answer after the other, the last one for ever."""
    left: Iterator[str] = iter(answers)
    last = [answers[-1]]

    def answer(_: Prompt, __: Adapter) -> str:
        last[0] = next(left, last[0])
        return last[0]

    return answer


def lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


async def test_a_rewrite_with_a_wrong_fact_is_drawn_again(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("see u at 9", "see u later", "see u at 8")
    (piece,) = await pieces(engine, ana, "I will see you at 8.")
    assert (piece.text, piece.verdict, piece.missing, piece.invented) == ("see u at 8", "resampled", (), ())
    assert piece.extra_tokens == sum(len(text.split()) for text in ("see u at 9", "see u later", *["see u at 8"] * 2))
    temperatures = [sampling.temperature for _, _, sampling in engine.asked]
    assert temperatures == [0, *[0.7] * MORE]


async def test_a_fact_that_was_garbled_is_hidden_from_the_model(engine: FakeEngine, ana: Voice) -> None:
    def garbling(prompt: Prompt, _: Adapter) -> str:
        return prompt.text.lower().replace("kevin", "kenny").replace("friday", "monday")

    engine.answer = garbling
    (piece,) = await pieces(engine, ana, "Kevin sends 123456 on Friday.")
    assert (piece.text, piece.verdict) == ("Kevin sends 123456 on Friday.", "resampled")
    assert [prompt.text for prompt, _, _ in engine.asked] == [
        "Kevin sends <id1> on Friday.", *["<name1> sends <id1> on <id2>."] * MORE
    ]  # fmt: skip


async def test_a_segment_without_a_good_rewrite_goes_out_as_it_came(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("see u at 9")
    (piece,) = await pieces(engine, ana, "I will see you at 8, at https://example.org/a.")
    assert (piece.text, piece.verdict) == ("I will see you at 8, at https://example.org/a.", "fallback")
    assert (piece.missing, piece.invented) == (("link", "number"), ("number",))


async def test_what_is_refused_whole_is_tried_in_pieces(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = lambda prompt, _: "hi" if prompt.system == "A message." else lower_first(prompt.text)
    found = await pieces(engine, ana, "It is $40. Do not PAY.\n\nWrite to ana.b@example.org.")
    assert [(piece.text, piece.verdict) for piece in found] == [
        ("it is $40.", "kept"),
        (" do not PAY.", "kept"),
        ("\n\nwrite to ana.b@example.org.", "kept"),
    ]
    assert found[0].extra_tokens > 0


async def test_whom_a_draft_greets_is_greeted(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("hey\n\nboat is here")
    (piece,) = await pieces(engine, ana, "Hi Petra,\n\nThe boat is here. I hope this helps.")
    assert (piece.text, piece.verdict) == ("Hi Petra,\n\nboat is here", "kept")
    engine.answer = in_turn("hi pedro—boat is here")
    (piece,) = await pieces(engine, ana, "Hi Petra,\n\nThe boat is here.")
    assert (piece.text, piece.verdict) == ("Hi Petra,\n\nboat is here", "kept")
    engine.answer = in_turn("boat is here")
    found = await pieces(engine, ana, "Hi Petra,\n\nThe boat of Kevin is here.")
    assert "boat is here" not in [piece.text for piece in found]


async def test_a_question_that_has_lost_its_mark_gets_it_back(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("send the ladder by friday.")
    (piece,) = await pieces(engine, ana, "Could you send the ladder by Friday?")
    assert (piece.text, piece.verdict) == ("send the ladder by friday?", "kept")
    (piece,) = await pieces(engine, ana, "Could you send the ladder by Monday?")
    assert piece.verdict == "fallback"


async def test_identifiers_never_reach_the_engine(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = lambda prompt, _: prompt.text.replace("Call", "call")
    text = "Call 415-555-0132 or 415-555-0199.\n\n- 415-555-0199"
    found = await pieces(engine, ana, text)
    assert "".join(piece.text for piece in found) == "call 415-555-0132 or 415-555-0199.\n\n- 415-555-0199"
    assert "555" not in "".join(prompt.text for prompt, _, _ in engine.asked)


async def test_a_voice_that_never_saw_names_sees_none(
    make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    make_voice("bo", masks_names=True)
    engine.answer = lambda prompt, _: prompt.text.replace("will meet", "meets")
    (piece,) = await pieces(engine, load_voices(root, base).find("bo"), "Petra will meet Kevin in Oslo.")
    assert piece.text == "Petra meets Kevin in Oslo."
    assert engine.asked[0][0].text == "<name1> will meet <name2> in <name3>."


async def test_a_voice_may_shout_its_placeholders(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = lambda prompt, _: prompt.text.upper()
    (piece,) = await pieces(engine, ana, "write to ana.b@example.org")
    assert piece.text == "WRITE TO ana.b@example.org"
    engine.answer = lambda prompt, _: prompt.text.replace(", or", "—or")
    (piece,) = await pieces(engine, ana, "see https://example.org/a, or not")
    assert piece.text == "see https://example.org/a —or not"


async def test_when_the_time_is_spent_the_rest_goes_out_as_it_came(engine: FakeEngine, ana: Voice) -> None:
    engine.gate.clear()
    (piece,) = await pieces(engine, ana, "I am LATE.", Care(seconds=0.05))
    assert (piece.text, piece.verdict) == ("I am LATE.", "fallback")
    assert engine.cancellations == 1


async def test_when_one_candidate_fails_the_others_are_freed(ana: Voice) -> None:
    class Failing(FakeEngine):
        async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
            if sampling.temperature:  # every candidate but the first
                await self.arrived.wait()
                raise EngineFailed("no")
            return await super().generate(prompt, adapter, sampling)

    engine = Failing()
    engine.gate.clear()
    with pytest.raises(EngineFailed):
        await pieces(engine, ana, "I am late.", Care(candidates=2))
    for _ in range(5):
        await asyncio.sleep(0)
    assert engine.cancellations == 1


async def test_of_several_good_ones_the_most_like_the_owner_is_chosen(
    make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    nothing = np.zeros(len(HABITS), np.float32)
    verifier = Verifier(np.array(["gonna"]), np.ones(1, np.float32), nothing, nothing + 1, nothing, 0.0)
    verifier.save(folder := make_voice("bo"))
    VoiceManifest.load(folder).write(folder)
    bo = load_voices(root, base).find("bo")
    engine.answer = in_turn("i will be at 9", "i will be late", "gonna be", "gonna be late")
    (piece,) = await pieces(engine, bo, "I will be late.", Care(guard="facts", candidates=4))
    assert (piece.text, piece.verdict, len(engine.asked)) == ("gonna be late", "resampled", 4)


async def test_what_the_callers_limit_cuts_is_no_refusal(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("see you at the lake house at 8")
    (piece,) = await pieces(engine, ana, "I will see you at the lake house at 8.", limit=4)
    assert (piece.text, piece.verdict) == ("see you at the", "kept")
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    ("text", "rewrite", "invented"),
    [
        ("I am late.", "late, ana", ("name",)),
        ("I am late.", "I cannot assist with that.", ("negation", "refusal")),
        ("I am late again today.", "late again today ok so late again today ok so", ("repetition",)),
        ("I am late.", "rewrite it as i type it in a chat late", ("prompt",)),
        ("I am late.", "опоздал", ("script",)),
        ("I am late, sadly.", "late, sadly, at the harbour", ("word",)),
        ("I love working here.", "hate working here", ("polarity",)),
        ("She sent it to you.", "you sent it to her", ("actor",)),
    ],
)
async def test_what_no_rewrite_may_hold(
    text: str, rewrite: str, invented: tuple[str, ...], make_voice: MakeVoice, root: Path, base: BaseModel,
    engine: FakeEngine,
) -> None:  # fmt: skip
    make_voice("ana", system={"chat": {"sentence": "Rewrite it as I type it in a chat."}})
    engine.answer = in_turn(rewrite)
    (piece,) = await pieces(engine, load_voices(root, base).find("ana"), text, Care())
    assert (piece.text, piece.verdict) == (text, "fallback")
    assert set(invented) <= set(piece.invented)
    (piece,) = await pieces(engine, load_voices(root, base).find("ana"), text, Care(guard="off"))
    assert (piece.text, piece.verdict) == (rewrite, "kept")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I hope you are well. It is $40.\n\nI hope this helps.", ["", "it is $40.", ""]),
        ("It is $40. Thank you for your time. Pay it.", ["it is $40.", "", " pay it."]),
        ("I hope you are well. I hope this helps.", ["i hope you are well.", " i hope this helps."]),
    ],
)
async def test_a_courtesy_by_itself_is_left_out(
    text: str, expected: list[str], make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    make_voice("bo", writes_pleasantries=False)
    bo = load_voices(root, base).find("bo")
    engine.answer = lambda prompt, _: lower_first(prompt.text)
    found = await pieces(engine, bo, text)
    assert [piece.text for piece in found] == expected
    assert [piece.verdict for piece in found] == ["kept" if text else "dropped" for text in expected]
    make_voice("cy")
    found = await pieces(engine, load_voices(root, base).find("cy"), text)
    assert "dropped" not in [piece.verdict for piece in found]


class ShortEngine(FakeEngine):
    """Takes prompts of at most 20 words."""

    async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
        if len(prompt.text.split()) > 20:
            raise PromptTooLong("The text takes more tokens than there is room for.")
        return await super().generate(prompt, adapter, sampling)


async def test_what_does_not_fit_goes_out_as_it_came_and_the_rest_is_rewritten(ana: Voice) -> None:
    engine = ShortEngine()
    engine.answer = lambda prompt, _: prompt.text.lower()
    unmarked = "On and " * 30 + "on"
    text = f"I am LATE.\n\n{unmarked}\n\nSee You there."
    found = await pieces(engine, ana, text)
    assert "".join(piece.text for piece in found) == f"i am late.\n\n{unmarked}\n\nsee you there."
    [left] = [piece for piece in found if piece.verdict == "fallback"]
    assert (left.text.strip(), left.missing) == (unmarked, ("room",))


async def test_a_sentence_that_is_longer_than_an_answer_may_be_is_not_tried(engine: FakeEngine, ana: Voice) -> None:
    found = await pieces(engine, ana, "On and " * 60 + "on.")
    assert [(piece.verdict, piece.missing) for piece in found] == [("fallback", ("room",))]
    assert engine.asked == []
