"""What an idle daemon costs: memory, and CPU over a minute with nothing to do."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.__main__ import Figure

SECONDS = 65
"""Just over a minute, so that a tick falls into it."""


def figures() -> Iterator[Figure]:
    """Resident memory and share of one core, after the first pass."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "watchdaemon.toml"
        config.write_text(
            '[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "vakt@example.org"\n'
            f'[storage]\nurl = "sqlite:///{folder}/idle.sqlite3"\n'
            '[web]\npublic_url = "http://127.0.0.1:8470"\n'  # pages served, too
        )
        program = Path(sys.executable).with_name("watchdaemon")
        command = [str(program), "run", "--config", str(config)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            time.sleep(5)
            before = _cpu_seconds(daemon.pid)
            time.sleep(SECONDS)
            share = (_cpu_seconds(daemon.pid) - before) / SECONDS * 100
            memory = _resident_mib(daemon.pid)
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)
    yield Figure(name="idle daemon, memory", value=memory, limit=100, unit="MiB")
    yield Figure(name="idle daemon, CPU", value=share, limit=0.5, unit="% of a core")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
