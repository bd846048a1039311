"""A demo that has ended: one run for all tests on it."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("watchdaemon")


@dataclass(frozen=True)
class Demo:
    """A demo that has ended."""

    out: Path
    exit_code: int
    shown: str

    def ask(self, *command: str) -> list[dict[str, object]]:
        """Put a question to the command line with ``--json``."""
        run = [str(PROGRAM), *command, "--json", "--config", str(self.out / "watchdaemon.toml")]
        answer: list[dict[str, object]] = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
        return answer

    def mails(self) -> Iterator[tuple[Path, EmailMessage]]:
        """Every mail that arrived."""
        for file in sorted((self.out / "mails").glob("*.eml")):
            yield file, message_from_bytes(file.read_bytes(), policy=policy.default)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One run for all tests, also when several workers come to need it: the first makes it, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    out, ended = folder / "demo" / "out", folder / "demo-ended.json"
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ended.exists():
            run = [str(PROGRAM), "demo", "--out", str(out)]
            done = subprocess.run(run, check=False, capture_output=True, text=True)
            ended.write_text(json.dumps({"exit_code": done.returncode, "shown": done.stdout + done.stderr}))
    return Demo(out=out, **json.loads(ended.read_text()))
