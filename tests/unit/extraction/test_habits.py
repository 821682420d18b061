"""What all texts of a person together show."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from extraction import habits
from extraction.elsewhere import Elsewhere
from extraction.own import Own
from extraction.owner import SourceName
from extraction.reason import Reason
from voice.triplet import Register

MONDAY = datetime(2018, 3, 5, 12, tzinfo=UTC)
# Two hundred mails about the same few things, as an owner's are.
PLAIN = [
    f"i moved the numbers for well {number} into the sheet and sent it to the scheduling desk, let me know if the "
    f"volumes on the north line look wrong to you or if we should change the price before the end of the month"
    for number in range(220)
]
STRANGE = (
    "Through the window of the lighthouse keeper's cottage an amber dusk fell upon the tangled orchard, while gulls "
    "quarrelled above rusted cranes, and seven brass clocks chimed out of tune with every other clock on that coast."
)


def _own(
    text: str, row: int = 1, source: SourceName = "gmail", register: Register = "email", *, thread: str | None = "t",
    sent_at: datetime | None = None,
) -> Own:  # fmt: skip
    return Own(f"{source}:{row}", source, register, thread, sent_at, [text])


def _texts(found: Sequence[Own]) -> list[list[str]]:
    return [[] if own.rejected else own.texts for own in found]


def test_lines_that_end_many_mails_are_his_signature() -> None:
    signed = [_own(f"mail {number} is sent\ncg 3-4743\nGas Desk") for number in range(6)]
    others = [_own("call me\n555-0143"), _own("see you\nLater Gator."), _own("Gas Desk")]
    habits.drop_signatures([*signed, *others])
    assert [own.texts[0] for own in signed] == [f"mail {number} is sent" for number in range(6)]
    assert [own.texts[0] for own in others] == ["call me\n555-0143", "see you\nLater Gator.", "Gas Desk"]
    assert signed[0].words_cut == {Reason.SIGNATURE: 4}


def test_how_he_takes_his_leave_is_no_signature() -> None:
    mails = [_own(f"mail {number} is sent\n\nThanks\nlet me know") for number in range(6)]
    habits.drop_signatures(mails)
    assert all(own.texts[0].endswith("let me know") for own in mails)


def test_words_that_he_never_uses_are_pasted() -> None:
    mails = [_own(text, number) for number, text in enumerate(PLAIN)]
    story = _own(f"look what i found\n\n\n{STRANGE}\n\n{STRANGE.replace('amber', 'golden')}", 999)
    habits.drop_strangers([*mails, story])
    assert story.texts == ["look what i found"]
    assert story.words_cut[Reason.PASTED] > 60
    assert [own.texts[0] for own in mails] == PLAIN


def test_of_a_message_that_lies_there_twice_one_stays() -> None:
    def at(seconds: float, row: int, source: SourceName = "imessage", thread: str = "t") -> Own:
        return _own(
            "the build is green", row, source, "chat", thread=thread, sent_at=MONDAY + timedelta(seconds=seconds)
        )

    again = [
        at(0, 1),
        at(0, 2),
        at(40, 3),
        at(0, 4, thread="other"),
        at(50, 5, "google_chat"),
        at(500, 6, "google_chat"),
    ]
    habits.drop_same_rows(again)
    assert [own.rejected for own in again] == [None, Reason.COPY, None, None, Reason.COPY, None]


def test_what_stands_word_for_word_in_many_conversations_for_months_is_a_programs() -> None:
    def said(text: str, days: int) -> list[Own]:
        return [
            _own(text, row, "imessage", "chat", thread=f"t{row}", sent_at=MONDAY + timedelta(days=days * row))
            for row in range(9)
        ]

    machine = said("I am in a meeting and will call you back.", 10)
    typed = said("i am in a meeting and will call you back", 10)
    greeting = said("Merry Christmas to all of you from the lake!", 0)
    habits.drop_machine_texts([*machine, *typed, *greeting])
    assert {own.rejected for own in machine} == {Reason.MACHINE_TEXT}
    assert {own.rejected for own in [*typed, *greeting]} == {None}


def test_a_page_that_he_was_sent_before_is_not_his() -> None:
    page = (
        "The ferry to the islands will not run on the first weekend of May because of repairs to the pier.\n"
        "Passengers who have already booked a passage can change it at the counter until the end of April."
    )
    intro = "so this is what she sent me, i wonder what we do now with the tickets"
    more = "i would go by train and take the bikes with us, it is only an hour longer, call me when you know"
    mine, earlier, plain = (_own(f"{intro}\n\n{page}\n\n{more}", row, sent_at=MONDAY) for row in (1, 2, 3))
    elsewhere = Elsewhere()
    elsewhere.add(
        f"Dear guests,\n\n{page.replace(' because', chr(10) + 'because')}\n\nThe harbour", MONDAY - timedelta(days=2)
    )
    earlier.sent_at = MONDAY - timedelta(days=9)
    plain.texts = [f"{intro}\n\n{more}\n\n{more}"]
    habits.drop_received([mine, earlier, plain], elsewhere)
    assert mine.texts == [f"{intro}\n\n{more}"]
    assert page in earlier.texts[0]  # they have it from him
    assert plain.texts == [f"{intro}\n\n{more}\n\n{more}"]


def test_a_row_is_rejected_and_counted_once() -> None:
    story = f"{STRANGE} It rained on the roofs of the town and on the boats that lay in the old harbour."
    page = _own("\n\n".join(story.replace("amber", colour) for colour in ("golden", "grey")), sent_at=MONDAY)
    elsewhere = Elsewhere()
    elsewhere.add(page.texts[0], MONDAY - timedelta(days=2))
    words = len(page.texts[0].split())
    habits.drop_received([page], elsewhere)
    habits.drop_received([page], elsewhere)
    assert page.rejected == Reason.PASTED
    assert page.words_cut == {Reason.PASTED: words}
