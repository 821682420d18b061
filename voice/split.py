"""Which triplets are held out: whole threads, the ones that began last, of which nothing is ever learned.

In: triplets. Out: the ids of those held out, the same for the same triplets in any order. Training, the verifier and
whatever else learns from triplets leaves them out; evaluation asks for nothing else.

Of each source about `share` is held out. A thread that is longer than what is wanted is cut into its days (UTC), and
the last of them are held out. Where nothing has a date, chance decides, the same one each time. No row is ever
divided, and a text of some length that also stands among the held-out ones is held out as well.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from voice.errors import UserError
from voice.manifest import VoiceManifest
from voice.triplet import Triplet, load_triplets

RULE = 1  # of this module; a change of what it holds out is another rule
_WORDS_OF_A_COPY = 5  # fewer are said again by chance
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Split:
    """The triplets of a file, in its order: what may be learned from, and what may not."""

    learn: list[Triplet]
    held_out: list[Triplet]

    @property
    def sha256(self) -> str:
        """SHA-256 of the held-out ids, in hex: the same split, the same hash."""
        return hashlib.sha256("\n".join(sorted(triplet.id for triplet in self.held_out)).encode()).hexdigest()


class SplitError(UserError):
    """Triplets of a voice that are not where or what they were; says so."""


def parts_of(manifest: VoiceManifest, triplets: Path | None) -> Split:
    """What a voice learned from and what was held out, from the file that it was trained on, or a copy of it."""
    reference, name = manifest.split, f"Voice '{manifest.name}'"
    if reference is None or not reference.count:
        raise SplitError(f"{name} held nothing out of its training. Train it again.")
    path = triplets or Path(manifest.triplets.path or "")
    if not path.is_file():
        raise SplitError(f"{name} was trained on {path}, which is not there any more. Give --triplets FILE.")
    file = load_triplets(path)
    parts = split(file.triplets, reference.share, reference.most)
    if (reference.rule, file.sha256, parts.sha256) != (RULE, manifest.triplets.sha256, reference.sha256):
        raise SplitError(
            f"{path} is not the file that voice '{manifest.name}' was trained on, or another version of nic-voice "
            f"split it. Give --triplets with the old file, or train the voice again."
        )
    return parts


def split(triplets: Sequence[Triplet], share: float, most: int) -> Split:
    """Hold out about `share` (0..1) of the triplets of each source, and about `most` of all."""
    if triplets:
        share = min(share, most / len(triplets))
    by_source: defaultdict[str, list[Triplet]] = defaultdict(list)
    for triplet in triplets:
        by_source[triplet.source].append(triplet)
    held: set[str] = set()
    for group in by_source.values():
        held |= _held_out(group, share * len(group))
    copies = {_letters(triplet.own) for triplet in triplets if triplet.id in held and _is_long(triplet.own)}
    held |= {triplet.id for triplet in triplets if _letters(triplet.own) in copies}
    parts: tuple[list[Triplet], list[Triplet]] = ([], [])
    for triplet in triplets:
        parts[triplet.id in held].append(triplet)
    return Split(*parts)


def _held_out(triplets: list[Triplet], wanted: float) -> set[str]:
    """Ids of the groups of one source that began last, until there are `wanted`; none that would be far too many."""
    held: set[str] = set()
    for group in sorted(_groups(triplets, wanted), key=_began, reverse=True):
        if len(held) + 0.5 > wanted:
            break
        if len(held) + len(group) <= max(1.5 * wanted, 1):
            held |= {triplet.id for triplet in group}
    return held


def _groups(triplets: list[Triplet], wanted: float) -> Iterable[list[Triplet]]:
    """Threads; the days of those that are too long; rows where there is no thread."""
    threads: defaultdict[tuple[str, str], list[Triplet]] = defaultdict(list)
    for triplet in triplets:
        threads[("thread", triplet.thread) if triplet.thread else ("row", triplet.row)].append(triplet)
    for (kind, _), thread in threads.items():
        if kind == "row" or len(thread) <= wanted:
            yield thread
            continue
        days: defaultdict[str, list[Triplet]] = defaultdict(list)
        for triplet in thread:
            days[triplet.sent_at.astimezone(UTC).date().isoformat() if triplet.sent_at else triplet.row].append(triplet)
        yield from days.values()


def _began(group: list[Triplet]) -> tuple[datetime, str]:
    """When a group began, and among those without a date a number as good as chance."""
    dates = [triplet.sent_at for triplet in group if triplet.sent_at]
    return min(dates, default=_FIRST), hashlib.sha256(min(triplet.row for triplet in group).encode()).hexdigest()


def _letters(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _is_long(text: str) -> bool:
    return len(text.split()) >= _WORDS_OF_A_COPY
