"""Masking and restoring identifiers."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.facts.identifiers import finders, signs
from voice.facts.masking import canonical, kinds_in, mask, mask_pair, placeholders, renumbered, restore
from voice.facts.people import Names
from voice.facts.rules import VERSIONS, Rules

NAMES = Names(["Maria Lopez", "Will Smith", "Jean-Luc O'Brien"])

_FRAGMENTS = st.sampled_from(
    ["<phone1>", "<link2>", "<phone", "1>", "<", ">", "phone", "<id1", "<code9>", "<name1>",
     "<email9999>", "415-555-0132", "a@b.com", "http://x.io/a", "12345", "`x`", "```", "password: ", "hunter2", "@sam",
     "12 Elm St. ", "C:\\a\\b", "/usr/lib", "4111 1111 1111 1111", "DE89370400440532013000",
     " ", "\n", ".", "$", "Maria",
     "flight", "BA 2490", "seat 14C", "booking", "X7K2PQ", "XKCDRT", "fe80::1:2", "sort code", "12-34-56", "call",
     "1-800-FLOWERS", "user name", "anapetra", "12 34 56", "48.85661, 2.35222", "(at)", "example", "dot", "org", "CVV",
     "123", "AB-", "plate", "AB12 CDE", "INV/", "wifi key:", "1.2.3.4", "code", "482 193", "10,000", "people", "lat",
     "Maria Lopez", "pin 1234", "is", "😀", "\u0661\u0662\u0663\u0664\u0665", "ß", "İ", "\x00", "\u2028"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_FRAGMENTS).map("".join), st.lists(_FRAGMENTS).map(" ".join))


@given(_TEXTS)
def test_restoring_gives_the_text_again(text: str) -> None:
    masked = mask(text, NAMES)
    assert restore(masked.text, masked.values) == text
    assert placeholders(masked.text).keys() == masked.values.keys()
    assert kinds_in(masked.text).total() >= len(masked.values)


@given(_TEXTS, st.integers(0, 100), st.integers(0, 100))
def test_a_part_of_a_masked_text_can_be_restored(text: str, start: int, length: int) -> None:
    masked = mask(text, NAMES)
    part = masked.text[start : start + length]
    again = renumbered(part, masked.values)
    assert restore(again.text, again.values) == restore(part, masked.values)


@given(st.lists(_FRAGMENTS).map(" ".join), st.sampled_from(VERSIONS))
def test_a_finder_is_tried_wherever_it_finds_something(text: str, version: int) -> None:
    for finder in finders(Rules(version)):
        if any(start < end for start, end in finder.find(text)):
            assert finder.needs <= signs(text, version)


def test_a_part_is_numbered_from_1() -> None:
    masked = mask("a@b.com, c@d.com and e@f.com")
    assert renumbered("<email3>, not <email2>", masked.values).text == "<email1>, not <email2>"


@given(_TEXTS, _TEXTS)
def test_both_sides_of_a_pair_can_be_restored(neutral: str, own: str) -> None:
    first, second = mask_pair(neutral, own, NAMES)
    assert (restore(first.text, first.values), restore(second.text, second.values)) == (neutral, own)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see you at 8", "see you at 8"),
        # links
        ("look at https://example.com/a?b=(c).", "look at <link1>."),
        ("here https://example.com/a?b=1—nobody clapped", "here <link1>—nobody clapped"),
        ("(www.example.org/x) or example.com, ok", "(<link1>) or <link2>, ok"),
        ("[here](https://example.com/a)", "[here](<link1>)"),
        ("t.me/abc and youtu.be/a-b_c", "<link1> and <link2>"),
        ("done.it is e.g. fine.so go", "done.it is e.g. fine.so go"),
        # e-mail and handles
        ("mail a.b+c@example.co.uk.", "mail <email1>."),
        ("'ana@example.org' ask @sam_k.", "'<email1>' ask <handle1>."),
        ('my ID "anab", her user id there is kev13.', 'my ID "<handle1>", her user id there is <handle2>.'),
        ("log in as ana, the account name is petra_9x", "log in as ana, the account name is <handle1>"),
        ("id say the login is slow, my id is lost", "id say the login is slow, my id is lost"),
        ("meet @ 5 or @5", "meet @ 5 or @5"),
        # phones
        ("415-555-0132 or (415) 555-0199", "<phone1> or <phone2>"),
        ("+44 20 7946 0958, 555-1234, 4155550132", "<phone1>, <phone2>, <phone3>"),
        ("on 10/30/2001 or 2020-01-15 at 10:30:15", "on 10/30/2001 or 2020-01-15 at 10:30:15"),
        # addresses
        ("12 Elm St., Springfield, IL 62704 is home", "<address1> is home"),
        ("123 main st apt 4", "<address1>"),
        ("at 350 5th Ave", "at <address1>"),
        ("5 Oak Grove Court.", "<address1>."),
        ("12 rue de Rivoli, Hauptstraße 5, P.O. Box 44", "<address1>, <address2>, <address3>"),
        ("i'm at harbor view drive 52, ring twice", "i'm at <address1>, ring twice"),
        ("down the street 5 times, on lane 4", "down the street 5 times, on lane 4"),
        ("3 blocks down the street, a 5 minute drive", "3 blocks down the street, a 5 minute drive"),
        ("2 way street, 10 years of court", "2 way street, 10 years of court"),
        # cards and accounts
        ("card 4111 1111 1111 1111", "card <card1>"),
        ("to DE89 3704 0044 0532 0130 00 PLEASE", "to <iban1> PLEASE"),
        ("GB82WEST12345698765432", "<iban1>"),
        # secrets
        ("password: hunter2", "password: <secret1>"),
        ("pw is xyz", "pw is <secret1>"),
        ("wifi is Goose123! ok, or Goose124!", "wifi is <secret1> ok, or <secret2>"),
        ("wifi is slow", "wifi is slow"),
        ("the wifi password for guests is Sunny42!", "the wifi password for guests is <secret1>"),
        ("the password is wrong", "the password is wrong"),
        ("password: please reset it", "password: please reset it"),
        ("PIN is 1234, gate code 4821", "PIN is <secret1>, gate code <secret2>"),
        ("area code 212, error code 404", "area code 212, error code 404"),
        ("key AKIAIOSFODNN7EXAMPLE", "key <secret1>"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123", "<secret1>"),
        ("sk-proj-abcdefghijklmnop1234", "<secret1>"),
        ("eyJhbGciOi.eyJzdWIiOiIx.SflKxwRJSM", "<secret1>"),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "<secret1>"),
        ("a-very-long-word-joined-by-dashes", "a-very-long-word-joined-by-dashes"),
        # paths and code
        ("see /usr/lib/foo.so, ~/notes.txt", "see <path1>, <path2>"),
        ("C:\\Users\\Bob Smith\\a.txt and \\\\srv\\share", "<path1> and <path2>"),
        ("src/main.c and and/or he/she w/o 3/4", "<path1> and and/or he/she w/o 3/4"),
        ("run `make x` or ```make y```:\n  ```\na\n```", "run <code1> or <code2>:\n  <code3>"),
        ("three ``` are a fence", "three ``` are a fence"),
        ("```py\nx = 1", "<code1>"),
        ("~~~\n```\nx\n~~~\nNice.", "<code1>\nNice."),
        # ids
        ("ssn 123-45-6789, order AB-12345, #123456", "ssn <id1>, order <id2>, <id3>"),
        ("50000 people in 1999-2003", "50000 people in 1999-2003"),
        ("$12,500 $125000 125000 dollars 1,250", "$12,500 $125000 125000 dollars 1,250"),
        ("1,250,000 people and 12,500.50", "1,250,000 people and 12,500.50"),
        ("192.168.100.20", "<id1>"),
        ("ups says 1ZBA1ZDCFZ9ZYHG2, ABCDEFGH1", "ups says <id1>, ABCDEFGH1"),
        # names
        ("Maria's car, maria lopez, MARIA LOPEZ", "<name1>'s car, <name2>, <name3>"),
        ("Will maria come? Will Smith.", "Will maria come? <name1>."),
        # what is a placeholder already
        ("<phone7> is not 415-555-0132", "<phone1> is not <phone2>"),
        ("<other1> <PHONE1> <b>", "<other1> <PHONE1> <b>"),
        ("a@b.com, c@d.com, a@b.com", "<email1>, <email2>, <email1>"),
    ],
)
def test_mask(text: str, expected: str) -> None:
    masked = mask(text, NAMES)
    assert masked.text == expected
    assert restore(masked.text, masked.values) == text


def test_names_are_left_without_a_list() -> None:
    assert mask("Maria Lopez").text == "Maria Lopez"


def test_kinds_count_every_occurrence() -> None:
    assert kinds_in(mask("a@b.com a@b.com <email9> 12345").text) == Counter(email=3, id=1)


def test_a_pair_shares_placeholders_whatever_the_spelling() -> None:
    neutral, own = mask_pair("Call (415) 555-0132 or a@b.com.", "415-555-0132, a@B.com! 99999")
    assert (neutral.text, own.text) == ("Call <phone1> or <email1>.", "<phone1>, <email1>! <id1>")


def test_what_is_found_on_one_side_of_a_pair_is_found_on_the_other() -> None:
    neutral, own = mask_pair("I am at 64 Juniper Terrace now.", "at 64 juniper terrace—now")
    assert (neutral.text, own.text) == ("I am at <address1> now.", "at <address1>—now")


def test_an_address_in_a_pair_is_the_same_before_a_full_stop() -> None:
    neutral, own = mask_pair(
        "I am at 12 Elm St., and Tom is at 5 Oak Lane. Come.", "12 elm st. and toms at 5 oak lane. come"
    )
    assert (neutral.text, own.text) == (
        "I am at <address1>., and Tom is at <address2>. Come.",
        "<address1> and toms at <address2>. come",
    )


def test_a_pair_spells_one_value_in_one_way_a_side() -> None:
    _, own = mask_pair("Call 4155550132.", "415-555-0132 or 415.555.0132")
    assert own.text == "<phone1> or <phone2>"


def test_placeholders() -> None:
    assert placeholders("<id1> <id1> [ID_x] <phone2> <other1>") == Counter({"<id1>": 2, "<phone2>": 1})


@pytest.mark.parametrize(
    "unit", ["`", "a.", "1-", "1 ", "a/", "/a", "@a", "password ", "aB1", "12 Ab ", "x:\\", "-", "www.", "(1", "DE11 "]
)
def test_long_texts_take_no_longer_a_letter(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    masked = mask(text, NAMES)
    assert restore(masked.text, masked.values) == text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("see <LINK1>", "see <link1>"),
        ("see <link1>its there", "see <link1> its there"),
        ("at<address1>, bye", "at <address1>, bye"),
        ("<link1>—see", "<link1> —see"),
        ("(<id1>) #<id2>, <code1>!", "(<id1>) #<id2>, <code1>!"),
    ],
)
def test_placeholders_that_a_model_wrote_stand_apart(written: str, expected: str) -> None:
    assert canonical(written) == expected


@pytest.mark.parametrize(
    "given", ["电话<phone1>，再见", "the <id1>er, a<id2>", "<link1>—see <link2>-x", "a<id1><id2>b"]
)
def test_what_was_given_glued_stays_so(given: str) -> None:
    assert canonical(given, given) == given
    assert canonical("so<id1>is") == "so <id1> is"
