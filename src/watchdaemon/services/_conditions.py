"""Gathers the facts behind the alerts that are not about watching, and asks the rules what there should be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from watchdaemon.alerts import (
    ITEM_KINDS,
    PAUSE_CAUSE,
    STATE_KINDS,
    AlertPlan,
    Staff,
    compare,
    item_alerts,
    mail_alerts,
    owner_alerts,
    pause_alert,
    quota_alerts,
    stale_alerts,
)
from watchdaemon.domain.account import Register
from watchdaemon.domain.alert import Alert, AlertKind
from watchdaemon.domain.calendar import ActivityPolicy, WatchPolicy
from watchdaemon.domain.digest import Section
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.quota import BudgetReport
from watchdaemon.ports import ItemStore, Outbox, QuestionStore, WatchLog
from watchdaemon.rules.digest import section_of
from watchdaemon.rules.schedule import windows_between
from watchdaemon.rules.staleness import staleness
from watchdaemon.rules.workdays import WorkCalendar

STATE_EVERY: Final = timedelta(hours=2)
"""So often it is asked how accounts, owners, budgets and mail stand: it changes by days."""

Items = Mapping[tuple[str, str], Question]


class ConditionStore(QuestionStore, ItemStore, WatchLog, Outbox, Protocol):
    """What this needs of the store."""


class Conditions:
    """Asks the store, then the rules."""

    def __init__(
        self,
        *,
        store: ConditionStore,
        calendar: WorkCalendar,
        watch: WatchPolicy,
        activity: ActivityPolicy,
        budgets: Callable[[Register, datetime], Sequence[BudgetReport]],
        late_after: timedelta,
    ) -> None:
        self._store = store
        self._calendar = calendar
        self._watch = watch
        self._activity = activity
        self._budgets = budgets
        self._late_after = late_after
        self._state_at: datetime | None = None

    def plan(
        self, is_open: Sequence[Alert], staff: Staff, now: datetime, pause: tuple[datetime, datetime] | None
    ) -> tuple[Items, AlertPlan]:
        """Return the items that alerts may speak of, and what to open, update and close."""
        watched = [a.key for a in staff.register.watched()]
        items, wanted = self._items(staff.register, now)
        kinds = set(ITEM_KINDS)
        if self._state_at is None or not timedelta() <= now - self._state_at < STATE_EVERY:
            self._state_at = now
            wanted = [*wanted, *self._state(is_open, staff, now)]
            kinds |= STATE_KINDS
        known = [a for a in is_open if a.kind in kinds]
        plan = compare(now, wanted, known, watched)
        return items, _with_pause(plan, self._pause(pause), is_open, now)

    def _items(self, register: Register, now: datetime) -> tuple[Items, list[Alert]]:
        watched = {a.key for a in register.watched()}
        waiting = [
            q
            for q in self._store.questions(states=[QuestionState.OPEN], needs_removal=True)
            if q.item.account in watched
        ]
        overdue = [q for q in waiting if q.is_overdue(now)]
        to_remove = [q for q in waiting if section_of(q, now, self._calendar) is Section.REMOVE]
        wanted = item_alerts(now, overdue, to_remove)
        return {q.item.key: q for q in (*overdue, *to_remove)}, wanted

    def _state(self, is_open: Sequence[Alert], staff: Staff, now: datetime) -> list[Alert]:
        accounts = staff.register.watched()
        posted, since = self._store.last_own_post_at(), self._store.watched_since()
        judged = {
            a.key: staleness(a, posted.get(a.key), since.get(a.key), now, self._calendar, self._activity)
            for a in accounts
        }
        return [
            *stale_alerts(now, judged),
            *owner_alerts(now, accounts, staff),
            *mail_alerts(now, self._store.mail_troubles(), accounts, staff),
            *quota_alerts(now, self._budgets(staff.register, now), is_open, [a.key for a in accounts]),
        ]

    def _pause(self, pause: tuple[datetime, datetime] | None) -> list[Alert]:
        if pause is None:
            return []
        # a day earlier: the pause may have begun in a window that was open already
        windows = windows_between(pause[0] - timedelta(days=1), pause[1], self._calendar, self._watch)
        return pause_alert(pause, [(w.opens_at, w.closes_at) for w in windows], self._late_after)


def _with_pause(plan: AlertPlan, wanted: Sequence[Alert], is_open: Sequence[Alert], now: datetime) -> AlertPlan:
    """Add the alert about a pause. It is over when it is told, so it goes at the next pass without a word."""
    past = [replace(a, closed_at=now) for a in is_open if a.kind is AlertKind.DAEMON_LATE and a.cause == PAUSE_CAUSE]
    if past:  # a second pause right after: one cause, told already
        return replace(plan, absorb=(*plan.absorb, *past))
    return replace(plan, open=(*plan.open, *wanted))
