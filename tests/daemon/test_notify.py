"""The notification socket, as systemd would listen on it."""

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from watchdaemon.daemon.notify import Notifier


class Listener:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """Return every message so far."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """A notification socket."""
    it = Listener(tmp_path / "notify")
    yield it
    it.close()


def test_every_state_reaches_systemd(listener: Listener) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(listener.path), "WATCHDOG_USEC": "3000000"})

    notifier.ready("watching 3 accounts")
    notifier.status("two\nlines")
    notifier.alive()
    notifier.reloading()
    notifier.stopping()

    assert listener.heard() == [
        "READY=1\nSTATUS=watching 3 accounts",
        "STATUS=two lines",
        "WATCHDOG=1",
        "RELOADING=1",
        "STOPPING=1\nSTATUS=finishing what is in hand",
    ]
    assert notifier.watchdog == timedelta(seconds=3)


def test_without_systemd_nothing_is_said_and_nothing_fails() -> None:
    notifier = Notifier({})

    notifier.ready("x")
    notifier.alive()

    assert notifier.watchdog is None


def test_a_watchdog_meant_for_another_process_is_not_ours(listener: Listener) -> None:
    environment = {"NOTIFY_SOCKET": str(listener.path), "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}

    notifier = Notifier(environment)
    notifier.alive()

    assert notifier.watchdog is None
    assert listener.heard() == []
    assert Notifier({**environment, "WATCHDOG_PID": str(os.getpid())}).watchdog is not None


def test_a_socket_that_went_away_does_not_stop_the_daemon(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).status("still here")
