"""The roof: the command nic-voice, which imports a part when its command runs. No part imports it."""
