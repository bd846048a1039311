"""Alerts, who was told of them, and silences; the last two with their rows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, text, update

from watchdaemon.domain.alert import Alert, AlertTelling, Silence
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part
from watchdaemon.storage.mapping import RowData, StoredRow
from watchdaemon.storage.tables import AlertRow, AlertTellingRow, SilenceRow, table

_alerts = table(AlertRow)
_tellings = table(AlertTellingRow)
_silences = table(SilenceRow)

_MAY_CHANGE = ("accounts", "items", "reason", "detail", "opened_at", "told_at", "closed_at", "ends_at")


class AlertPart(Part):
    """Implements `ports.AlertStore`."""

    def open_alert(self, alert: Alert) -> Alert | None:
        """Store a new alert; None when one with its (kind, cause) is open already."""
        insert = (
            self._db.insert(_alerts)
            .values(mapping.alert_to_row(alert))
            .on_conflict_do_nothing(index_elements=["kind", "cause"], index_where=text("closed_at IS NULL"))
            .returning(*_alerts.c)
        )
        with self._db.write("open an alert") as connection:
            row = connection.execute(insert).mappings().one_or_none()
        return None if row is None else mapping.alert_from_row(row)

    def update_alert(self, alert: Alert) -> None:
        """Write back everything but kind and cause of the alert with that id. Raises KeyError when there is none."""
        row = mapping.alert_to_row(alert)
        values = {name: row[name] for name in _MAY_CHANGE}
        with self._db.write("update an alert") as connection:
            done = connection.execute(update(_alerts).where(_alerts.c.id == alert.id).values(values))
            if done.rowcount == 0:
                raise KeyError(alert.id)

    def alerts(self, *, only_open: bool = False) -> list[Alert]:
        """Return alerts, oldest first."""
        query = select(_alerts).order_by(_alerts.c.opened_at, _alerts.c.id)
        if only_open:
            query = query.where(_alerts.c.closed_at.is_(None))
        with self._db.read("read alerts") as connection:
            return [mapping.alert_from_row(r) for r in connection.execute(query).mappings()]

    def book_alert_tellings(self, tellings: Sequence[AlertTelling]) -> None:
        """Keep who was told, in place of what was kept of the same alert and person."""
        if tellings:
            with self._db.write("book who was told of alerts") as connection:
                connection.execute(self._db.upsert(_tellings), [_telling_to_row(t) for t in tellings])

    def alert_tellings(self, *, since: datetime) -> list[AlertTelling]:
        """Return the tellings that wait for their end, and those told at or after `since`; by alert, then person."""
        waits = _tellings.c.over_at.is_(None)
        recent = (_tellings.c.last_at >= since) | (_tellings.c.over_at >= since)
        query = select(_tellings).where(waits | recent).order_by(_tellings.c.alert, _tellings.c.person)
        with self._db.read("read who was told of alerts") as connection:
            return [_telling_from_row(r) for r in connection.execute(query).mappings()]

    def begin_silence(self, silence: Silence) -> Silence:
        """Keep a silence; returns it with its number."""
        row = asdict(silence)
        del row["id"]
        insert = self._db.insert(_silences).values(row).returning(*_silences.c)
        with self._db.write("begin a silence") as connection:
            return _silence_from_row(connection.execute(insert).mappings().one())

    def end_silence(self, number: int, *, at: datetime) -> None:
        """Let a silence end at `at`, unless it ended before. Raises KeyError when there is none with that number."""
        with self._db.write("end a silence") as connection:
            known = connection.execute(select(_silences).where(_silences.c.id == number)).mappings().one_or_none()
            if known is None:
                raise KeyError(number)
            ends_at = min(known["ends_at"], at)
            connection.execute(update(_silences).where(_silences.c.id == number).values(ends_at=ends_at))

    def silences(self) -> list[Silence]:
        """Return every silence, also those that ended, oldest first."""
        query = select(_silences).order_by(_silences.c.id)
        with self._db.read("read silences") as connection:
            return [_silence_from_row(r) for r in connection.execute(query).mappings()]


def _telling_to_row(telling: AlertTelling) -> RowData:
    return {**asdict(telling), "accounts": list(telling.accounts), "items": list(telling.items)}


def _telling_from_row(row: StoredRow) -> AlertTelling:
    return AlertTelling(**{**row, "accounts": tuple(row["accounts"]), "items": tuple(row["items"])})


def _silence_from_row(row: StoredRow) -> Silence:
    return Silence(**row)
