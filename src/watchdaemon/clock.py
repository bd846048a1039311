"""The only reader of the clock: everything else takes `now`, or a `Clock` (a callable giving an aware UTC time)."""

import threading
from datetime import UTC, datetime, timedelta


def system_clock() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


class SimulatedClock:
    """A clock that stands still until it is moved: for demos, simulations and `--at`. Safe between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the simulated time, aware, in UTC."""
        with self._lock:
            return self._now

    def move_to(self, instant: datetime) -> None:
        """Set the time; moving backwards is refused with ValueError."""
        with self._lock:
            if instant < self._now:
                raise ValueError(f"a simulated clock does not go back: {instant} < {self._now}")
            self._now = instant.astimezone(UTC)

    def advance(self, length: timedelta) -> None:
        """Move forward by `length`."""
        self.move_to(self() + length)
