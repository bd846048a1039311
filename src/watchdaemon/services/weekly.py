"""Telling managers: every Monday a complete report on their accounts, also when all is well."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

import structlog

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.calendar import ActivityPolicy, WatchPolicy
from watchdaemon.domain.delivery import DeliveryKey, MailKind, OutgoingMail
from watchdaemon.domain.digest import WeeklyReport
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.ports import ItemStore, Outbox, QuestionStore, Renderer, WatchLog
from watchdaemon.rules.schedule import windows_between
from watchdaemon.rules.weekly_report import (
    CHART_WEEKS,
    WeekFacts,
    build_weekly_report,
    report_period,
    weekly_period_key,
    weekly_starts_at,
)
from watchdaemon.rules.workdays import WorkCalendar

log = structlog.get_logger(__name__)


class WeeklyStore(ItemStore, QuestionStore, WatchLog, Outbox, Protocol):
    """What weekly reports need of the store."""


class WeeklyService:
    """Queues the weekly reports that are owed."""

    def __init__(
        self,
        *,
        store: WeeklyStore,
        renderer: Renderer,
        calendar: WorkCalendar,
        watch: WatchPolicy,
        activity: ActivityPolicy,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._calendar = calendar
        self._watch = watch
        self._activity = activity

    def run(self, register: Register, now: datetime) -> int:
        """Queue the reports owed at `now` and return how many mails that were."""
        if now < weekly_starts_at(now, self._calendar):
            return 0
        queued = 0
        begun = {key for key, at in self._store.watched_since().items() if at < self._period(now)[1]}
        for manager, accounts in managed(register):
            key = self._key(manager, now)
            # A manager whose accounts came under watch only this week has no week to read about yet.
            if any(a.key in begun for a in accounts) and not self._store.is_queued(key):
                mail = self._renderer.weekly(self.report(manager, accounts, register, now), key)
                queued += self._store.queue(mail, at=now)
                log.info("weekly_queued", person=manager.key, period=key.period)
        return queued

    def preview(self, person: Person, register: Register, now: datetime) -> OutgoingMail | None:
        """Render the report the person would get now; None for somebody who manages no watched account."""
        accounts = {m.key: a for m, a in managed(register)}.get(person.key)
        if not accounts:
            return None
        return self._renderer.weekly(self.report(person, accounts, register, now), self._key(person, now))

    def report(self, manager: Person, accounts: list[Account], register: Register, now: datetime) -> WeeklyReport:
        """Gather what the rule needs and let it judge."""
        from_on, to_on = report_period(now, self._calendar)
        start, end = self._period(now)
        chart_from = start - timedelta(weeks=CHART_WEEKS)
        facts = WeekFacts(
            questions=questions_to_report(
                self._store, [a.key for a in accounts], published_since=chart_from - self._watch.look_back
            ),
            entries=self._store.entries(from_on=from_on, to_on=to_on),
            windows=list(windows_between(start, end, self._calendar, self._watch)),
            last_activity=self._store.last_own_post_at(),
            watched_since=self._store.watched_since(),
            own_posts=self._store.own_posts_at(since=chart_from),
        )
        return build_weekly_report(
            manager, accounts, register, facts, now=now, calendar=self._calendar, activity=self._activity
        )

    def _key(self, manager: Person, now: datetime) -> DeliveryKey:
        period = weekly_period_key(now, self._calendar)
        return DeliveryKey(kind=MailKind.WEEKLY, recipient=manager.key, period=period)

    def _period(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the week reported on at `now` as instants, half-open."""
        from_on, to_on = report_period(now, self._calendar)
        return self._instant(from_on), self._instant(to_on + timedelta(days=1))

    def _instant(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._calendar.zone).astimezone(UTC)


def questions_to_report(
    store: QuestionStore, accounts: Sequence[str] | None, *, published_since: datetime
) -> list[Question]:
    """Return the questions in any state published from then on, and whatever is open, however old: it is overdue."""
    recent = store.questions(accounts=accounts, states=list(QuestionState), published_since=published_since)
    still_open = store.questions(accounts=accounts, states=[QuestionState.OPEN])
    return list({question.item.key: question for question in [*recent, *still_open]}.values())


def managed(register: Register) -> list[tuple[Person, list[Account]]]:
    """Return who manages which watched accounts, by the manager's key."""
    by_manager: dict[str, list[Account]] = defaultdict(list)
    for account in register.watched():
        by_manager[account.manager].append(account)
    return [(register.persons[key], a) for key, a in sorted(by_manager.items()) if key in register.persons]
