"""Alerts: opens, closes and tells of what stands between the daemon and its promise."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

import structlog

from watchdaemon.alerts import (
    PAUSE_CAUSE,
    WATCH_KINDS,
    AlertPlan,
    Decision,
    Key,
    Manner,
    Round,
    Said,
    Staff,
    access_alerts,
    alerts_for,
    explained_accounts,
    manner_of_alert,
    notices,
    runs_late,
    tell,
    without_explained,
)
from watchdaemon.domain.account import Register
from watchdaemon.domain.alert import Alert, AlertNotice, AlertPolicy, AlertTelling, Telling
from watchdaemon.domain.calendar import ActivityPolicy, WatchPolicy
from watchdaemon.domain.delivery import DeliveryKey, MailKind
from watchdaemon.domain.quota import BudgetReport
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.ports import (
    AlertStore,
    CredentialRecords,
    ItemStore,
    Outbox,
    QuestionStore,
    Renderer,
    Together,
    WatchLog,
)
from watchdaemon.rules.schedule import current_window, windows_between
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services._conditions import Conditions

log = structlog.get_logger(__name__)

_SEARCHED = timedelta(days=14)
"""How far back the newest window is looked for: longer than any run of days off."""

_BEFORE_OFFICE = timedelta(hours=1)
"""So long before office hours what waited for them is sent: it lies there when the day begins."""


class AlertingStore(WatchLog, AlertStore, CredentialRecords, Outbox, QuestionStore, ItemStore, Together, Protocol):
    """What alerting needs of the store."""


class Announcer(Protocol):
    """A second channel: gets a short text without names and texts after the mail is queued, and never fails."""

    def announce(self, notices: Sequence[AlertNotice]) -> None:
        """Tell the persons who have such a channel."""
        ...


class AlertService:
    """Puts what is known to the rules, tells who must know, and books it."""

    def __init__(
        self,
        *,
        store: AlertingStore,
        renderer: Renderer,
        calendar: WorkCalendar,
        watch: WatchPolicy,
        policy: AlertPolicy | None = None,
        activity: ActivityPolicy | None = None,
        communications: tuple[str, ...] = (),
        budgets: Callable[[Register, datetime], Sequence[BudgetReport]] = lambda _register, _now: (),
        channel: Announcer | None = None,
    ) -> None:
        """Make the service.

        Args:
            store: Where alerts, and what they come from, are kept.
            renderer: Makes the mails.
            calendar: The organisation's.
            watch: When windows are.
            policy: Steps, intervals and wishes; None: the defaults.
            activity: When an account is stale; None: the defaults.
            communications: The keys of the communications unit's people.
            budgets: Gives the platforms' budgets with their forecasts.
            channel: Where alerts are announced besides.
        """
        self._store = store
        self._renderer = renderer
        self._calendar = calendar
        self._watch = watch
        self._policy = policy or AlertPolicy()
        self._communications = communications
        self._channel = channel
        self._conditions = Conditions(
            store=store,
            calendar=calendar,
            watch=watch,
            activity=activity or ActivityPolicy(),
            budgets=budgets,
            late_after=self._policy.late_after,
        )
        self._past: dict[int, Alert] = {}  # alerts that are not open any more and that tellings speak of

    def run(
        self,
        register: Register,
        now: datetime,
        *,
        gaps: Sequence[WatchEntry] = (),
        pause: tuple[datetime, datetime] | None = None,
    ) -> int:
        """Open, update and close alerts, queue the mails about it, and return how many mails that were.

        Everything is booked in one transaction with the mails: a crash leaves all of it or nothing, so nobody is told
        twice and nobody is forgotten.

        Args:
            register: The register as it is now.
            now: Aware UTC.
            gaps: Windows that were found to have closed unfetched, and nobody was told of.
            pause: From the last pass to this one, when this is the first after a pause.
        """
        stored = self._store.alerts(only_open=True)
        is_open = [_not_ahead(a, now) for a in stored]
        staff = self._staff(register, now)
        # windows that the pause cost are told as gaps: one cause, one alert
        questions, level = self._conditions.plan(is_open, staff, now, None if gaps else pause)
        plan = _joined(self._watch_plan(is_open, register, now, gaps), level)
        staying = _staying(plan, is_open)
        stored_tellings = self._store.alert_tellings(since=self._calendar.at(staff.on, time()))
        tellings = [_telling_not_ahead(t, now) for t in stored_tellings]
        facts = self._round(staff, staying, tellings, now)
        said, why = tell([*staying, *plan.open], [*plan.close, *self._untold(facts, staying, plan)], plan.left, facts)
        _log_held(why)
        moved = [a for a, b in zip(is_open, stored, strict=True) if a != b]
        redated = [t for t, before in zip(tellings, stored_tellings, strict=True) if t != before]
        quietly = [*redated, *_ended(facts, staying, plan, said, now)]
        if not (said or quietly or moved or _is_any(plan)):
            return 0
        told = notices(said, register, now, questions)
        with self._store.together():
            numbers = self._book(plan, staying, moved, said, now)
            self._store.book_alert_tellings(_numbered(quietly, said, numbers))
            mails = sum(self._queue(notice, said, now) for notice in told)
        if self._channel is not None:
            self._channel.announce(told)
        return mails

    # ---- what there is to tell ---------------------------------------------------------------------------------

    def _staff(self, register: Register, now: datetime) -> Staff:
        return Staff(
            register=register,
            on=self._calendar.local_date(now),
            communications=self._communications,
            unreachable=frozenset(t.person for t in self._store.mail_troubles()),
        )

    def _watch_plan(
        self, is_open: Sequence[Alert], register: Register, now: datetime, gaps: Sequence[WatchEntry]
    ) -> AlertPlan:
        """Ask both rules: about credentials first, for a dead one explains that its account cannot be watched."""
        accounts = register.watched()
        entries = self._newest_entries(now)
        checks = self._store.credential_checks()
        access = access_alerts(now, checks, accounts, entries, is_open)
        unexplained = without_explained(entries, explained_accounts(access, is_open), checks)
        known = [a for a in is_open if a.kind in WATCH_KINDS and a.cause != PAUSE_CAUSE]
        late = [*gaps, *self._late(register, entries, now)]
        return _joined(alerts_for(now, unexplained, accounts, known, gaps=late), access)

    def _newest_entries(self, now: datetime) -> list[WatchEntry]:
        """Return the entries of the last day that had a window, each account's newest."""
        windows = list(windows_between(now - _SEARCHED, now + timedelta(microseconds=1), self._calendar, self._watch))
        if not windows:
            return []
        # A clock that was far ahead and is right again leaves entries of windows that are still to come.
        entries = [e for e in self._store.entries(from_on=windows[-1].on) if e.window.opens_at <= now]
        return list({e.account: e for e in sorted(entries, key=lambda e: e.window)}.values())

    def _late(self, register: Register, entries: Sequence[WatchEntry], now: datetime) -> list[WatchEntry]:
        """Return the accounts for which the open window is running out without a try."""
        window = current_window(now, self._calendar, self._watch)
        if window is None or not self._calendar.is_working_day(window.on):
            return []
        since = self._store.watched_since()
        accounts = [a for a in register.watched() if since.get(a.key, now) <= window.opens_at]
        return runs_late(now, window, {e.account: e for e in entries if e.window == window}, accounts)

    def _round(self, staff: Staff, staying: Sequence[Alert], booked: Sequence[AlertTelling], now: datetime) -> Round:
        day_begins = self._calendar.at(staff.on, time())
        tellings: dict[int, dict[str, AlertTelling]] = defaultdict(dict)
        for telling in booked:
            tellings[telling.alert][telling.person] = telling
        self._remember(tellings, staying)
        return Round(
            now=now,
            staff=staff,
            policy=self._policy,
            working_days=self._working_days,
            is_mail_time=self._is_mail_time(staff.on, now),
            silences=self._store.silences(),
            had_daily_mail=frozenset(self._had_daily_mail(tellings, staying, day_begins)),
            tellings=tellings,
        )

    def _remember(self, tellings: Collection[int], staying: Sequence[Alert]) -> None:
        """Keep at hand the alerts that tellings speak of and that are not open any more."""
        is_open = {a.id for a in staying}
        ended = {number for number, a in self._past.items() if a.closed_at is not None}
        if any(number not in is_open and number not in ended for number in tellings):
            self._past = {a.id: a for a in self._store.alerts() if a.id is not None}
        self._past = {number: a for number, a in self._past.items() if number in tellings}

    def _had_daily_mail(
        self, tellings: Mapping[int, Mapping[str, AlertTelling]], staying: Sequence[Alert], day_begins: datetime
    ) -> Iterator[str]:
        known = self._past | {a.id: a for a in staying if a.id is not None}
        for number, by_person in tellings.items():
            if number in known and manner_of_alert(known[number]) is Manner.DAILY:
                for telling in by_person.values():
                    if max(telling.last_at, telling.over_at or telling.last_at) >= day_begins:
                        yield telling.person

    def _untold(self, facts: Round, staying: Sequence[Alert], plan: AlertPlan) -> list[Alert]:
        """Return alerts that were over before and that somebody has not heard of as over: it waited for its time."""
        now_done = {a.id for a in (*staying, *plan.close, *plan.absorb)}
        waiting = {n for n, tellings in facts.tellings.items() if any(t.over_at is None for t in tellings.values())}
        return [a for n, a in self._past.items() if n in waiting and n not in now_done and a.closed_at is not None]

    def _working_days(self, start: datetime, end: datetime) -> float:
        hours = self._calendar.policy.office_hours
        day = datetime.combine(date.min, hours.closes) - datetime.combine(date.min, hours.opens)
        return self._calendar.working_time_between(start, end) / day

    def _is_mail_time(self, today: date, now: datetime) -> bool:
        hours = self._calendar.office_hours(today)
        return hours is not None and hours[0] - _BEFORE_OFFICE <= now < hours[1]

    # ---- booking -----------------------------------------------------------------------------------------------

    def _book(
        self, plan: AlertPlan, staying: Sequence[Alert], moved: Sequence[Alert], said: Sequence[Said], now: datetime
    ) -> dict[Key, int]:
        """Write the alerts; returns the numbers of those that are open now."""
        told = {(s.alert.kind, s.alert.cause) for s in said if s.telling is not Telling.OVER}
        changed = {a.id for a in (*plan.update, *moved)}
        numbers = {}
        for alert in staying:
            is_told = (alert.kind, alert.cause) in told
            if is_told or alert.id in changed:
                self._store.update_alert(replace(alert, told_at=now if is_told else alert.told_at))
            if alert.id is not None:
                numbers[alert.kind, alert.cause] = alert.id
        for alert in (*plan.close, *plan.absorb):
            log.info("alert_closed", kind=alert.kind.value, cause=alert.cause)
            self._store.update_alert(alert)
        for alert in plan.open:
            _log_opened(alert)
            is_told = (alert.kind, alert.cause) in told
            kept = self._store.open_alert(replace(alert, told_at=now if is_told else None))
            if kept is not None and kept.id is not None:
                numbers[alert.kind, alert.cause] = kept.id
        return numbers

    def _queue(self, notice: AlertNotice, said: Sequence[Said], now: datetime) -> int:
        person = notice.recipient.key
        period = _period([s for s in said if s.person == person], self._calendar.local_date(now))
        key = DeliveryKey(kind=MailKind.ALERT, recipient=person, period=period)
        return int(self._store.queue(self._renderer.alert(notice, key), at=now))


