"""From the state file to triplets.jsonl and ledger.json, in the order of (date, id), and to the numbers of a report.

In: the state after the walk. Out: both files, all or nothing; equal rows give equal bytes, however they were read.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from extraction.balance import IN_ORDER, KEPT, choose
from extraction.ledger import FILE_NAME as LEDGER_NAME
from extraction.ledger import Counts, Ledger
from extraction.options import Balance
from extraction.pipeline import date_of
from extraction.staging import Staging
from extraction.statistics import Statistics, bucket
from voice.atomic import atomic_write, flush
from voice.masking import placeholders
from voice.prompt import system_text
from voice.triplet import Register, Triplet, dump_triplets

FILE_NAME = "triplets.jsonl"
RULES = "rules"

Selected = tuple[str, Register, str]  # own, register, neutral by rules
Lookup = Callable[[Selected], tuple[str, str]]  # -> neutral, origin


class Merge:
    """The rules over the whole set were applied; what is left can be read and written."""

    def __init__(self, staging: Staging, sources: Iterable[str], balance: Balance) -> None:
        self._db = staging.db
        self.balance: dict[str, Any] = choose(staging.db, balance)
        self.counts = {source: self._counts(staging, source) for source in sources}
        self.redactions: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for source, counts in self.counts.items():
            counts.check(source)

    def selected(self) -> Iterator[Selected]:
        """What will be written, in order: for a rewriter that wants to see it first."""
        query = f"SELECT own, register, neutral FROM candidate WHERE {KEPT} ORDER BY {IN_ORDER}"
        yield from self._db.execute(query)

    def write(
        self, out: Path, unit: str, skipped: dict[str, str], lookup: Lookup = lambda selected: (selected[2], RULES)
    ) -> Ledger:
        """Write both files; neither takes its place before all bytes of both are on the disk."""
        with atomic_write(out / LEDGER_NAME) as ledger_file, atomic_write(out / FILE_NAME) as triplets_file:
            _, sha256 = dump_triplets(triplets_file, self._triplets(lookup))
            redactions = {kind: dict(by_source) for kind, by_source in self.redactions.items()}
            ledger = Ledger(
                unit=unit, sources=self.counts, skipped=skipped, sha256=sha256, balance=self.balance,
                redactions=redactions,
            )  # fmt: skip
            ledger_file.write(ledger.to_json().encode())
            flush(ledger_file)
        return ledger

    def statistics(self) -> Statistics:
        """The numbers of the report; after `write`, which counts the redactions."""
        found = Statistics(by_register=dict(self.balance["after"]["register"]))
        year = "CAST(strftime('%Y', sent_at / 1000000, 'unixepoch') AS INTEGER)"
        for source, when, count in self._db.execute(
            f"SELECT source, {year}, count(*) FROM candidate WHERE {KEPT} GROUP BY 1, 2"
        ):
            found.by_source_year.setdefault(source, {})[when] = count
        for register, words, count in self._db.execute(
            f"SELECT register, words, count(*) FROM candidate WHERE {KEPT} GROUP BY 1, 2"
        ):
            lengths = found.lengths.setdefault(register, {})
            lengths[bucket(words)] = lengths.get(bucket(words), 0) + count
        for source, counts in self.counts.items():
            reasons = counts.rows_rejected + counts.sentences_rejected
            found.dropped[source] = {reason: n for reason, n in reasons.items() if reason != "not_own"}
        found.redactions.update({kind: by_source.total() for kind, by_source in self.redactions.items()})
        return found

    def _triplets(self, lookup: Lookup) -> Iterator[Triplet]:
        query = f"""SELECT id, source, register, unit, thread, sent_at, own, neutral FROM candidate
                    WHERE {KEPT} ORDER BY {IN_ORDER}"""
        for triplet_id, source, register, unit, thread, sent_at, own, rules in self._db.execute(query):
            neutral, origin = lookup((own, register, rules))
            for placeholder, count in placeholders(own).items() if "[" in own else ():
                self.redactions[placeholder.strip("[]").rpartition("_")[0].lower()][source] += count
            yield Triplet(
                id=triplet_id, source=source, register=register, unit=unit,
                thread=None if thread is None else f"{thread & 0xFFFFFFFFFFFFFFFF:016x}", sent_at=date_of(sent_at),
                origin=origin, system=system_text(register), neutral=neutral, own=own,
            )  # fmt: skip

    def _counts(self, staging: Staging, source: str) -> Counts:
        """What became of the rows and sentences of a source; a row of which nothing is left gets its first reason."""
        read = staging.counts(source)
        counts = Counts(rows_read=read["rows", ""])
        for (what, reason), number in read.items():
            if what == "row":
                counts.rows_rejected[reason] += number
            elif what == "sentence":
                counts.sentences_rejected[reason] += number
        rows = """SELECT key, sum(dropped.no IS NULL) AS kept, count(*) AS all_of_it, max(sent_at IS NULL) AS undated,
                         min(CASE WHEN dropped.no IS NOT NULL THEN printf('%09d', length(id)) || id || char(9) || reason
                             END) AS first
                  FROM candidate LEFT JOIN dropped USING (no) WHERE source = ? GROUP BY key"""
        totals = f"""SELECT sum(all_of_it), sum(kept), sum(kept > 0), sum(kept > 0 AND undated),
                            (SELECT 1) FROM ({rows})"""
        candidates, kept, used, undated, _ = (value or 0 for value in self._db.execute(totals, (source,)).fetchone())
        lost = f"SELECT substr(first, instr(first, char(9)) + 1), count(*) FROM ({rows}) WHERE kept = 0 GROUP BY 1"
        counts.rows_rejected.update(dict(self._db.execute(lost, (source,))))
        reasons = "SELECT reason, count(*) FROM dropped JOIN candidate USING (no) WHERE source = ? GROUP BY 1"
        sentences = dict(self._db.execute(reasons, (source,)))
        counts.sentences_read = counts.sentences_rejected.total() + candidates
        counts.sentences_rejected.update(sentences)
        counts.rows_used, counts.triplets, counts.undated = used, kept, undated
        return counts
