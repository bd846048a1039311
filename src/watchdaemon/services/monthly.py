"""Telling the communications unit: every month, all accounts held against the guideline."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

import structlog

from watchdaemon.domain.account import Person, Register
from watchdaemon.domain.calendar import ActivityPolicy, WatchPolicy
from watchdaemon.domain.delivery import DeliveryKey, MailKind, OutgoingMail
from watchdaemon.domain.overview import MonthlyOverview
from watchdaemon.ports import CredentialRecords, ItemStore, Outbox, QuestionStore, Renderer, WatchLog
from watchdaemon.rules.monthly import MonthFacts, build_overview, month_reported, monthly_period_key, monthly_starts_at
from watchdaemon.rules.schedule import windows_between
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.weekly import questions_to_report

log = structlog.get_logger(__name__)


class MonthlyStore(ItemStore, QuestionStore, WatchLog, Outbox, CredentialRecords, Protocol):
    """What monthly overviews need of the store."""


class MonthlyService:
    """Queues the monthly overviews that are owed."""

    def __init__(
        self,
        *,
        store: MonthlyStore,
        renderer: Renderer,
        calendar: WorkCalendar,
        watch: WatchPolicy,
        activity: ActivityPolicy,
        readers: Sequence[str],
    ) -> None:
        """Make the service; `readers` are the keys of the communications unit's persons."""
        self._store = store
        self._renderer = renderer
        self._calendar = calendar
        self._watch = watch
        self._activity = activity
        self._readers = tuple(readers)

    def run(self, register: Register, now: datetime) -> int:
        """Queue the overviews owed at `now` and return how many mails that were."""
        if now < monthly_starts_at(now, self._calendar):
            return 0
        owed = [p for p in self._persons(register) if not self._store.is_queued(self._key(p, now))]
        if not owed or not self._has_a_month(register, now):
            return 0
        facts = self._facts(now)
        queued = 0
        for person in owed:
            overview = self._overview(person, register, facts, now)
            key = self._key(person, now)
            queued += self._store.queue(self._renderer.monthly(overview, key), at=now)
            log.info("monthly_queued", person=person.key, period=key.period, accounts=len(overview.rows))
        return queued

    def preview(self, person: Person, register: Register, now: datetime) -> OutgoingMail | None:
        """Render the overview the person would get now; None for somebody who is not of the communications unit."""
        if person.key not in self._readers:
            return None
        return self._renderer.monthly(self.overview(person, register, now), self._key(person, now))

    def overview(self, person: Person, register: Register, now: datetime) -> MonthlyOverview:
        """Gather what the rule needs and let it judge."""
        return self._overview(person, register, self._facts(now), now)

    def _overview(self, person: Person, register: Register, facts: MonthFacts, now: datetime) -> MonthlyOverview:
        return build_overview(person, register, facts, now=now, calendar=self._calendar, activity=self._activity)

    def _facts(self, now: datetime) -> MonthFacts:
        from_on, to_on = month_reported(now, self._calendar)
        start, end = self._instant(from_on), self._instant(to_on + timedelta(days=1))
        return MonthFacts(
            questions=questions_to_report(self._store, None, published_since=start - self._watch.look_back),
            entries=self._store.entries(from_on=from_on, to_on=to_on),
            windows=list(windows_between(start, end, self._calendar, self._watch)),
            last_activity=self._store.last_own_post_at(),
            own_posts=self._store.own_posts_at(since=start),
            watched_since=self._store.watched_since(),
            credentials=self._store.credential_checks(),
        )

    def _has_a_month(self, register: Register, now: datetime) -> bool:
        """Tell whether any account was under watch before this month: else there is no month to read about yet."""
        end = self._instant(month_reported(now, self._calendar)[1] + timedelta(days=1))
        return any(at < end for key, at in self._store.watched_since().items() if key in register.accounts)

    def _persons(self, register: Register) -> list[Person]:
        for key in self._readers:
            if key not in register.persons:
                log.warning("no_such_reader", person=key, setting="organisation.communications")
        return [register.persons[key] for key in self._readers if key in register.persons]

    def _key(self, person: Person, now: datetime) -> DeliveryKey:
        period = monthly_period_key(now, self._calendar)
        return DeliveryKey(kind=MailKind.MONTHLY, recipient=person.key, period=period)

    def _instant(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._calendar.zone).astimezone(UTC)
