"""Alerts, who was told of them, and silences."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from watchdaemon.domain.alert import Alert, AlertTelling, Silence


class AlertStore(Protocol):
    """Open and past alerts."""

    def open_alert(self, alert: Alert) -> Alert | None:
        """Store a new alert; None when one with its (kind, cause) is open already."""
        ...

    def update_alert(self, alert: Alert) -> None:
        """Write back everything but `kind` and `cause` of the alert with that id; KeyError when there is none."""
        ...

    def alerts(self, *, only_open: bool = False) -> list[Alert]:
        """Return alerts, oldest first."""
        ...

    def book_alert_tellings(self, tellings: Sequence[AlertTelling]) -> None:
        """Keep who was told, in place of what was kept of the same alert and person."""
        ...

    def alert_tellings(self, *, since: datetime) -> list[AlertTelling]:
        """Return the tellings that wait for their end, and those told at or after `since`; by alert, then person."""
        ...

    def begin_silence(self, silence: Silence) -> Silence:
        """Keep a silence; returns it with its number."""
        ...

    def end_silence(self, number: int, *, at: datetime) -> None:
        """Let a silence end at `at`, unless it ended before. Raises KeyError when there is none with that number."""
        ...

    def silences(self) -> list[Silence]:
        """Return every silence, also those that ended, oldest first."""
        ...
