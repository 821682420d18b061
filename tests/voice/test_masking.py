"""Masking and restoring identifiers."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.masking import Names, mask, mask_pair, placeholders, restore

NAMES = Names(["Maria Lopez", "Will Smith", "Jean-Luc O'Brien"])

_FRAGMENTS = st.sampled_from(
    ["[PHONE_1]", "[LINK_2]", "[PHONE_", "1]", "[", "]", "_1]", "PHONE", "[ID_1", "[CODE_9]", "[NAME_1]", "[EMAIL_999999]",  # noqa: E501
     "415-555-0132", "a@b.com", "http://x.io/a", "12345", "`x`", "```", "password: ", "hunter2", "@sam", "12 Elm St. ",
     "C:\\a\\b", "/usr/lib", "4111 1111 1111 1111", "DE89370400440532013000", " ", "\n", ".", "$", "Maria", "Maria Lopez",  # noqa: E501
     "pin 1234", "is", "😀", "\u0661\u0662\u0663\u0664\u0665", "ß", "İ", "\x00", "\u2028"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_FRAGMENTS).map("".join), st.lists(_FRAGMENTS).map(" ".join))


@given(_TEXTS)
def test_restoring_gives_the_text_again_and_masking_twice_finds_nothing_new(text: str) -> None:
    masked = mask(text, names=NAMES)
    assert restore(masked.text, masked.values) == text
    assert mask(masked.text, names=NAMES).text == masked.text
    assert sum(masked.kinds.values()) >= len(masked.values)


@given(_TEXTS, _TEXTS)
def test_both_sides_of_a_pair_can_be_restored(neutral: str, own: str) -> None:
    first, second = mask_pair(neutral, own, names=NAMES)
    assert (restore(first.text, first.values), restore(second.text, second.values)) == (neutral, own)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see you at 8", "see you at 8"),
        # links
        ("look at https://example.com/a?b=(c).", "look at [LINK_1]."),
        ("(www.example.org/x) or example.com, ok", "([LINK_1]) or [LINK_2], ok"),
        ("[here](https://example.com/a)", "[here]([LINK_1])"),
        ("t.me/abc and youtu.be/a-b_c", "[LINK_1] and [LINK_2]"),
        ("done.it is e.g. fine.so go", "done.it is e.g. fine.so go"),
        # e-mail and handles
        ("mail a.b+c@example.co.uk.", "mail [EMAIL_1]."),
        ("'ana@example.org' ask @sam_k.", "'[EMAIL_1]' ask [HANDLE_1]."),
        ("meet @ 5 or @5", "meet @ 5 or @5"),
        # phones
        ("415-555-0132 or (415) 555-0199", "[PHONE_1] or [PHONE_2]"),
        ("+44 20 7946 0958, 555-1234, 4155550132", "[PHONE_1], [PHONE_2], [PHONE_3]"),
        ("on 10/30/2001 or 2020-01-15 at 10:30:15", "on 10/30/2001 or 2020-01-15 at 10:30:15"),
        # addresses
        ("12 Elm St., Springfield, IL 62704 is home", "[ADDRESS_1] is home"),
        ("123 main st apt 4", "[ADDRESS_1]"),
        ("at 350 5th Ave", "at [ADDRESS_1]"),
        ("5 Oak Grove Court.", "[ADDRESS_1]."),
        ("12 rue de Rivoli, Hauptstraße 5, P.O. Box 44", "[ADDRESS_1], [ADDRESS_2], [ADDRESS_3]"),
        ("3 blocks down the street, a 5 minute drive", "3 blocks down the street, a 5 minute drive"),
        ("2 way street, 10 years of court", "2 way street, 10 years of court"),
        # cards and accounts
        ("card 4111 1111 1111 1111", "card [CARD_1]"),
        ("to DE89 3704 0044 0532 0130 00 PLEASE", "to [IBAN_1] PLEASE"),
        ("GB82WEST12345698765432", "[IBAN_1]"),
        # secrets
        ("password: hunter2", "password: [SECRET_1]"),
        ("pw is xyz", "pw is [SECRET_1]"),
        ("the wifi password for guests is Sunny42!", "the wifi password for guests is [SECRET_1]!"),
        ("the password is wrong", "the password is wrong"),
        ("password: please reset it", "password: please reset it"),
        ("PIN is 1234, gate code 4821", "PIN is [SECRET_1], gate code [SECRET_2]"),
        ("area code 212, error code 404", "area code 212, error code 404"),
        ("key AKIAIOSFODNN7EXAMPLE", "key [SECRET_1]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123", "[SECRET_1]"),
        ("sk-proj-abcdefghijklmnop1234", "[SECRET_1]"),
        ("eyJhbGciOi.eyJzdWIiOiIx.SflKxwRJSM", "[SECRET_1]"),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "[SECRET_1]"),
        ("a-very-long-word-joined-by-dashes", "a-very-long-word-joined-by-dashes"),
        # paths and code
        ("see /usr/lib/foo.so, ~/notes.txt", "see [PATH_1], [PATH_2]"),
        ("C:\\Users\\Bob Smith\\a.txt and \\\\srv\\share", "[PATH_1] and [PATH_2]"),
        ("src/main.c and and/or he/she w/o 3/4", "[PATH_1] and and/or he/she w/o 3/4"),
        ("run `make x` or ```\na\n```", "run [CODE_1] or [CODE_2]"),
        # ids
        ("ssn 123-45-6789, order AB-12345, #123456", "ssn [ID_1], order [ID_2], [ID_3]"),
        ("50000 people in 1999-2003", "[ID_1] people in 1999-2003"),
        ("$12,500 $125000 125000 dollars 1,250,000", "$12,500 $125000 125000 dollars 1,250,000"),
        ("192.168.100.20", "[ID_1]"),
        # names
        ("Maria's car, maria lopez, MARIA LOPEZ", "[NAME_1]'s car, [NAME_2], [NAME_3]"),
        ("Will maria come? Will Smith.", "Will maria come? [NAME_1]."),
        # what is a placeholder already
        ("[PHONE_1] is not 415-555-0132", "[PHONE_1] is not [PHONE_2]"),
        ("a@b.com, c@d.com, a@b.com", "[EMAIL_1], [EMAIL_2], [EMAIL_1]"),
    ],
)
def test_mask(text: str, expected: str) -> None:
    masked = mask(text, names=NAMES)
    assert masked.text == expected
    assert restore(masked.text, masked.values) == text


def test_names_are_left_without_a_list() -> None:
    assert mask("Maria Lopez").text == "Maria Lopez"


def test_kinds_count_every_occurrence() -> None:
    assert mask("a@b.com a@b.com [EMAIL_9] 12345").kinds == Counter(email=2, id=1)


def test_a_pair_shares_placeholders_whatever_the_spelling() -> None:
    neutral, own = mask_pair("Call (415) 555-0132 or a@b.com.", "415-555-0132, a@B.com! 99999")
    assert (neutral.text, own.text) == ("Call [PHONE_1] or [EMAIL_1].", "[PHONE_1], [EMAIL_1]! [ID_1]")


def test_a_pair_spells_one_value_in_one_way_a_side() -> None:
    _, own = mask_pair("Call 4155550132.", "415-555-0132 or 415.555.0132")
    assert own.text == "[PHONE_1] or [PHONE_2]"


def test_placeholders() -> None:
    assert placeholders("[ID_1] [ID_1] [ID_x] [PHONE_2] [OTHER_1]") == Counter({"[ID_1]": 2, "[PHONE_2]": 1})


@pytest.mark.parametrize(
    "unit", ["`", "a.", "1-", "1 ", "a/", "/a", "@a", "password ", "aB1", "12 Ab ", "x:\\", "-", "www.", "(1", "DE11 "]
)
def test_long_texts_take_no_longer_a_letter(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    masked = mask(text, names=NAMES)
    assert restore(masked.text, masked.values) == text
