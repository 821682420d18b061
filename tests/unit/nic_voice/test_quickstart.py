import signal
import sys
from pathlib import Path

import pytest

from nic_voice import quickstart
from voice.errors import UserError


@pytest.mark.parametrize(
    ("killer", "expected"),
    [
        (signal.SIGILL, "`nic-voice sample` was killed by SIGILL: a library .* built for another CPU"),
        (signal.SIGKILL, "`nic-voice sample` was killed by SIGKILL: most likely .* the memory ran out"),
        (signal.SIGTERM, "`nic-voice sample` was killed by SIGTERM: somebody or something stopped it"),
    ],
)
def test_a_step_that_is_killed_ends_the_walk_with_its_name_and_what_to_do(
    killer: signal.Signals, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIC_VOICE_VOICES", raising=False)
    program = f"import os; os.kill(os.getpid(), {killer.value})"
    monkeypatch.setattr(quickstart, "nic_voice", lambda *_: [sys.executable, "-c", program])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(UserError, match=expected):
            quickstart.run(tmp_path / "demo")
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_folder_without_voices_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIC_VOICE_VOICES", str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(UserError, match="holds no voice"):
            quickstart.run(tmp_path / "demo")
    finally:
        signal.signal(signal.SIGTERM, before)
