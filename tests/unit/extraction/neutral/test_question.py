"""What is asked, and which drafts can stand for their texts."""

import json

import pytest

from extraction.neutral.question import form_of, question, read_answers, why_bad


def test_every_text_has_a_form_of_its_unit() -> None:
    asked = json.loads(question([("see u at 8", "sentence"), ("late. sorry. bus. again", "message")]))
    assert [(item["n"], item["typed"]) for item in asked] == [(1, "see u at 8"), (2, "late. sorry. bus. again")]
    assert "sentence" in asked[0]["form"]
    assert len({form_of(f"boat {n}", "message") for n in range(60)}) == 4
    assert len({form_of(f"boat {n}. Wind. Rain. Sun.", "message") for n in range(60)}) == 5


@pytest.mark.parametrize(
    ("answer", "count", "drafts"),
    [
        ('[{"n": 1, "draft": "A."}, {"n": 2, "draft": "B."}]', 2, {1: "A.", 2: "B."}),
        ('Here it is: [{"n": 1, "draft": "A."}]', 1, {1: "A."}),
        ("I will be there at 8.", 1, {1: "I will be there at 8."}),
        ('```\n"I will be there."\n```', 1, {1: "I will be there."}),
        ("I will be there at 8.", 2, {}),
        ('[{"n": 1, "draft": ', 1, {}),
        ('{"draft": "A."}', 1, {}),
        ("", 1, {}),
    ],
)
def test_what_is_read_out_of_an_answer(answer: str, count: int, drafts: dict[int, str]) -> None:
    assert read_answers(answer, count) == drafts


@pytest.mark.parametrize(
    ("own", "draft", "reason"),
    [
        ("see u at 8 w/ Ana", "I will see you at 8 together with Ana.", None),
        ("dont forget the ladder", "Please remember to bring the ladder.", None),
        ("ok", "That is fine with me, thank you.", None),
        ("call <phone1>", "Please call <phone1> at your convenience.", None),
        ("i cant help u", "I am afraid that I cannot help you.", None),
        ("boat is late again", "Boat is late again.", "copy"),
        ("see u at 8", "I will see you soon.", "other_facts"),
        ("see u there", "I will see you there at 8.", "other_facts"),
        ("see u tues", "I will see you soon.", "other_facts"),
        ("see u there", "Dear Kevin, I will see you there.", "other_facts"),
        ("see u there", "", "empty"),
        ("write it", "As an AI language model, I write it.", "refusal"),
        ("see u there", "I will be there. " * 20, "too_long"),
        ("the boat is at the old pier and wet", "It is wet.", "too_short"),
        ("the boat is wet", "The old boat is so very wet. The old boat is so very wet.", "repetition"),
    ],
)
def test_what_a_draft_must_be(own: str, draft: str, reason: str | None) -> None:
    assert why_bad(own, draft) == reason
