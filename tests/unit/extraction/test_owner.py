"""Who is the owner: owner.toml and its tests."""

from pathlib import Path

import pytest

from extraction.owner import Owner, OwnerError, load_owner
from voice.facts.rules import Rules

OWNER = Owner(
    names=("Nic Sample", "Sample, Nicolas"),
    nicknames=("nico",),
    emails=("Nic@Example.org",),
    phones=("+1 (202) 555-0143",),
    handles=("@nic.s",),
    guestbook_names=("The Nicster",),
    plaud_speakers=("Speaker 2",),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Nic Sample", True),
        ("  nic   SAMPLE ", True),
        ("Sample, Nic", True),
        ("Nicolas Sample", True),
        ("Sample Nic", False),
        ("Nic", False),
        ("nico", False),
        ("Ana Sample", False),
        ("", False),
        (None, False),
    ],
)
def test_names_match_in_either_order_and_any_case(value: str | None, expected: bool) -> None:
    assert OWNER.has_name(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nic@example.org", True),
        ("NIC@EXAMPLE.ORG ", True),
        ("Nic Sample <nic@example.org>", True),
        ('"Ana" <ana@example.org>', False),
        ("nic@example.com", False),
        ("Nic Sample", False),
        ("", False),
        (None, False),
    ],
)
def test_emails_match_bare_or_with_a_name(value: str | None, expected: bool) -> None:
    assert OWNER.has_email(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Nic Sample", True),
        ("Nico", True),
        ("nic.s", True),
        ("@NIC.S", True),
        ("nic@example.org", True),
        ("+12025550143", True),
        ("202-555-0143", True),
        ("202-555-0144", False),
        ("0143", False),
        ("nic.s.fan", False),
        ("Instagram user", False),
        ("", False),
        (None, False),
    ],
)
def test_a_sender_matches_by_name_nickname_handle_address_or_phone(value: str | None, expected: bool) -> None:
    assert OWNER.goes_by(value) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nic", True),
        ("- nic.", True),
        ("Nic Sample", True),
        ("Nico!", True),
        ("Nic is out", False),
        ("Thanks", False),
        ("", False),
    ],
)
def test_a_signature_is_nothing_but_his_name(text: str, expected: bool) -> None:
    assert OWNER.signs_as(text) is expected


def test_guestbook_and_recordings_have_names_of_their_own() -> None:
    assert OWNER.signs_guestbook_as("the nicster")
    assert not OWNER.signs_guestbook_as("Speaker 2")
    assert OWNER.speaks_as("Speaker 2")
    assert not OWNER.speaks_as("Speaker 1")
    assert not OWNER.speaks_as("The Nicster")


def test_a_blank_sender_never_matches_an_owner_without_that_kind_of_identity() -> None:
    owner = Owner(emails=("nic@example.org",))
    assert not any(test("") for test in (owner.has_name, owner.has_email, owner.goes_by, owner.speaks_as))
    assert not owner.signs_as("...")


def test_the_thread_key_depends_on_who_not_on_the_order_or_the_sources() -> None:
    first = Owner(names=("A B", "C D"), sources=("gmail",))
    assert first.thread_key == Owner(names=("C D", "A B")).thread_key
    assert first.thread_key != Owner(names=("A B",)).thread_key


def test_a_file_becomes_an_owner(tmp_path: Path) -> None:
    path = tmp_path / "owner.toml"
    path.write_text('names = ["Nic Sample"]\nsources = ["gmail", "plaud"]\n')
    assert load_owner(path) == Owner(names=("Nic Sample",), sources=("gmail", "plaud"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ["no identity at all", "names, nicknames, emails"]),
        ("sources = ['gmail']", ["no identity at all"]),
        ("names = ['']", ["names.0"]),
        ("names = 'Nic Sample'", ["names:"]),
        ("nicknamez = ['x']\nemails = 3\nsources = ['gmial']", ["unknown key 'nicknamez'", "emails:", "sources.0"]),
        ("names = [", ["is not a TOML file"]),
    ],
)
def test_everything_wrong_with_a_file_is_said_at_once(tmp_path: Path, content: str, expected: list[str]) -> None:
    path = tmp_path / "owner.toml"
    path.write_text(content)
    with pytest.raises(OwnerError) as caught:
        load_owner(path)
    message = str(caught.value)
    assert all(part in message for part in [str(path), *expected]), message
    assert "Nic Sample" not in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"owner file.*nobody\.toml"):
        load_owner(tmp_path / "nobody.toml")


def test_identities_are_described_without_their_values() -> None:
    assert OWNER.described() == ("2 names, 1 nickname, 1 email, 1 phone, 1 handle, 1 guestbook name, 1 plaud speaker")


def test_his_telephone_numbers_say_which_ones_need_no_country_code() -> None:
    assert OWNER.rules == Rules()
    assert Owner(phones=("+33 6 12 34 56 78", "06 12 34 56 78")).rules == Rules(regions=("FR",))
