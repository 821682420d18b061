"""`python -m voice` is the command nic-voice."""

from voice.cli import main

main(prog_name="nic-voice")
