"""Extraction against the made-up owner's Nexus, whose generator knows what he typed in each row."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from extraction.limits import Limits
from extraction.owner import load_owner
from extraction.pipeline import Wishes, extract
from extraction.reason import Reason
from extraction.sources import SOURCES
from nic_voice.sample import theo
from nic_voice.sample.build import build, owner_toml, truth
from voice.facts.masking import mask
from voice.triplet import read_triplets
from voice.units import MESSAGE_TOKENS, about_tokens

pytestmark = pytest.mark.postgres
NAMES = {source.table: source.name for source in SOURCES}
SEED = 7
# What the made-up owner passes on: telephone numbers, links, parcels, keys, passwords, e-mail addresses.
IDENTIFIERS = re.compile(
    r"\d{3}[) .-]+555[ .-]?01\d\d|https?://|example\.(?:com|net|org)|1Z[A-Z0-9]{14}|sk-fake|"
    r"(?:Soup|Goose|Biscuit|Gerald)\d{3}!", re.IGNORECASE,
)  # fmt: skip


def _unnumbered(masked: str) -> str:
    """Placeholders without their numbers, which start again with every piece of a text."""
    return re.sub(r"<(\w+?)\d+>", r"<\1>", masked)


@pytest.mark.parametrize("rows", [3_000, pytest.param(50_000, marks=pytest.mark.slow)])
async def test_every_own_text_is_kept_and_nothing_else(database: str, tmp_path: Path, rows: int) -> None:
    await build(database, rows, SEED)
    (tmp_path / "owner.toml").write_text(owner_toml())
    everything = Limits(copies=rows, one_word_share=1)
    owner = load_owner(tmp_path / "owner.toml")
    ledger = await extract(database, owner, tmp_path, Wishes(unit="message", limits=everything))
    assert sum(counts.rows_read for counts in ledger.sources.values()) == rows

    words: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for triplet in read_triplets(tmp_path / "triplets.jsonl"):
        words[triplet.id.rpartition(":")[0]].update(_unnumbered(triplet.own).split())
        assert not IDENTIFIERS.search(triplet.own), triplet.id
        assert not IDENTIFIERS.search(triplet.neutral), triplet.id
    typed = kept = 0
    for row in truth(rows, SEED):
        found, own = words[f"{NAMES[row.source]}:{row.id}"], Counter(_unnumbered(mask(row.own).text).split())
        place = f"{row.source} {row.id}"
        if row.reason is not None:
            assert row.reason in {reason.value for reason in Reason}
            assert not found, f"{place} is {row.reason} and was kept"
            continue
        assert found, f"{place} is the owner's and was lost"
        assert found <= own, f"{place} holds words that he did not type there"
        typed, kept = typed + own.total(), kept + found.total()
    assert kept / typed > 0.99  # a signed name is the one thing of his that cleaning takes for a signature


async def test_messages_are_about_half_of_the_tokens_and_drafts_find_their_texts(database: str, tmp_path: Path) -> None:
    await build(database, 1_500, SEED, written=True)
    (tmp_path / "owner.toml").write_text(owner_toml())
    (tmp_path / "drafts.jsonl").write_text("\n".join(theo.drafts()))
    owner = load_owner(tmp_path / "owner.toml")
    ledger = await extract(database, owner, tmp_path, Wishes(drafts=tmp_path / "drafts.jsonl"))
    tokens: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    for triplet in read_triplets(tmp_path / "triplets.jsonl"):
        tokens[triplet.unit] += sum(map(about_tokens, (triplet.system, triplet.neutral, triplet.own)))
        origins[triplet.origin] += 1
        is_short = about_tokens(triplet.own) <= MESSAGE_TOKENS
        assert triplet.unit == "sentence" or is_short or triplet.origin == theo.MODEL, triplet.id
    assert 0.4 < tokens["message"] / tokens.total() < 0.6
    assert origins[theo.MODEL] == ledger.drafts["used"] > 350
    assert ledger.drafts["for_no_text"] < 80  # messages longer than one is learned


async def test_people_are_masked_where_that_is_asked_for(database: str, tmp_path: Path) -> None:
    await build(database, 1_500, SEED)
    (tmp_path / "owner.toml").write_text(owner_toml())
    owner = load_owner(tmp_path / "owner.toml")
    for mask_names in (False, True):
        ledger = await extract(database, owner, tmp_path, Wishes(mask_names=mask_names))
        named = [triplet for triplet in read_triplets(tmp_path / "triplets.jsonl") if "Theo" in triplet.own]
        assert bool(named) != mask_names
        assert (ledger.masked.get("name", 0) > 100) == mask_names
