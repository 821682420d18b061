"""Rewrites that are judged while others are: read together, in no one's way, and nobody waits for ever."""

import asyncio

import pytest

from service.rewriting.judging import AT_ONCE, Judging
from tests.clock import eventually
from tests.unit.service.conftest import WordReader
from voice.judges.verdict import Judges, Verdict

LATE = "The boat will be in the harbour on time."


async def judged(judging: Judging, text: str = LATE, rewrite: str = "boat in the harbour") -> Verdict:
    """The verdict on one rewrite."""
    [found] = await judging.verdicts(Judges(), text, [(rewrite, False)], "full")
    return found


async def test_what_words_rule_out_is_not_read(reader: WordReader) -> None:
    [found] = await Judging().verdicts(Judges(), LATE, [("will the shed be open", False)], "full")
    assert (found.refused, found.read, reader.read) == (True, False, [])


async def test_what_waits_is_read_in_one_go(reader: WordReader) -> None:
    judging = Judging()
    reader.gate.clear()
    first = asyncio.create_task(judged(judging))
    await eventually(lambda: len(reader.read) == 1)
    others = [asyncio.create_task(judged(judging)) for _ in range(AT_ONCE + 2)]
    await asyncio.sleep(0.01)
    reader.gate.set()
    found = await asyncio.gather(first, *others)
    assert [len(texts) for texts in reader.read] == [1, AT_ONCE, 2]
    assert all(verdict.read for verdict in found)


async def test_what_nobody_waits_for_any_more_is_not_read(reader: WordReader) -> None:
    judging = Judging()
    reader.gate.clear()
    first = asyncio.create_task(judged(judging))
    await eventually(lambda: len(reader.read) == 1)
    late = asyncio.create_task(judged(judging, "The shed will be open in the morning.", "shed in the morning"))
    await asyncio.sleep(0)
    late.cancel()
    reader.gate.set()
    await first
    await asyncio.sleep(0.01)
    assert reader.read == [[LATE]]


async def test_whoever_waits_hears_of_a_failure_and_the_next_one_is_read(reader: WordReader) -> None:
    judging = Judging()
    reader.fails_with = RuntimeError("no")
    with pytest.raises(RuntimeError):
        await judged(judging)
    reader.fails_with = None
    assert (await judged(judging)).read
