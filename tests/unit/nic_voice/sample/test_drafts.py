"""What the made-up owner's big model wrote: for his texts, fact for fact, longer, and in many wordings."""

import json
from collections import defaultdict

import pytest

from extraction.sources import SOURCES as EXTRACTED
from nic_voice.sample.build import typed_and_meant
from nic_voice.sample.drafts import SOURCES, aligned, drafts
from voice.facts.compare import invented

ROWS, SEED = 3_000, 4


@pytest.fixture(scope="module")
def typed() -> list[tuple[str, str, str, str]]:
    return list(typed_and_meant(ROWS, SEED))


@pytest.fixture(scope="module")
def written(typed: list[tuple[str, str, str, str]]) -> dict[str, str]:
    lines = [json.loads(line) for line in drafts(iter(typed), SEED)]
    assert len({line["id"] for line in lines}) == len(lines)
    return {line["id"]: line["draft"] for line in lines}


def test_the_sources_have_the_names_that_extraction_gives_them() -> None:
    names = {source.table: source.name for source in EXTRACTED}
    assert {table: name for table, (name, _) in SOURCES.items()} == {table: names[table] for table in SOURCES}


def test_what_he_meant_has_the_words_that_he_typed(typed: list[tuple[str, str, str, str]]) -> None:
    for table, row, own, meant in typed:
        both = [text.replace("—", " ").replace("--", " ").split() for text in (own, meant)]
        if table != "aurora_raw_plaud_recordings":
            assert len(both[0]) == len(both[1]), (table, row)
            parts = " ".join(aligned(own, meant)).replace("—", " ").split()
            assert parts == meant.replace("—", " ").split(), (table, row)


def test_messages_keep_their_facts_and_grow(typed: list[tuple[str, str, str, str]], written: dict[str, str]) -> None:
    own_letters = draft_letters = 0
    for table, row, own, _ in typed:
        if table in SOURCES:
            draft = written[f"{SOURCES[table][0]}:{row}:m"]
            assert invented(draft, own) == [], (table, row)
            own_letters, draft_letters = own_letters + len(own), draft_letters + len(draft)
    assert 1.2 < draft_letters / own_letters < 2.5


def test_the_same_text_of_his_has_many_drafts(typed: list[tuple[str, str, str, str]], written: dict[str, str]) -> None:
    wordings: defaultdict[str, set[str]] = defaultdict(set)
    for table, row, own, _ in typed:
        if table in SOURCES:
            wordings[own.lower()].add(written[f"{SOURCES[table][0]}:{row}:m"])
    assert len(wordings["thx"]) >= 3