def _joined(*plans: AlertPlan) -> AlertPlan:
    return AlertPlan(**{f.name: tuple(a for p in plans for a in getattr(p, f.name)) for f in fields(AlertPlan)})


def _is_any(plan: AlertPlan) -> bool:
    return any(getattr(plan, f.name) for f in fields(plan))


def _staying(plan: AlertPlan, is_open: Sequence[Alert]) -> list[Alert]:
    """Return the alerts that were open and still are, as they are now."""
    gone = {a.id for a in (*plan.close, *plan.absorb)}
    changed = {a.id: a for a in plan.update}
    return [changed.get(a.id, a) for a in is_open if a.id not in gone]


def _not_ahead(alert: Alert, now: datetime) -> Alert:
    """Return the alert as one of now where a clock that was ahead opened it: its age would never begin otherwise."""
    if alert.opened_at <= now:
        return alert
    return replace(alert, opened_at=now, told_at=now if alert.told_at else None)


def _telling_not_ahead(telling: AlertTelling, now: datetime) -> AlertTelling:
    if telling.last_at <= now:
        return telling
    return replace(telling, first_at=min(telling.first_at, now), last_at=now)


def _ended(
    facts: Round, staying: Sequence[Alert], plan: AlertPlan, said: Sequence[Said], now: datetime
) -> list[AlertTelling]:
    """Return tellings that change without a word: of alerts gone quietly, and of accounts that are not theirs now."""
    quiet = {a.id for a in plan.absorb}
    accounts = {a.id: set(a.accounts) for a in staying}
    spoken = {(s.alert.id, s.person) for s in said}
    ended = []
    for number, by_person in facts.tellings.items():
        for telling in by_person.values():
            if telling.over_at is not None or (number, telling.person) in spoken:
                continue
            kept = tuple(key for key in telling.accounts if key in accounts.get(number, telling.accounts))
            if number in quiet:
                ended.append(replace(telling, over_at=now))
            elif kept != telling.accounts:
                ended.append(replace(telling, accounts=kept))
    return ended


