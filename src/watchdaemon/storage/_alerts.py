"""Open and past alerts."""

from sqlalchemy import select, text, update

from watchdaemon.domain.alert import Alert
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import AlertRow, table

_alerts = table(AlertRow)


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
        """Write back what may change of the alert with that id. Raises KeyError when there is none."""
        row = mapping.alert_to_row(alert)
        values = {name: row[name] for name in ("accounts", "reason", "detail", "told_at", "closed_at", "ends_at")}
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
