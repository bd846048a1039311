"""One daemon per database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from watchdaemon.daemon.lock import InstanceLock
from watchdaemon.errors import AlreadyRunningError, ConfigError


def test_a_second_daemon_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "state" / "watchdaemon.lock"

    with InstanceLock(path), pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"), InstanceLock(path):
        pass


def test_a_finished_daemon_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "watchdaemon.lock"
    with InstanceLock(path):
        pass

    with InstanceLock(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_killed_daemon_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "watchdaemon.lock"
    script = (
        "import os, signal, sys; from pathlib import Path; from watchdaemon.daemon.lock import InstanceLock\n"
        "lock = InstanceLock(Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)

    with InstanceLock(path):
        assert killed.returncode == -9


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(ConfigError, match=r"cannot make the lock file .*watchdaemon\.lock"),
        InstanceLock(tmp_path / "file" / "watchdaemon.lock"),
    ):
        pass
