"""What `make run` runs, from nothing to a rewritten sentence."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from nic_voice.quickstart import DRAFTS
from nic_voice.serving import free_port, nic_voice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_the_quickstart_shows_rewritten_sentences_and_ends_on_sigterm(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = os.environ | {"NIC_VOICE_PORT": str(free_port())}
    environment.pop("NIC_VOICE_VOICES", None)
    with log.open("w") as output:
        command = nic_voice("quickstart", "--folder", str(tmp_path / "demo"))
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            while "Serving on" not in log.read_text() and process.poll() is None:
                time.sleep(1)
            said = " ".join(log.read_text().split())
            assert process.poll() is None, said[-2000:]
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
    drafts = [" ".join(draft.split()) for draft in DRAFTS]
    assert all(draft in said for draft in drafts)
    rewritten = [part.split(" before ")[0].split(" Try it: ")[0].strip() for part in said.split(" after ")[1:]]
    assert len(rewritten) == len(drafts)
    assert sum(draft != text for draft, text in zip(drafts, rewritten, strict=True)) > 1  # the guard may leave one
    assert sum(map(len, rewritten)) < sum(map(len, drafts))
    assert all(fact in rewritten[2].lower() for fact in ("petra", "$240", "march 14", "https://example.com/boat/81"))
    assert "curl -s http://127.0.0.1:" in said
    assert code == 0
