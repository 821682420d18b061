import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from voice.errors import UserError
from voice.shipped import KEY_NAME, Shipped, Shipping

SHIPPED = date(2026, 3, 10)
TEXT = "I'll bring the blue tent on Friday — promise. see you!"


def at(day: int, month: int = 3, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Shipping(tmp_path / "shipped").add(TEXT, SHIPPED)
    return tmp_path / "shipped"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (TEXT, 8 / 10),
        ("Ill bring the BLUE tent  on friday - promise!", 1.0),
        ("I'll bring the blue tent on Friday — promise. But only if my brother has found the pegs by then.", 8 / 19),
        ("I'll bring the red tent on Friday — promise.", 0.0),
        ("see you!", 0.0),
        ("", 0.0),
    ],
)
def test_how_much_of_a_text_was_shipped(text: str, share: float, folder: Path) -> None:
    assert Shipped(folder).share(text, at(12)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("sent_at", "is_found"),
    [(at(10), True), (at(9), True), (at(9, 4), True), (None, True), (at(8), False), (at(10, 4), False),
     (at(10, year=2020), False)],
)  # fmt: skip
def test_only_what_was_sent_soon_after_counts(sent_at: datetime | None, is_found: bool, folder: Path) -> None:
    assert (Shipped(folder).share(TEXT, sent_at) > 0) == is_found


def test_the_same_letters_in_another_form_are_the_same(tmp_path: Path) -> None:
    Shipping(tmp_path).add("Wir essen heute im Café Müller zu Mittag.", SHIPPED)  # precomposed
    decomposed = "wir essen heute im Cafe\u0301 Mu\u0308ller zu mittag"
    assert Shipped(tmp_path).share(decomposed, at(11)) == 1


def test_nothing_can_be_read_without_the_key(folder: Path, tmp_path: Path) -> None:
    [month] = folder.glob("*.txt")
    assert month.name == "2026-03.txt"
    assert "tent" not in month.read_text()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / KEY_NAME, month)] == [0o700, 0o600, 0o600]
    Shipping(tmp_path / "other").add(TEXT, SHIPPED)
    assert (tmp_path / "other" / "2026-03.txt").read_text() != month.read_text()


def test_months_and_another_start_go_on(folder: Path) -> None:
    again = "the next month brings another sentence"
    Shipping(folder).add(again, date(2026, 4, 1))
    assert {path.name for path in folder.glob("*.txt")} == {"2026-03.txt", "2026-04.txt"}
    assert Shipped(folder).share(f"{TEXT} {again}", at(2, 4)) == 14 / 16


def test_half_a_line_of_a_crash_is_no_harm(folder: Path) -> None:
    with (folder / "2026-03.txt").open("a") as file:
        file.write("2026-03-1")
    assert Shipped(folder).share(TEXT, at(12)) > 0


def test_a_folder_without_hashes_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="key"):
        Shipped(tmp_path)
    for content in ("no key at all", ""):
        (tmp_path / KEY_NAME).write_text(content)
        for side in (Shipped, Shipping):
            with pytest.raises(UserError, match="NIC_VOICE_SHIPPED"):
                side(tmp_path)


def test_a_full_disk_is_said_once_and_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shipping = Shipping(folder)
    (folder / "2026-03.txt").unlink()
    (folder / "2026-03.txt").mkdir()
    for _ in range(2):
        shipping.add(TEXT, SHIPPED)
    assert caplog.text.count("are not kept") == 1
    assert "tent" not in caplog.text
