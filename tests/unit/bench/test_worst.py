"""Texts that nobody writes are looked at in time that grows with their length: they are done at all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.worst import TEXTS, careless, longest_pause_s, looked_at
from service.engines import Adapter
from service.rewriting import judging
from service.voices import Voice
from tests.manifests import a_manifest
from tests.unit.service.conftest import WordReader
from voice.alignment import Alignment
from voice.echo import learn
from voice.judges.verdict import Judges
from voice.style import HABITS, Verifier

_HABITS = np.ones(len(HABITS), np.float32)
PLAIN = Voice(
    a_manifest("0"), Adapter("ana", "1", Path("ana"), "0"),
    Judges(Alignment(), learn([["my ladder is behind the shed and the key is under the mat"]]), ["ana"]),
    Verifier(np.zeros(0, "U1"), np.zeros(0, np.float32), _HABITS, _HABITS, 0 * _HABITS, bias=0.0),
)  # fmt: skip
UNITS = (*" \n\taA1.,!?…;:-—_/\\@#$%()[<>'\"`~*=+|é。😀", "x/", "word ", "Word ", ",000", "a.b ", "mr. ", "no ", "1. ",
         "http://", "```\n", "- ", "and ", "id ", "pass ", "12 Oak ", "'s ", "two ", "neither ", "\n\n")  # fmt: skip


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", TEXTS)
def test_each_of_the_worst_texts_is_done(name: str) -> None:
    text = TEXTS[name](40_000)
    assert 36_000 < len(text) < 41_000
    looked_at(text, PLAIN)


@pytest.mark.timeout(300)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=4), st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_whatever_is_said_again_and_again_is_done(repeated: list[str], before: str, after: str) -> None:
    unit = "".join(repeated)
    looked_at(before + unit * (8_000 // len(unit)) + after, PLAIN)


async def test_others_have_their_turn_while_a_long_text_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "package_reader", WordReader)
    assert 0 <= await longest_pause_s(TEXTS["list items"](4_000), PLAIN) < 60
    assert careless("Hello Sam, I am here.") == "ehllo asm, i am ehre."
