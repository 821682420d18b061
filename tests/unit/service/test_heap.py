"""One heap for all threads of the service."""

import re
import subprocess
import sys

import pytest

HEAP_BYTES = 64 << 20  # where glibc lets the heap of a thread begin: at a multiple of it
COUNT = """
import sys, threading
from service.heap import share_heap
if sys.argv[1] == "shared":
    share_heap()
held = []
for _ in range(4):
    threads = [threading.Thread(target=lambda: held.append([bytes(5_000) for _ in range(100)])) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print(open("/proc/self/maps").read())
"""


def heaps(how: str) -> int:
    """How many heaps of threads a process has that allocates in many."""
    maps = subprocess.run([sys.executable, "-c", COUNT, how], check=True, capture_output=True, text=True).stdout
    ranges = re.findall(r"^([0-9a-f]+)-[0-9a-f]+ rw-p 00000000 00:00 0\s*$", maps, re.MULTILINE)
    return sum(int(start, 16) % HEAP_BYTES == 0 for start in ranges)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heaps")
def test_threads_share_one_heap() -> None:
    if not heaps("apart"):
        pytest.skip("this C library has no heap for each thread")
    assert heaps("shared") == 0
