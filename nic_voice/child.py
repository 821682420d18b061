"""How a command that was started by another one ended, in words.

In: the command as the user knows it and the return code that subprocess gives: negative for the signal that killed it.
Out: a sentence with what to do.
"""

import signal

_ADVICE = {
    signal.SIGILL: "a library in this environment is built for another CPU. Set it up anew on this machine with "
    "`make clean` and `make setup`; if that does not help, report it with what `lscpu` prints.",
    signal.SIGKILL: "most likely because the memory ran out. Close other programs, or choose a smaller model or, for "
    "training, a smaller batch (--set batch_tokens=256), and run it again.",
    signal.SIGTERM: "somebody or something stopped it. Run the same command again.",
    signal.SIGINT: "Ctrl-C stopped it. Run the same command again.",
}
_CRASHED = "a library crashed. Run it again with PYTHONFAULTHANDLER=1 and report what that prints."


def how_it_ended(command: str, code: int) -> str:
    """What became of `command`: 'ended with exit code 1; ...' or 'was killed by SIGKILL: ...'."""
    if code >= 0:
        return f"`{command}` ended with exit code {code}; its own message is above."
    try:
        killer = signal.Signals(-code)
    except ValueError:
        return f"`{command}` was killed by signal {-code}."
    return f"`{command}` was killed by {killer.name}: {_ADVICE.get(killer, _CRASHED)}"
