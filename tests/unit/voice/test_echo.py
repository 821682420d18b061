"""What a voice recites."""

from pathlib import Path

import pytest

from voice.echo import Echoes, learn

ONCE = "ok so the ladder is behind the shed and kevin has the key"
HABIT = "call me when you get to the station and i'll pick you up"
LEARNED = learn([[ONCE, f"hey! {HABIT}", f"{HABIT} ok?"], [f"morning. {ONCE}"]])


@pytest.mark.parametrize(
    ("text", "rewrite", "echo"),
    [
        ("The parcel is with Bob.", f"bob has it. {ONCE}", True),
        ("The parcel is with Bob.", "ok so the ladder is with bob", False),
        ("The parcel is with Bob.", HABIT, False),
        ("The ladder stands behind the shed, and Kevin has its key.", ONCE, False),
        ("", ONCE.upper(), True),
        ("", "", False),
    ],
)
def test_a_run_of_words_of_one_training_text_is_an_echo(text: str, rewrite: str, echo: bool) -> None:
    assert LEARNED.found(text, rewrite) is echo


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    LEARNED.save(tmp_path)
    assert Echoes.load(tmp_path).hashes.tolist() == LEARNED.hashes.tolist()
    assert not learn([]).found("a", ONCE)
