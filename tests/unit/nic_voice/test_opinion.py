"""A big model's opinion of rewrites beside the judge's."""

import json

import pytest

from extraction.neutral.budget import Budget, parse_budget
from extraction.neutral.endpoint import Endpoint
from nic_voice.opinion import CONCURRENCY, SAMPLE, Opinion, ask, sample
from tests.unit.extraction.neutral.endpoint_server import Behaviour, Numbered, serving

TEXTS = [("Call Petra Moll at +1 212-555-0136.", "call petra 212-555-0136", 0.9), ("I will come.", "i wont come", 0.2)]


def said(items: Numbered) -> str:
    return "I see a turn of yes and no. Changed" if "wont" in items[0]["typed"] else "**same**"


@pytest.mark.parametrize(("near", "name"), [(True, "Petra Moll"), (False, "<name1>")])
async def test_what_it_says_stands_beside_what_the_judge_says(near: bool, name: str) -> None:
    with serving(Behaviour(answer=said)) as server:
        opinion = await ask(Endpoint(f"{server.url}/chat/completions", "big", near), TEXTS, Budget(None))
        asked = json.dumps(server.requests)
    assert opinion.said == (("same", 0.9), ("changed", 0.2))
    assert (opinion.unread, opinion.area) == (0, 1.0)
    assert "same 50 %, minor 0 %, changed 50 %" in str(opinion)
    assert "555" not in asked
    assert "<phone1>" in asked
    assert name in asked


async def test_it_stops_before_the_budget_is_exceeded_and_says_what_was_not_read() -> None:
    with serving(Behaviour(answer=lambda items: "no idea")) as server:
        budget = parse_budget("2k", None)
        opinion = await ask(Endpoint(f"{server.url}/chat/completions", "big", True), TEXTS * 20, budget)
        calls = len(server.requests)
    assert 0 < calls <= 2 * CONCURRENCY
    assert budget.tokens_in + budget.tokens_out <= 2000
    assert opinion == Opinion((), 40)
    assert "nothing that could be read of 40 texts" in str(opinion)


def test_the_sample_repeats() -> None:
    texts = [(str(number), "", 0.5) for number in range(3 * SAMPLE)]
    assert sample(texts, 1) == sample(texts, 1) != sample(texts, 2)
    assert len(sample(texts, 1)) == SAMPLE
    assert sample(texts[:3], 1) != []
