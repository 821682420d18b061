"""Mistakes that a command can only find once heavy libraries are there."""

from pathlib import Path

from click.testing import CliRunner

from nic_voice.main import main


def test_a_voice_that_is_not_there_cannot_be_evaluated(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["evaluate", "ghost", "--voices", str(tmp_path)], prog_name="nic-voice")
    assert f"There is no voice 'ghost' in {tmp_path}" in result.output
    assert result.exit_code == 1
    assert "Traceback" not in result.output
