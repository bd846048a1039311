"""Alerts: opens, closes and tells of what stands between the daemon and its promise."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog

from watchdaemon.alerts import (
    ACCESS_KINDS,
    AlertPlan,
    access_alerts,
    alerts_for,
    explained_accounts,
    notices,
    without_explained,
)
from watchdaemon.domain.account import Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.delivery import DeliveryKey, MailKind
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.ports import AlertStore, CredentialRecords, Outbox, Renderer, WatchLog
from watchdaemon.rules.schedule import windows_between
from watchdaemon.rules.workdays import WorkCalendar

log = structlog.get_logger(__name__)

_SEARCHED = timedelta(days=14)
"""How far back the newest window is looked for: longer than any run of days off."""


class AlertingStore(WatchLog, AlertStore, CredentialRecords, Outbox, Protocol):
    """What alerting needs of the store."""


class AlertService:
    """Puts the newest window and credential of every account to the rules, tells who must know, and books it."""

    def __init__(self, *, store: AlertingStore, renderer: Renderer, calendar: WorkCalendar, watch: WatchPolicy) -> None:
        self._store = store
        self._renderer = renderer
        self._calendar = calendar
        self._watch = watch

    def run(self, register: Register, now: datetime, *, gaps: Sequence[WatchEntry] = ()) -> int:
        """Open, update and close alerts, queue the mails about it, and return how many mails that were.

        The mails are queued before the alerts are booked, under keys that depend on the facts alone: a crash in between
        finds the same plan again and its mails queued already, so nobody is told twice and nobody is forgotten.
        """
        known = self._store.alerts()
        plan = self._plan([a for a in known if a.closed_at is None], register, now, gaps)
        mails = self._tell(plan, known, register, now)
        self._book(plan, now)
        return mails

    def _plan(
        self, is_open: Sequence[Alert], register: Register, now: datetime, gaps: Sequence[WatchEntry]
    ) -> AlertPlan:
        """Ask both rules: about credentials first, for a dead one explains that its account cannot be watched."""
        entries, accounts = self._newest_entries(now), register.watched()
        checks = self._store.credential_checks()
        access = access_alerts(now, checks, accounts, entries, is_open)
        unexplained = without_explained(entries, explained_accounts(access, is_open), checks)
        watch = alerts_for(now, unexplained, accounts, [a for a in is_open if a.kind not in ACCESS_KINDS], gaps=gaps)
        return AlertPlan(**{f.name: (*getattr(watch, f.name), *getattr(access, f.name)) for f in fields(AlertPlan)})

    def _newest_entries(self, now: datetime) -> list[WatchEntry]:
        """Return the entries of the last day that had a window, each account's newest."""
        windows = list(windows_between(now - _SEARCHED, now + timedelta(microseconds=1), self._calendar, self._watch))
        if not windows:
            return []
        entries = self._store.entries(from_on=windows[-1].on)
        return list({e.account: e for e in sorted(entries, key=lambda e: e.window)}.values())

    def _tell(self, plan: AlertPlan, known: Sequence[Alert], register: Register, now: datetime) -> int:
        today = self._calendar.local_date(now)
        told = notices([*plan.open, *plan.joined], [*plan.close, *plan.left], register, on=today, now=now)
        before = Counter((a.kind, a.cause) for a in known if a.closed_at is not None)
        queued = 0
        for notice in told:
            key = DeliveryKey(
                kind=MailKind.ALERT, recipient=notice.recipient.key, period=_period(notice, before, today)
            )
            queued += self._store.queue(self._renderer.alert(notice, key), at=now)
        return queued

    def _book(self, plan: AlertPlan, now: datetime) -> None:
        for alert in plan.open:
            log.warning(
                "alert_opened",
                kind=alert.kind.value,
                cause=alert.cause,
                reason=alert.reason.value if alert.reason else None,
                accounts=len(alert.accounts),
                detail=alert.detail,
            )
            self._store.open_alert(replace(alert, told_at=now))
        for alert in plan.update:
            self._store.update_alert(alert)
        for alert in (*plan.close, *plan.absorb):
            log.info("alert_closed", kind=alert.kind.value, cause=alert.cause)
            self._store.update_alert(alert)


def _period(notice: AlertNotice, before: Counter[tuple[AlertKind, str]], today: date) -> str:
    """Return a period that is the same for the same facts: what opens (for the how-manieth time) and what is over."""
    facts = [
        (word, alert.kind.value, alert.cause, before[alert.kind, alert.cause], *alert.accounts)
        for word, alerts in (("opened", notice.opened), ("closed", notice.closed))
        for alert in alerts
    ]
    return f"{today.isoformat()}/{hashlib.sha256(repr(sorted(facts)).encode()).hexdigest()[:12]}"
