"""What of the whole set stays: copies are capped, one-word answers get a share, sources and years are weighted.

In: the state file after the walk. Out: a temporary table `dropped` of candidates with reasons; what is not in it is
written. Nothing here depends on the order in which rows were read: the earliest copies stay, and chance is a hash.
"""

import hashlib
import sqlite3
from collections import Counter
from typing import Any

from extraction.options import Balance

IN_ORDER = "candidate.sent_at IS NULL, candidate.sent_at, candidate.id"
KEPT = "candidate.no NOT IN (SELECT no FROM dropped)"
_YEAR = "CAST(strftime('%Y', candidate.sent_at / 1000000, 'unixepoch') AS INTEGER)"
_NEWEST_OF = 1000  # a year with less than a thousandth of the set is not the newest: a clock was wrong
_SOURCES_FOR_A_SHARE = 3

Groups = dict[tuple[str, str, int | None], int]  # by source, register and year


def choose(db: sqlite3.Connection, balance: Balance) -> dict[str, Any]:
    """Fill the table `dropped`; the settings and the counts before and after the weighting."""
    db.execute("CREATE INDEX IF NOT EXISTS in_order ON candidate (sent_at IS NULL, sent_at, id)")
    db.execute("CREATE INDEX IF NOT EXISTS by_thread ON heard (thread, sent_at, key)")
    for table in ("dropped (no INTEGER PRIMARY KEY, reason TEXT)", "answered (no INTEGER PRIMARY KEY)"):
        name = table.split()[0]
        db.execute(f"DROP TABLE IF EXISTS temp.{name}")
        db.execute(f"CREATE TEMP TABLE {table}")
    _find_answers(db)
    _cap_copies(db, balance.copies)
    before = _groups(db)
    _sample(db, balance, before)
    _share_answers(db, balance.answers_share)
    settings = {name: getattr(balance, name) for name in Balance.__slots__}
    return {"settings": settings, "before": _told(before), "after": _told(_groups(db))}


def _find_answers(db: sqlite3.Connection) -> None:
    """One word that directly follows somebody else's question answers it; what is noise elsewhere is dropped there."""
    last = """SELECT question FROM heard WHERE thread = ? AND (sent_at, key) < (?, ?)
              ORDER BY sent_at DESC, key DESC LIMIT 1"""
    words = db.execute("SELECT no, thread, sent_at, key, answer FROM candidate WHERE answer > 0")
    for no, thread, sent_at, key, answer in words:
        before = db.execute(last, (thread, sent_at, key)).fetchone() if sent_at is not None else None
        if before and before[0]:
            db.execute("INSERT INTO answered VALUES (?)", (no,))
        elif answer == 2:
            db.execute("INSERT INTO dropped VALUES (?, 'reaction')", (no,))


def _cap_copies(db: sqlite3.Connection, most: int) -> None:
    """The earliest copies of a sentence stay, whatever their source; answers have a share of their own."""
    db.execute(
        f"""INSERT INTO dropped SELECT no, 'copy' FROM (
                SELECT no, row_number() OVER (PARTITION BY copy ORDER BY {IN_ORDER}) AS place FROM candidate
                WHERE {KEPT} AND no NOT IN (SELECT no FROM answered)
            ) WHERE place > ?""",
        (most,),
    )


def _sample(db: sqlite3.Connection, balance: Balance, groups: Groups) -> None:
    stays = _chances(balance, groups)
    if all(chance >= 1 for chance in stays.values()):
        return

    def is_out(source: str, register: str, year: int | None, triplet_id: str) -> bool:
        chance = stays[source, register, year]
        return chance < 1 and _draw(balance.seed, triplet_id) >= chance

    db.create_function("is_out", 4, is_out, deterministic=True)
    db.execute(
        f"""INSERT INTO dropped SELECT no, 'sampled_out' FROM candidate
            WHERE {KEPT} AND is_out(source, register, {_YEAR}, id)"""
    )


def _chances(balance: Balance, groups: Groups) -> dict[tuple[str, str, int | None], float]:
    """How likely a triplet of each group stays."""
    newest = _newest_year(groups)
    stays = {}
    for source, register, year in groups:
        chance = balance.weights.get(source, 1.0) * balance.weights.get(register, 1.0)
        if balance.half_life_years > 0 and year is not None and newest is not None:
            chance *= 0.5 ** (max(0, newest - year) / balance.half_life_years)
        stays[source, register, year] = chance
    expected: Counter[str] = Counter()
    for group, count in groups.items():
        expected[group[0]] += stays[group] * count  # type: ignore[assignment]
    if len(expected) >= _SOURCES_FOR_A_SHARE and 0 < balance.max_share < 1:
        for source, count in expected.items():
            allowed = (expected.total() - count) * balance.max_share / (1 - balance.max_share)
            if count > allowed:
                factor = max(0.5, allowed / count)
                stays = {group: chance * (factor if group[0] == source else 1) for group, chance in stays.items()}
    return stays


def _newest_year(groups: Groups) -> int | None:
    years: Counter[int] = Counter()
    for (_, _, year), count in groups.items():
        if year is not None:
            years[year] += count
    seen = 0
    for year in sorted(years, reverse=True):
        seen += years[year]
        if seen * _NEWEST_OF >= years.total():
            return year
    return None


def _draw(seed: int, triplet_id: str) -> float:
    digest = hashlib.blake2b(f"{seed}\0{triplet_id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _share_answers(db: sqlite3.Connection, share: float) -> None:
    """Answers up to their share of the set, evenly over time."""
    kept = f"SELECT count(*) FROM candidate WHERE {KEPT} AND no"
    others = db.execute(f"{kept} NOT IN (SELECT no FROM answered)").fetchone()[0]
    answers = db.execute(f"{kept} IN (SELECT no FROM answered)").fetchone()[0]
    allowed = answers if share >= 1 else int(share / (1 - share) * others)
    if allowed < answers:
        db.execute(
            f"""INSERT INTO dropped SELECT no, 'answer_over_share' FROM (
                    SELECT no, row_number() OVER (ORDER BY {IN_ORDER}) AS place FROM candidate
                    WHERE {KEPT} AND no IN (SELECT no FROM answered)
                ) WHERE place * ?1 / ?2 = (place - 1) * ?1 / ?2""",
            (allowed, answers),
        )


def _groups(db: sqlite3.Connection) -> Groups:
    query = f"SELECT source, register, {_YEAR} AS year, count(*) FROM candidate WHERE {KEPT} GROUP BY 1, 2, 3"
    return {(source, register, year): count for source, register, year, count in db.execute(query)}


def _told(groups: Groups) -> dict[str, dict[str, int]]:
    """Counts by source, by register and by year."""
    told: dict[str, Counter[str]] = {"source": Counter(), "register": Counter(), "year": Counter()}
    for (source, register, year), count in groups.items():
        for counter, value in zip(told.values(), (source, register, year), strict=True):
            counter["undated" if value is None else str(value)] += count
    return {name: dict(counter) for name, counter in told.items()}
