"""Words and what says the same."""

import pytest

from voice.words import FUNCTION_WORDS, by_word, is_content, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don’t owe 1,000.50 by 7:30pm!", ["i", "don't", "owe", "1000.50", "by", "7:30", "pm"]),
        ("e-mail Ana's q3 files", ["e", "mail", "ana's", "q3", "files"]),
        ("naïve café ??", ["naïve", "café"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "forms", ["sent sending send", "two 2", "children child", "companies company company's", "scheduled schedule"]
)
def test_forms_have_one_stem(forms: str) -> None:
    assert len(set(map(stem, forms.split()))) == 1


def test_content() -> None:
    assert [word for word in ("report", "the", "please", "x", "7", "ana's", "it's") if is_content(word)] == [
        "report", "7", "ana's",
    ]  # fmt: skip
    assert all(word == word.lower() for word in FUNCTION_WORDS)


def test_what_is_found_out_about_a_word_is_kept_until_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    @by_word
    def length(word: str) -> int:
        asked.append(word)
        return len(word)

    monkeypatch.setattr("voice.words._WORDS", 2)
    assert [length(word) for word in ("so", "yeah", "so", "17", "17", "yeah", "ok", "so")] == [2, 4, 2, 2, 2, 4, 2, 2]
    assert asked == ["so", "yeah", "17", "17", "ok", "so"]
