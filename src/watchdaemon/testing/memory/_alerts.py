"""Alerts, who was told of them, and silences."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from watchdaemon.domain.alert import Alert, AlertTelling, Silence
from watchdaemon.errors import StorageError
from watchdaemon.rules.keeping import storable
from watchdaemon.testing.memory._part import Data, Part, stored


class AlertPart(Part):
    """Implements `ports.AlertStore`."""

    def open_alert(self, alert: Alert) -> Alert | None:
        """Store a new alert; None when one with its (kind, cause) is open already."""
        alert = stored(alert)
        with self._turn() as data:
            if alert.closed_at is None and _other_open(data, alert):
                return None
            number = len(data.alerts) + 1
            data.alerts[number] = replace(alert, id=number)
            return data.alerts[number]

    def update_alert(self, alert: Alert) -> None:
        """Write back what may change of the alert with that id. Raises KeyError when there is none."""
        alert = stored(alert)
        with self._turn() as data:
            known = data.alerts.get(alert.id or 0)
            if known is None:
                raise KeyError(alert.id)
            if alert.closed_at is None and _other_open(data, known):
                raise StorageError("could not update an alert: another one with its cause is open")
            data.alerts[cast("int", known.id)] = replace(alert, kind=known.kind, cause=known.cause)

    def alerts(self, *, only_open: bool = False) -> list[Alert]:
        """Return alerts, oldest first."""
        with self._turn() as data:
            found = [a for a in data.alerts.values() if not (only_open and a.closed_at)]
        return sorted(found, key=lambda a: (a.opened_at, a.id))

    def book_alert_tellings(self, tellings: Sequence[AlertTelling]) -> None:
        """Keep who was told, in place of what was kept of the same alert and person."""
        with self._turn() as data:
            data.alert_tellings |= {(t.alert, storable(t.person)): stored(t) for t in tellings}

    def alert_tellings(self, *, since: datetime) -> list[AlertTelling]:
        """Return the tellings that wait for their end, and those told at or after `since`; by alert, then person."""
        with self._turn() as data:
            return [
                t
                for _, t in sorted(data.alert_tellings.items())
                if t.over_at is None or t.last_at >= since or t.over_at >= since
            ]

    def begin_silence(self, silence: Silence) -> Silence:
        """Keep a silence; returns it with its number."""
        with self._turn() as data:
            number = len(data.silences) + 1
            data.silences[number] = replace(stored(silence), id=number)
            return data.silences[number]

    def end_silence(self, number: int, *, at: datetime) -> None:
        """Let a silence end at `at`, unless it ended before. Raises KeyError when there is none with that number."""
        with self._turn() as data:
            known = data.silences[number]
            data.silences[number] = replace(known, ends_at=min(known.ends_at, stored(at)))

    def silences(self) -> list[Silence]:
        """Return every silence, also those that ended, oldest first."""
        with self._turn() as data:
            return list(data.silences.values())


def _other_open(data: Data, alert: Alert) -> bool:
    return any(
        a.closed_at is None and (a.kind, a.cause) == (alert.kind, alert.cause) and a.id != alert.id
        for a in data.alerts.values()
    )
