"""One daemon per database: a lock file that the kernel frees when the process dies, however it dies."""

import fcntl
import os
from pathlib import Path
from typing import Self

from watchdaemon.errors import AlreadyRunningError, ConfigError


class InstanceLock:
    """Holds an exclusive flock(2) on a file for as long as the daemon runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            AlreadyRunningError: Another daemon or a single pass holds it; its process id is named.
            ConfigError: The file cannot be made.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"cannot make the lock file {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise AlreadyRunningError(
                f"another watchdaemon (process {holder}) uses this database already ({self.path}); stop it first"
            ) from error
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lock back. The file stays: removing it would let two daemons hold two different files."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
