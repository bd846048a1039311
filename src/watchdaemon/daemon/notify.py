"""sd_notify(3): tells systemd that we are ready, what we do, and that we are alive."""

import os
import socket
import threading
from collections.abc import Mapping
from datetime import timedelta


class Notifier:
    """Speaks to systemd's notification socket; says nothing where there is none. Safe between threads."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._lock = threading.Lock()
        usec = environment.get("WATCHDOG_USEC", "")
        pid = environment.get("WATCHDOG_PID", "")
        is_ours = not pid or pid == str(os.getpid())
        self.watchdog: timedelta | None = (
            timedelta(microseconds=int(usec)) if usec.isdigit() and int(usec) > 0 and is_ours else None
        )

    def ready(self, status: str) -> None:
        """Start-up (or a reload) is over."""
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def reloading(self) -> None:
        """The configuration is being read again."""
        self._send("RELOADING=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1\nSTATUS=finishing what is in hand")

    def status(self, text: str) -> None:
        """Show one line in ``systemctl status``."""
        self._send(f"STATUS={_line(text)}")

    def alive(self) -> None:
        """Pat the watchdog: call this only where work really moves on."""
        if self.watchdog is not None:
            self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with self._lock, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            try:
                channel.connect(address)
                channel.sendall(message.encode())
            except OSError:
                return  # systemd went away or is restarting; our work does not depend on it


def _line(text: str) -> str:
    return " ".join(text.split())