def _numbered(quietly: Sequence[AlertTelling], said: Sequence[Said], numbers: Mapping[Key, int]) -> list[AlertTelling]:
    """Return what is kept of what was said, with the numbers that new alerts got; the last word on each counts."""
    kept = {(t.alert, t.person): t for t in quietly}
    for one in said:
        number = one.after.alert or numbers.get((one.alert.kind, one.alert.cause))
        if number is not None:
            kept[number, one.person] = replace(one.after, alert=number)
    return list(kept.values())


def _period(said: Sequence[Said], today: date) -> str:
    """Return a period that is the same for the same facts: what is told, as what, and for the how-manieth time."""
    facts = [
        (s.telling.value, s.alert.kind.value, s.alert.cause, s.alert.id or 0, s.after.times, *s.alert.accounts)
        for s in said
    ]
    return f"{today.isoformat()}/{hashlib.sha256(repr(sorted(facts)).encode()).hexdigest()[:12]}"


def _log_opened(alert: Alert) -> None:
    log.warning(
        "alert_opened",
        kind=alert.kind.value,
        cause=alert.cause,
        reason=alert.reason.value if alert.reason else None,
        accounts=len(alert.accounts),
        detail=alert.detail,
    )


def _log_held(why: Mapping[tuple[str, str, str], Decision]) -> None:
    for (kind, cause, person), decision in why.items():
        log.debug("alert_decided", kind=kind, cause=cause, person=person, told=decision.telling, why=decision.reason)
