"""What happens to a rewrite that may not go out."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.engines import Adapter, Completion, Sampling
from service.errors import EngineFailed, PromptTooLong
from service.rewriting.care import Care, Rank
from service.rewriting.piece import Piece
from service.rewriting.request import MORE, STRENGTHS, WARM
from service.rewriting.rewrite import BUSY, Order, Rewriter
from service.voices import Voice, load_voices
from tests.clock import eventually
from tests.fake_engine import FakeEngine
from tests.unit.service.conftest import MakeVoice, WordReader
from voice.base_model import BaseModel
from voice.hand import Hand
from voice.manifest import VoiceManifest
from voice.prompt import Prompt
from voice.style import HABITS, Verifier

GREEDY = Sampling(max_tokens=100, temperature=0)
SYSTEM = {"chat": {"sentence": "A sentence.", "message": "A message."}}
FACTS = Care(guard="facts", candidates=1)


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
    engine.answer = in_turn("see u at 9", "see u at 7", "see u at 8")
    (piece,) = await pieces(engine, ana, "I will see you at 8:00.")
    assert (piece.text, piece.verdict, piece.kinds) == ("see u at 8", "resampled", ())
    assert piece.same is not None
    assert piece.extra_tokens == 4 * MORE
    asked = [(adapter.strength, sampling.temperature) for _, adapter, sampling in engine.asked]
    assert asked == [(strength, 0) for strength in STRENGTHS]


async def test_as_many_are_drawn_again_at_a_time_as_at_first(engine: FakeEngine, ana: Voice) -> None:
    for candidates, drawn in ((1, 2), (2, 4)):
        engine.asked.clear()
        engine.answer = in_turn(*["see u at 9"] * candidates, "see u at 8")
        (piece,) = await pieces(engine, ana, "I will see you at 8:00.", Care(guard="facts", candidates=candidates))
        assert (piece.text, len(engine.asked)) == ("see u at 8", drawn)


async def test_a_segment_without_a_good_rewrite_goes_out_as_it_came(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("see u at 9")
    (piece,) = await pieces(engine, ana, "I will see you at 8:00, at https://example.org/a.")
    assert (piece.text, piece.verdict) == ("I will see you at 8:00, at https://example.org/a.", "fallback")
    assert piece.kinds == ("link", "number", "time")
    assert piece.extra_tokens == 4 * (1 + MORE)


async def test_what_is_refused_whole_is_tried_in_pieces(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = lambda prompt, _: "hi" if prompt.system == "A message." else lower_first(prompt.text)
    found = await pieces(engine, ana, "It is $40. Do not PAY.\n\nWrite to ana.b@example.org.")
    assert [(piece.text, piece.verdict) for piece in found] == [
        ("it is $40.", "kept"),
        (" do not PAY.", "kept"),
        ("\n\nwrite to ana.b@example.org.", "kept"),
    ]
    assert found[0].extra_tokens > 0


async def test_pieces_that_say_less_together_than_the_whole_are_not_taken(engine: FakeEngine, ana: Voice) -> None:
    def losing(prompt: Prompt, _: Adapter) -> str:
        if prompt.system == "A message.":
            return prompt.text.lower() + " at 9:30"
        return "boat late" if "late" in prompt.text else prompt.text.lower()

    engine.answer = losing
    text = "I believe that the red boat will perhaps be late. Open The Shed."
    (piece,) = await pieces(engine, ana, text)
    assert (piece.text, piece.verdict, piece.kinds) == (text, "fallback", ("time",))
    assert piece.same is not None and piece.same > 0.5
    engine.answer = lambda prompt, _: prompt.text.lower() + " at 9:30" * (prompt.system == "A message.")
    found = await pieces(engine, ana, text)
    assert "".join(piece.text for piece in found) == text.lower()


async def test_pieces_leave_no_more_doubt_together_than_one_text(engine: FakeEngine, ana: Voice) -> None:
    def losing(prompt: Prompt, _: Adapter) -> str:
        if prompt.system == "A message.":
            return "boats"
        return "boat in the harbour" if "harbour" in prompt.text else prompt.text.lower()

    engine.answer = losing
    text = "The boat will be in the harbour on time. Open The Shed. Close The Gate."
    found = await pieces(engine, ana, text, Care(same=0.8))
    assert (
        "".join(piece.text for piece in found)
        == "The boat will be in the harbour on time. open the shed. close the gate."
    )
    assert [piece.kinds for piece in found][1:] == [(), ()]


async def test_the_full_guard_refuses_what_says_something_else(
    engine: FakeEngine, ana: Voice, reader: WordReader
) -> None:
    engine.answer = in_turn("boat in the harbour")
    text = "The boat will be in the harbour on time."
    (piece,) = await pieces(engine, ana, text, Care(same=0.9))
    assert (piece.text, piece.verdict) == (text, "fallback")
    assert piece.same is not None and piece.same < 0.9
    assert piece.kinds[0] == "unlikely"
    assert reader.read
    (piece,) = await pieces(engine, ana, text, Care(same=0.1))
    assert (piece.text, piece.verdict) == ("boat in the harbour", "kept")
    reader.read.clear()
    (piece,) = await pieces(engine, ana, text)
    assert (piece.text, piece.verdict, reader.read) == ("boat in the harbour", "kept", [])


async def test_what_says_something_else_is_not_drawn_again_but_what_slips_is(engine: FakeEngine, ana: Voice) -> None:
    text = "The boat will be in the harbour at 8:00."
    for rewrite, drawn in (("boat in the harbour at 8", 2), ("boat will be in the harbour at 9", 2 + MORE)):
        engine.asked.clear()
        engine.answer = in_turn(rewrite)
        (piece,) = await pieces(engine, ana, text, Care(same=0.95))
        assert (piece.text, piece.verdict, len(engine.asked)) == (text, "fallback", drawn)


async def test_of_two_the_one_that_says_more_goes_out(engine: FakeEngine, ana: Voice, reader: WordReader) -> None:
    engine.answer = in_turn("boat in the harbour", "boat will be in the harbour on time")
    (piece,) = await pieces(engine, ana, "The boat will be in the harbour on time.", Care(candidates=2))
    assert (piece.text, piece.verdict) == ("boat will be in the harbour on time", "resampled")
    assert (len(engine.asked), piece.extra_tokens) == (2, 4)


async def test_answers_differ_as_far_as_they_may_go_out(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("late at 8", "late at 9", "im late at 8", "late, 8")
    order = Order(ana, "chat", GREEDY, care=FACTS, answers=3)
    found = [piece async for piece in Rewriter(engine).rewrite("I am late, at 8:00.", order)]
    texts = [[piece.text for piece in found if piece.choice == answer and piece.text] for answer in range(3)]
    assert sorted(texts) == [["im late at 8"], ["late at 8"], ["late, 8"]]
    assert [(piece.choice, piece.finish_reason) for piece in found if piece.finish_reason] == [
        (0, "stop"), (1, "stop"), (2, "stop")
    ]  # fmt: skip
    engine.answer = lambda prompt, _: prompt.text.lower()
    found = [piece async for piece in Rewriter(engine).rewrite("I am LATE.", order)]
    assert [piece.text for piece in found] == ["i am late."] * 3 + [""] * 3


async def test_while_many_are_under_way_one_candidate_is_drawn_at_first(engine: FakeEngine, ana: Voice) -> None:
    rewriter = Rewriter(engine)
    engine.answer = lambda prompt, _: prompt.text.lower()
    engine.gate.clear()
    order = Order(ana, "chat", GREEDY, care=Care(guard="facts", candidates=2))

    async def rewritten() -> list[Piece]:
        return [piece async for piece in rewriter.rewrite("I am LATE.", order)]

    asking = [asyncio.create_task(rewritten()) for _ in range(BUSY)]
    await eventually(lambda: len(engine.asked) == 2 * BUSY)
    asking += [asyncio.create_task(rewritten()) for _ in range(2)]
    await eventually(lambda: len(engine.asked) == 2 * BUSY + 2)
    engine.gate.set()
    await asyncio.gather(*asking)
    assert len(engine.asked) == 2 * BUSY + 2


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
    (piece,) = await pieces(engine, ana, "I am LATE.", Care(seconds=0.05, candidates=1))
    assert (piece.text, piece.verdict) == ("I am LATE.", "fallback")
    assert engine.cancellations == 1


async def test_when_one_candidate_fails_the_others_are_freed(ana: Voice) -> None:
    class Failing(FakeEngine):
        async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
            if adapter.strength != 1 or sampling.temperature:  # every candidate but the first
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


async def test_where_a_server_has_the_voice_as_it_was_trained_alone_others_are_drawn_warm(ana: Voice) -> None:
    class AsTrained(FakeEngine):
        async def generate(self, prompt: Prompt, adapter: Adapter, sampling: Sampling) -> Completion:
            if adapter.strength != 1:
                raise EngineFailed("not at this strength")
            return await super().generate(prompt, adapter, sampling)

    engine = AsTrained()
    engine.answer = in_turn("see u at 9", "see u at 8")
    (piece,) = await pieces(engine, ana, "I will see you at 8:00.", Care(guard="facts", candidates=2))
    assert (piece.text, piece.verdict) == ("see u at 8", "resampled")
    assert [sampling.temperature for _, _, sampling in engine.asked] == [0, WARM]


async def test_style_counts_as_much_as_it_is_said_to(
    make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    nothing = np.zeros(len(HABITS), np.float32)
    verifier = Verifier(np.array(["gonna"]), np.ones(1, np.float32), nothing, nothing + 1, nothing, 0.0)
    verifier.save(folder := make_voice("bo"))
    VoiceManifest.load(folder).write(folder)
    bo = load_voices(root, base).find("bo")
    for rank, expected in ((Rank(), "i will be late"), (Rank(style=100.0), "gonna be late")):
        engine.answer = in_turn("gonna be late", "i will be late")
        (piece,) = await pieces(engine, bo, "I will be late.", Care(guard="facts", candidates=2, rank=rank))
        assert piece.text == expected


async def test_what_the_callers_limit_cuts_is_no_refusal(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = in_turn("see you at the lake house at 8")
    (piece,) = await pieces(engine, ana, "I will see you at the lake house at 8.", limit=4)
    assert (piece.text, piece.verdict) == ("see you at the", "kept")
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    ("text", "rewrite", "kind"),
    [
        ("I am late.", "late, ana", "name"),
        ("I am late.", "I cannot assist with that.", "refusal"),
        ("I am late again today.", "late again today ok so late again today ok so", "repetition"),
        ("I am late.", "rewrite it as i type it in a chat late", "prompt"),
        ("I am late.", "опоздал", "script"),
    ],
)
async def test_what_no_rewrite_may_hold(
    text: str, rewrite: str, kind: str, make_voice: MakeVoice, root: Path, base: BaseModel, engine: FakeEngine
) -> None:
    make_voice("ana", system={"chat": {"sentence": "Rewrite it as I type it in a chat."}})
    engine.answer = in_turn(rewrite)
    (piece,) = await pieces(engine, load_voices(root, base).find("ana"), text)
    assert (piece.text, piece.verdict, piece.kinds) == (text, "fallback", (kind,))
    (piece,) = await pieces(engine, load_voices(root, base).find("ana"), text, Care(guard="off"))
    assert (piece.text, piece.verdict, piece.same) == (rewrite, "kept", None)


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
    assert (left.text.strip(), left.kinds) == (unmarked, ("room",))


async def test_a_sentence_that_is_longer_than_an_answer_may_be_is_not_tried(engine: FakeEngine, ana: Voice) -> None:
    found = await pieces(engine, ana, "On and " * 60 + "on.")
    assert [(piece.verdict, piece.kinds) for piece in found] == [("fallback", ("room",))]
    assert engine.asked == []


HAND = Hand(small_starts=True, small_i=True, small_names=True, open_ends=True, dash="—", forms={"do not": "dont"},
            opening="{name}—", closing="{me}", me="t")  # fmt: skip


@pytest.fixture
def typing(ana: Voice) -> Voice:
    """The same voice, which knows how its owner types."""
    return replace(ana, hands={"chat": HAND})


async def test_what_has_no_good_rewrite_is_typed_as_the_owner_types(engine: FakeEngine, typing: Voice) -> None:
    engine.answer = lambda prompt, _: prompt.text.replace("8:00", "9:00") + " so what"
    (piece,) = await pieces(engine, typing, "I do not come before 8:00 to Anna.")
    assert (piece.text, piece.verdict) == ("i dont come before 8:00 to anna", "light")
    (piece,) = await pieces(engine, typing, "see you at 8:00")
    assert (piece.text, piece.verdict) == ("see you at 8:00", "light")


async def test_what_a_rewrite_got_wrong_is_taken_back(engine: FakeEngine, typing: Voice, reader: WordReader) -> None:
    engine.answer = in_turn("boats in the harbour at 8, nobody is on board, a red one")
    text = "The boat is in the harbour at 8:00, nobody else is on board, and it is a blue one that I bought."
    (piece,) = await pieces(engine, typing, text, Care(same=0.9))
    assert piece.verdict == "resampled"
    assert "blue" in piece.text and "red" not in piece.text
    assert reader.read


async def test_what_is_mended_too_late_is_typed_as_the_owner_types(
    engine: FakeEngine, typing: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    rewriter = Rewriter(engine)
    monkeypatch.setattr(rewriter.judging, "gaps", never)
    engine.answer = lambda prompt, _: prompt.text.replace("8:00", "9:00")
    order = Order(typing, "chat", GREEDY, care=replace(FACTS, seconds=0.3))
    found = [piece async for piece in rewriter.rewrite("I do not come before 8:00 to Anna.", order)][:-1]
    assert [(piece.text, piece.verdict) for piece in found] == [("i dont come before 8:00 to anna", "light")]


async def test_greeting_sign_off_and_heading_are_the_owners(engine: FakeEngine, typing: Voice) -> None:
    engine.answer = lambda prompt, _: prompt.text.lower().rstrip(".")
    text = "Dear Anna,\n\n# The Boat\n\n- **Costs**: It is $40.\n\nDo not pay.\n\nKind regards,\nTobin Arkwell"
    found = await pieces(engine, typing, text)
    assert "".join(piece.text for piece in found) == "anna—\n\n# the boat\n\n- **costs**: it is $40\n\ndo not pay\n\nt"
    assert [piece.verdict for piece in found] == ["light", "light", "light", "kept", "kept", "light"]


async def test_a_voice_that_does_not_know_its_owners_hand_rewrites_everything(engine: FakeEngine, ana: Voice) -> None:
    engine.answer = lambda prompt, _: prompt.text.lower()
    found = await pieces(engine, ana, "Dear Anna,\n\n- It is $40.\n\nKind regards,\nTobin")
    assert [(piece.text, piece.verdict) for piece in found] == [
        ("dear anna,", "kept"), ("\n\n- it is $40.", "kept"), ("\n\nkind regards,\ntobin", "kept")
    ]  # fmt: skip


async def test_what_cannot_be_finished_in_time_is_not_begun(engine: FakeEngine, typing: Voice) -> None:
    rewriter = Rewriter(engine)
    engine.answer = lambda prompt, _: prompt.text.lower()
    order = Order(typing, "chat", GREEDY, care=replace(FACTS, seconds=10.0))

    async def verdicts() -> Sequence[str | None]:
        return [piece.verdict async for piece in rewriter.rewrite("I will not come before 8:00.", order)][:-1]

    assert await verdicts() == ["kept"]
    rewriter._pace.took(1, 1_000.0)  # as under a heavy load
    engine.asked.clear()
    async with rewriter.turns.share().turn():
        assert await verdicts() == ["light"]
    assert engine.asked == []
    assert await verdicts() == ["kept"]
