"""`python -m nic_voice` is the command nic-voice."""

from nic_voice.main import main

main(prog_name="nic-voice")
