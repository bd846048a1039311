"""Alerts: opens, closes and tells of what stands between the daemon and its promise."""

from datetime import datetime, timedelta
from typing import Protocol

import structlog

from watchdaemon.alerts import alerts_for, notices
from watchdaemon.domain.account import Register
from watchdaemon.domain.delivery import DeliveryKey, MailKind
from watchdaemon.domain.digest import Alert
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.ports import AlertStore, Outbox, Renderer, WatchLog
from watchdaemon.rules.workdays import WorkCalendar

log = structlog.get_logger(__name__)

_LOOKED_AT = timedelta(days=7)
"""How far back entries are read: a week holds the newest window of every account, long weekends included."""


class AlertingStore(WatchLog, AlertStore, Outbox, Protocol):
    """What alerting needs of the store."""


class AlertService:
    """Puts the newest window of every account to the rule and does what it says."""

    def __init__(self, *, store: AlertingStore, renderer: Renderer, calendar: WorkCalendar) -> None:
        self._store = store
        self._renderer = renderer
        self._calendar = calendar

    def run(self, register: Register, now: datetime) -> int:
        """Open, update and close alerts, queue the mails about it, and return how many mails that were."""
        today = self._calendar.local_date(now)
        entries = self._store.entries(from_on=today - _LOOKED_AT, to_on=today)
        plan = alerts_for(
            now=now,
            entries=_newest(entries),
            accounts=register.watched(),
            open_alerts=self._store.alerts(only_open=True),
        )
        opened = [stored for alert in plan.open if (stored := self._store.open_alert(alert)) is not None]
        for alert in opened:
            log.warning("alert_opened", kind=alert.kind.value, cause=alert.cause, reason=alert.reason.value)
        for alert in plan.update:
            self._store.update_alert(alert)
        for alert in plan.close:
            log.info("alert_closed", kind=alert.kind.value, cause=alert.cause)
            self._store.update_alert(alert)
        return self._tell(register, now)

    def _tell(self, register: Register, now: datetime) -> int:
        """Queue mails for alerts nobody was told of, and for told ones that are over.

        Works from what is stored, not from this run's plan: a crash between the two loses no mail.
        """
        ...
        return 0


def _newest(entries: list[WatchEntry]) -> list[WatchEntry]:
    """Return each account's entry of its newest window."""
    return list({e.account: e for e in sorted(entries, key=lambda e: e.window)}.values())


def _key(person: str, alerts: list[Alert]) -> DeliveryKey:
    return DeliveryKey(kind=MailKind.ALERT, recipient=person, period="+".join(str(a.id) for a in alerts))


__all__ = ["AlertService", "notices"]
