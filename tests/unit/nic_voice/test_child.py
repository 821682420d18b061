import re
import subprocess
import sys

import pytest

from nic_voice.child import how_it_ended


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("sys.exit(1)", "`nic-voice train` ended with exit code 1; its own message is above."),
        ("os.kill(os.getpid(), signal.SIGILL)", "`nic-voice train` was killed by SIGILL: .* built for another CPU"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "`nic-voice train` was killed by SIGKILL: .* memory ran out"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "`nic-voice train` was killed by SIGTERM: .* Run the same"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "`nic-voice train` was killed by SIGSEGV: a library crashed"),
    ],
)
def test_a_command_that_failed_is_named_with_what_to_do(how: str, expected: str) -> None:
    ended = subprocess.run([sys.executable, "-c", f"import os, signal, sys; {how}"], check=False)
    assert re.match(expected, how_it_ended("nic-voice train", ended.returncode))
