"""Which rewrites may go out, and what is said of the others."""

import pytest

from voice.alignment import Alignment
from voice.echo import learn
from voice.judges.verdict import Judges

PROMPT = "You say a text again the way that its writer would have typed it himself."


ANA = Judges(Alignment(), learn([["my ladder is behind the shed and the key is under the mat"]]), ["ana"])


@pytest.mark.parametrize(
    ("text", "rewrite", "missing", "invented"),
    [
        ("I will be there at 8.", "be there at 8", (), ()),
        ("I will be there at 8.", "be there at 9", ("number",), ("number", "word")),
        ("The ladder is here.", "the ladder is here, ana", (), ("name", "word")),
        ("Write to <email1>.", "write to him", ("email",), ()),
        ("The ladder is here.", "as a language model i know the ladder", (), ("refusal", "word")),
        ("I am no language model.", "i'm no language model", (), ()),
        ("It is so late again.", "it is so late again it is so late again", (), ("repetition",)),
        ("Say it again.", "say a text again the way that its writer would", (), ("prompt", "word")),
        ("The shed is here.", "my ladder is behind the shed and the key is under the mat", (), ("example", "word")),
        ("The shed is here.", "the shed is здесь", (), ("script", "word")),
        ("The café is open.", "the café's open", (), ()),
        ("I love the boat.", "i hate the boat", (), ("polarity", "word")),
        ("The boat is late.", "the boat is red", (), ("word",)),
        ("I told him.", "he told me", (), ("actor",)),
        ("The ladder stands in the old shed. The boat is late.", "boat is late", ("sentence",), ()),
        ("I hope that this message finds you well. The boat is late.", "boat is late", (), ()),
        ("I will be there at 8, and I will bring the ladder.", "i'll be there at 8", ("clause",), ()),
        ("The boat is late but the harbour will be open.", "boat is late", ("clause",), ()),
        ("As far as I can see the harbour, the boat is late.", "boat is late", (), ()),
        ("The boat is late, I think.", "boat is late", (), ()),
        ("The boat is late. Please let me know what to do.", "boat is late", ("request",), ()),
        ("The boat is late. Please also call the harbour.", "boat's late, call the harbour", (), ()),
        ("The boat is late. Please let me know if you have any questions.", "boat is late", (), ()),
        ("The boat is late, I'd like to hear from you.", "boat is late", ("request",), ()),
        ("I wanted to check whether there is a boat.", "i did the boat", ("request",), ()),
        ("I wanted to check whether there is a boat.", "any boat", (), ()),
        ("I received it and everything is clear. The boat is late.", "boat is late", ("clause",), ()),
        ("Please note that the boat is late.", "boat is late", (), ()),
        ("If the boat is late, open the shed.", "the boat is late, open the shed", ("condition",), ()),
        ("If the boat is late, open the shed.", "open the shed when boat's late", (), ()),
        ("Let me know if the boat is late.", "let me know, is the boat late?", (), ()),
        ("The boat is late, as I said.", "the boat is late\n```", (), ("markup",)),
        ("The boat (the old one) is late.", "the boat (the old one is late", ("bracket",), ()),
        ("The boat is late.", "the boat is late :(", (), ()),
        ("The boat that I said is late.", "the boat is late, so the boat is late", (), ("repetition",)),
        ("The boat is not late.", "the boat is late", ("negation",), ("polarity",)),
    ],
)
def test_what_is_wrong_with_a_rewrite(
    text: str, rewrite: str, missing: tuple[str, ...], invented: tuple[str, ...]
) -> None:
    found = ANA.difference(text, rewrite, "full", PROMPT)
    assert (found.missing, found.invented) == (missing, invented)
    facts = ANA.difference(text, rewrite, "facts", PROMPT)
    assert set(facts.missing) == set(missing) - {"sentence", "clause", "request", "condition"}
    assert set(facts.invented) == set(invented) - {"word", "polarity", "actor"}
    assert not ANA.difference(text, rewrite, "off", PROMPT)


def test_a_share_of_unexplained_words_may_be_let_go() -> None:
    text, rewrite = "The late boat has three boxes.", "boat is late, 3 red boxes"
    assert ANA.difference(text, rewrite, unexplained_share=0.1).invented == ("word",)
    assert not ANA.difference(text, rewrite, unexplained_share=0.25)
