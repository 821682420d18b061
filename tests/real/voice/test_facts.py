"""What is masked in real people's messages, which are read where they lie and never copied."""

import gzip
import json
import mailbox
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from extraction.clean.steps import run
from extraction.sources import SOURCES
from tests.real.data import REAL_DATA
from voice.facts.masking import kind_of, mask, restore
from voice.facts.rules import Rules

MAIL, CHAT = REAL_DATA / "germany-c.sent.mbox.gz", REAL_DATA / "zig-irc-2019-2020.jsonl.gz"
EVERY = 10  # line of the chat that is looked at

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_data,
    pytest.mark.skipif(not MAIL.is_file(), reason=f"no {MAIL}"),
]


def _mail(folder: Path) -> Iterator[str]:
    (folder / "mbox").write_bytes(gzip.decompress(MAIL.read_bytes()))
    source = next(source for source in SOURCES if source.name == "gmail")
    with closing(mailbox.mbox(folder / "mbox")) as mails:
        for message in mails:
            body = message.get_payload(decode=True)
            own = run(source.steps, body.decode("latin-1")) if isinstance(body, bytes) else None
            if isinstance(own, str):
                yield own


def _chat() -> Iterator[str]:
    with gzip.open(CHAT, "rt") as file:
        for number, line in enumerate(file):
            if number % EVERY == 0:
                yield json.loads(line)["text"]


def _changes(texts: Iterator[str]) -> tuple[Counter[str], Counter[str]]:
    """By kind, what version 2 masks of which version 1 masked nothing, and what it leaves of what version 1 masked."""
    more: Counter[str] = Counter()
    less: Counter[str] = Counter()
    for text in texts:
        first, second = mask(text, rules=Rules(1)), mask(text)
        assert restore(second.text, second.values) == text
        before, after = "\n".join(first.values.values()), "\n".join(second.values.values())
        more.update(kind_of(name) for name, value in second.values.items() if value not in before)
        less.update(kind_of(name) for name, value in first.values.items() if value.strip("()") not in after)
    return more, less


def test_mail(tmp_path: Path) -> None:
    more, less = _changes(_mail(tmp_path))
    assert more.total() < 20
    assert set(less) == {"id"}
    assert 300 < less["id"] < 600  # volumes: 10,000 a day


def test_chat() -> None:
    more, less = _changes(_chat())
    assert more.total() < 20
    assert less.keys() - {"id"} <= {"secret"}
    assert less.total() < 40
