"""SIGTERM and SIGINT during a run: the step is finished and saved first; the same signal again ends it at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """The number of the signal that asked for a stop, 0 for none."""

    signal_number = 0


@contextmanager
def listening() -> Iterator[Stop]:
    """Note the first SIGTERM or SIGINT while the block runs. Elsewhere than in the main thread nothing is noted."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def note(number: int, _frame: FrameType | None) -> None:
        stop.signal_number = number
        for one, handler in before.items():
            signal.signal(one, handler)

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
