"""How long ``watchdaemon --help`` takes to answer."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.__main__ import Figure


def figures() -> Iterator[Figure]:
    """The median of seven, after one to warm up."""
    program = Path(sys.executable).with_name("watchdaemon")
    times = []
    for _ in range(8):
        started = time.perf_counter()
        subprocess.run([str(program), "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    yield Figure(name="watchdaemon --help", value=statistics.median(times[1:]), limit=0.4, unit="s")
