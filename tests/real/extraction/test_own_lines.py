"""Own text of real mails against what a person marked in them, before any code had run on them (own_lines.toml)."""

import contextlib
import gzip
import mailbox
import tomllib
from collections import Counter
from email.message import Message
from pathlib import Path

import pytest

from extraction.clean.steps import Rejected
from extraction.explain import find_source
from extraction.own import cleaned
from tests.real.data import REAL_DATA

MAILS = REAL_DATA / "germany-c.sent.mbox.gz"

pytestmark = [pytest.mark.real_data, pytest.mark.skipif(not MAILS.is_file(), reason=f"no {MAILS}")]


def _bodies(folder: Path) -> dict[str, str]:
    plain = folder / "mails.mbox"
    plain.write_bytes(gzip.decompress(MAILS.read_bytes()))
    with contextlib.closing(mailbox.mbox(plain)) as mails:
        return {str(mail["Message-ID"]).strip(): _body(mail) for mail in mails}


def _body(mail: Message) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode("utf-8", "replace")


def test_own_lines(tmp_path: Path) -> None:
    marked = tomllib.loads(Path(__file__).with_name("own_lines.toml").read_text())
    bodies = _bodies(tmp_path)
    kept = own = both = exact = 0
    for name, span in marked.items():
        first, _, last = span.partition("-")
        lines = bodies[name].split("\n")[int(first) - 1 : int(last or first)] if span else []
        expected = " ".join(lines).split()
        outcome = cleaned(find_source("gmail"), bodies[name])
        found = [] if isinstance(outcome, Rejected) else outcome.split()
        both += (Counter(expected) & Counter(found)).total()
        kept, own, exact = kept + len(found), own + len(expected), exact + (found == expected)
    assert both / kept >= 0.98
    assert both / own >= 0.98
    assert exact >= 56
