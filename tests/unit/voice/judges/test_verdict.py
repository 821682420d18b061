"""Verdicts: what the words do not rule out is read, hard faults stand apart, and levels decide what refuses."""

from collections.abc import Sequence

import pytest

from voice.alignment import Alignment
from voice.judges import verdict as module
from voice.judges.verdict import Judges
from voice.judges.weights import Model, Weights

# By words a hedge that is gone costs 2 nats and a question 6; the reader's mean gap 10 a nat.
WORDS = Weights(-2.0, {"hedge_lost": (2.0, 0.0, 0.0, 0.0), "question_lost": (6.0, 0.0, 0.0, 0.0)})
READ = Weights(-2.0, {"gap_mean": (10.0, 0.0, 0.0, 0.0)})
MODEL = Model(WORDS, READ, READ, 0.1, 0.4)


class Half:
    """Finds every token of the text half a nat less likely after a rewrite that is shorter."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def gaps(self, text: str, rewrites: Sequence[str]) -> list[list[tuple[str, float]]]:
        self.asked.append(list(rewrites))
        return [[(word, 0.5 * (len(rewrite) < len(text))) for word in text.split()] for rewrite in rewrites]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Half:
    found = Half()
    monkeypatch.setattr(module, "package_model", lambda: MODEL)
    monkeypatch.setattr(module, "package_alignment", Alignment)
    monkeypatch.setattr(module, "package_reader", lambda: found)
    return found


def test_what_a_fault_or_its_words_rule_out_is_not_read(reader: Half) -> None:
    kept, lost = Judges().verdicts("Is it late?", ["is it late?", "it is late"])
    assert (kept.refused, kept.read, lost.refused, lost.read) == (False, True, True, False)
    assert kept.same == pytest.approx(0.88, abs=0.01)
    assert list(lost.kinds) == ["question"]
    assert lost.order > kept.order
    assert reader.asked == [["is it late?"]]
    Judges().verdict("Perhaps maybe it is possibly late.", "it is late")
    assert len(reader.asked) == 1


def test_what_words_do_not_rule_out_is_read_together(reader: Half) -> None:
    text = "Perhaps it is late in the harbour."
    same, short, longer = Judges().verdicts(text, [text, "its late", "well it is late in the harbour, you know"])
    assert reader.asked == [[text, "its late", "well it is late in the harbour, you know"]]
    assert same.read and short.read and longer.read
    assert same.order == longer.order < short.order
    assert (short.refused, longer.refused) == (True, False)
    assert list(short.kinds) == ["unlikely"]


def test_a_hard_fault_refuses_whatever_the_likelihood(reader: Half) -> None:
    text, rewrite = "Call <phone1>.", "call <phone2>"
    verdicts = {level: Judges().verdict(text, rewrite, level) for level in ("off", "facts", "full")}
    assert {level: found.refused for level, found in verdicts.items()} == {"off": False, "facts": True, "full": True}
    assert verdicts["off"].hard == ("phone",)
    assert not Judges().verdict("We may come by car.", "we come by car", "facts").refused


def test_another_threshold_may_be_asked_for(reader: Half) -> None:
    look = Judges().look("Is it late?", [("is it late?", False)], threshold=0.9)
    assert look.to_read == ["is it late?"]
    assert look.verdicts({})[0].refused


def test_texts_are_masked_alike_before_they_are_judged(reader: Half) -> None:
    judged = Judges().of_texts("Call +1 212-555-0136.", "call +1 (212) 555-0136")
    assert (judged.text, judged.rewrite, judged.verdict.hard) == ("Call <phone1>.", "call <phone1>", ())
    assert Judges().of_texts("Call +1 212-555-0136.", "call +1 212-555-0137").verdict.hard == ("phone",)


def test_code_may_lose_its_back_quotes(reader: Half) -> None:
    assert Judges().of_texts("Restart `app-02`, please.", "pls restart app-02").verdict.hard == ()
    assert Judges().of_texts("Restart app-02, please.", "pls restart `app-02`").verdict.hard == ()
    assert Judges().of_texts("Restart `app-02`, please.", "pls restart app-03").verdict.hard == ("code",)
