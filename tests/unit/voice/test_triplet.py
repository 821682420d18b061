import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.facts.rules import Rules
from voice.triplet import REGISTERS, UNITS, Triplet, TripletError, load_triplets, read_triplets, write_triplets

texts = st.text(min_size=1).filter(str.strip).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)
triplets = st.builds(
    Triplet,
    id=texts,
    source=texts,
    register=st.sampled_from(REGISTERS),
    unit=st.sampled_from(UNITS),
    thread=st.none() | texts,
    sent_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    origin=texts,
    system=st.text(alphabet="abc "),
    neutral=texts,
    own=texts,
    masked_by=st.sampled_from([Rules(), Rules(1), Rules(2, ("AU", "FR"))]),
)

TURNS = [
    {"from": "system", "value": "s"},
    {"from": "human", "value": "I am late."},
    {"from": "gpt", "value": "late —"},
]
GOOD: dict[str, object] = {
    "id": "imessage:1:0",
    "source": "imessage",
    "register": "chat",
    "unit": "sentence",
    "thread": None,
    "sent_at": "2020-05-01T10:00:00+00:00",
    "origin": "rules",
    "conversations": TURNS,
}


@given(triplets)
def test_a_triplet_survives_its_line(triplet: Triplet) -> None:
    assert Triplet.from_json(triplet.to_json()) == triplet


def test_a_triplet_weighs_one_unless_it_says_otherwise() -> None:
    assert Triplet.from_json(json.dumps(GOOD)).weight == 1
    assert Triplet.from_json(json.dumps(GOOD | {"weight": 3})).weight == 3


def test_a_triplet_that_does_not_say_how_it_is_masked_is_of_version_1() -> None:
    assert Triplet.from_json(json.dumps(GOOD)).masked_by == Rules(1)
    assert Triplet.from_json(json.dumps(GOOD | {"masking": 2, "phone_regions": ["FR"]})).masked_by == Rules(2, ("FR",))


def test_a_date_without_zone_is_utc() -> None:
    triplet = Triplet.from_json(json.dumps(GOOD | {"sent_at": "2020-05-01T10:00:00"}))
    assert triplet.sent_at == datetime(2020, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": ""}, "'id'"),
        ({"source": 3}, "'source'"),
        ({"register": "poem"}, "register is not one of chat"),
        ({"unit": "word"}, "unit is not one of sentence"),
        ({"thread": 5}, "thread"),
        ({"weight": 0}, "weight is not a number above zero"),
        ({"weight": float("nan")}, "weight"),
        ({"weight": True}, "weight"),
        ({"sent_at": "yesterday"}, "ISO 8601"),
        ({"masking": "2"}, "masking is not the number of a version"),
        ({"masking": 0}, "masking"),
        ({"masking": 2, "phone_regions": "FR"}, "phone_regions is not a list"),
        ({"conversations": None}, "not a list"),
        ({"conversations": TURNS[::-1]}, "system, human, gpt"),
        ({"conversations": [*TURNS[:2], {"from": "gpt", "value": " "}]}, "gpt side is empty"),
        ({"conversations": [*TURNS[:2], {"from": "gpt"}]}, "not a text"),
    ],
)
def test_a_bad_line_says_what_is_wrong(change: dict[str, object], expected: str) -> None:
    with pytest.raises(TripletError, match=expected):
        Triplet.from_json(json.dumps(GOOD | change))


def test_a_bad_file_names_its_line_and_not_its_text(tmp_path: Path) -> None:
    path = tmp_path / "triplets.jsonl"
    path.write_text(json.dumps(GOOD) + "\n{private words\n")
    with pytest.raises(TripletError, match=r"triplets\.jsonl, line 2: not JSON") as caught:
        list(read_triplets(path))
    assert "private" not in str(caught.value)


def test_a_file_of_other_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "triplets.jsonl"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TripletError, match="line 1: not UTF-8"):
        list(read_triplets(path))


def test_writing_and_reading_give_the_same(tmp_path: Path) -> None:
    triplet = Triplet.from_json(json.dumps(GOOD))
    count, sha256 = write_triplets(tmp_path / "new" / "t.jsonl", [triplet, triplet])
    assert count == 2
    assert list(read_triplets(tmp_path / "new" / "t.jsonl")) == [triplet, triplet]
    file = load_triplets(tmp_path / "new" / "t.jsonl")
    assert file.triplets == [triplet, triplet]
    assert file.sha256 == hashlib.sha256((tmp_path / "new" / "t.jsonl").read_bytes()).hexdigest()
    assert write_triplets(tmp_path / "again.jsonl", [triplet, triplet]) == (2, sha256)
