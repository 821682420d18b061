"""What is counted of how somebody types."""

from itertools import count

import pytest

from nic_voice.sample import theo
from training.hand import hands_of
from voice.triplet import REGISTERS, UNITS, Register, Triplet, Unit

_NUMBERS = count()
DRAFT = "Dear Ana,\n\nI do not think that it is late. We will see Petra on Monday.\n\nKind regards,\nTheo"


def triplet(neutral: str, own: str, register: Register = "email", unit: Unit = "message") -> Triplet:
    return Triplet(f"test:{next(_NUMBERS)}:m", "test", register, unit, None, None, "pairs", "", neutral, own)


def test_what_he_does_in_most_cases_is_his_hand() -> None:
    own = "ana—\n\ni dont think it's late. we'll see petra on monday\n\nt"
    hand = hands_of([triplet(DRAFT, own)] * 10)["email"]
    assert (hand.small_starts, hand.small_i, hand.small_names, hand.open_ends) == (True,) * 4
    assert (hand.opening, hand.closing, hand.me) == ("{name}—", "{me}", "t")
    assert {"do not": "dont", "don't": "dont", "it is": "it's"}.items() <= hand.forms.items()
    assert hand.typed("I do not know, Petra. It is here.") == "i dont know, petra. it's here"


def test_who_leaves_the_i_out_is_seen_by_what_he_begins_with() -> None:
    drops = [
        triplet("I have moved it.", "moved it"),
        triplet("I will call you.", "call u later"),
        triplet("I am late.", "late"),
    ]
    other = [triplet("I have moved it.", "its there"), triplet("I am late.", "im late")]
    assert hands_of(drops * 3 + other)["email"].no_i
    assert not hands_of(drops + other * 3)["email"].no_i


def test_of_what_was_seen_too_seldom_or_both_ways_nothing_is_a_habit() -> None:
    plain = triplet(DRAFT, "Dear Ana,\n\nI do not think it's late. We will see Petra on Monday.\n\nKind regards,\nTheo")
    small = triplet(DRAFT, "ana—\n\ni dont think it is late. we will see petra on monday\n\nt")
    for triplets in ([small], [plain, small] * 5):
        hand = hands_of(triplets)["email"]
        assert not (hand.small_i or hand.small_names or hand.open_ends)
        assert "do not" not in hand.forms
    assert hands_of([small])["email"].opening is None


def test_a_register_of_which_little_is_there_is_told_from_all() -> None:
    own = "ana—\n\ni dont think it's late. we'll see petra on monday\n\nt"
    found = hands_of([triplet(DRAFT, own)] * 40 + [triplet("It is late.", "late", "chat", "sentence")])
    assert set(found) == {"email", "chat"}
    assert found["chat"] == found["email"].model_copy(update=dict(found["chat"]))
    assert found["chat"].small_starts
    assert hands_of([]) == {}


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        ("email", "petra—\n\ni don't know, ask dan on monday. it's $240—for the 2 of them"),
        ("work_email", "Hi Petra—\n\nI don't know, ask Dan on Monday. it's $240—for the 2 of them."),
    ],
)
def test_the_made_up_owner_types_otherwise_at_work(register: Register, expected: str) -> None:
    triplets = [
        triplet(
            message.draft, message.own, REGISTERS[REGISTERS.index(message.register)], UNITS[UNITS.index(message.unit)]
        )
        for message in theo.messages()
        if message.draft
    ]
    hand = hands_of(triplets)[register]
    body = hand.typed("I don’t know, ask Dan on Monday. It is $240 — for the two of them.")
    assert f"{hand.opened('Dear Petra,', 'Petra')}\n\n{body}" == expected.replace(
        "don't", hand.forms.get("do not", "do not")
    )
