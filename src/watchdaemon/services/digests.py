"""Telling owners: at most one digest per person and window, and none without news."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import structlog

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.delivery import Delivery, DeliveryKey, DeliveryState, MailKind, OutgoingMail, Told
from watchdaemon.domain.digest import AccountWatch, Digest
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.ports import Outbox, QuestionStore, Renderer, WatchLog
from watchdaemon.rules.digest import build_digest, digest_owed
from watchdaemon.rules.schedule import current_window, watch_state
from watchdaemon.rules.workdays import WorkCalendar

log = structlog.get_logger(__name__)


class DigestStore(QuestionStore, WatchLog, Outbox, Protocol):
    """What digests need of the store."""


class DigestService:
    """Queues the digests that are owed in the present window."""

    def __init__(self, *, store: DigestStore, renderer: Renderer, calendar: WorkCalendar, watch: WatchPolicy) -> None:
        self._store = store
        self._renderer = renderer
        self._calendar = calendar
        self._watch = watch

    def run(self, register: Register, now: datetime) -> int:
        """Queue what is owed and return how many mails that were."""
        window = current_window(now, self._calendar, self._watch)
        if window is None or not self._calendar.is_working_day(window.on):
            return 0
        return sum(
            self._queue_for(person, accounts, register, window, now)
            for person, accounts in readers(register, self._calendar.local_date(now))
        )

    def book_told(self, register: Register, now: datetime) -> None:
        """Book, for the present window, which digests the mail server has taken. Doing it again changes nothing."""
        window = current_window(now, self._calendar, self._watch)
        if window is None:
            return
        told: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in self._store.deliveries(since=window.opens_at):
            if _is_sent_digest(delivery, window):
                for account in _read_by(delivery.mail.key.recipient, register, window.on):
                    told[account.key].append(delivery)
        for key, deliveries in told.items():
            sent = [d.sent_at for d in deliveries if d.sent_at is not None]
            persons = sorted({d.mail.key.recipient for d in deliveries})
            self._store.book_told(key, window, persons=persons, at=min(sent))

    def preview(self, person: Person, register: Register, now: datetime) -> OutgoingMail | None:
        """Render what the person would get if nothing had been told before; None when nothing waits. Queues nothing."""
        window = current_window(now, self._calendar, self._watch)
        if window is None:
            day = self._calendar.local_date(now)
            window = Window(on=day, index=1, opens_at=now, closes_at=now)
        accounts = _read_by(person.key, register, self._calendar.local_date(now))
        digest, _, _ = self._build(person, accounts, register, window, now, told=[])
        return None if digest is None else self._renderer.digest(digest, _key(person, window))

    def _queue_for(
        self, person: Person, accounts: Sequence[Account], register: Register, window: Window, now: datetime
    ) -> int:
        key = _key(person, window)
        if self._store.is_queued(key):
            return 0
        entries = self._entries(accounts, window)
        owed, why = digest_owed(person, window, now, [entries.get(a.key) for a in accounts], self._watch)
        if not owed:
            log.debug("digest_waits", person=person.key, why=why)
            return 0
        digest, told, why = self._build(person, accounts, register, window, now, told=self._store.told(person.key))
        if digest is None:
            log.debug("no_digest", person=person.key, why=why)
            return 0
        queued = self._store.queue(self._renderer.digest(digest, key), at=now, told=told)
        log.info("digest_queued", person=person.key, window=window.key, entries=len(digest.entries))
        return int(queued)

    def _build(
        self,
        person: Person,
        accounts: Sequence[Account],
        register: Register,
        window: Window,
        now: datetime,
        *,
        told: Sequence[Told],
    ) -> tuple[Digest | None, list[Told], str]:
        entries = self._entries(accounts, window)
        watch = [_account_watch(a, entries.get(a.key), window, now, register.readers(a, window.on)) for a in accounts]
        return build_digest(person, window, now, accounts, self._waiting(accounts), told, watch, self._calendar)

    def _waiting(self, accounts: Sequence[Account]) -> list[Question]:
        return self._store.questions(
            accounts=[a.key for a in accounts], states=[QuestionState.OPEN], needs_removal=True
        )

    def _entries(self, accounts: Sequence[Account], window: Window) -> Mapping[str, WatchEntry]:
        keys = {a.key for a in accounts}
        found = self._store.entries(from_on=window.on, to_on=window.on)
        return {e.account: e for e in found if e.account in keys and e.window.key == window.key}


def readers(register: Register, on: date) -> list[tuple[Person, list[Account]]]:
    """Return who reads the digests of which watched accounts on that local date, by person's key."""
    by_person: dict[str, list[Account]] = defaultdict(list)
    for account in register.watched():
        for person in register.readers(account, on):
            by_person[person.key].append(account)
    return [(register.persons[key], accounts) for key, accounts in sorted(by_person.items())]


def _read_by(person: str, register: Register, on: date) -> list[Account]:
    return [a for a in register.watched() if any(p.key == person for p in register.readers(a, on))]


def _account_watch(
    account: Account, entry: WatchEntry | None, window: Window, now: datetime, readers: tuple[Person, ...]
) -> AccountWatch:
    return AccountWatch(
        account=account,
        state=watch_state(entry, window, now),
        reason=entry.reason if entry else None,
        detail=entry.detail if entry else "",
        readers=readers,
    )


def _key(person: Person, window: Window) -> DeliveryKey:
    return DeliveryKey(kind=MailKind.DIGEST, recipient=person.key, period=window.key)


def _is_sent_digest(delivery: Delivery, window: Window) -> bool:
    key = delivery.mail.key
    return key.kind is MailKind.DIGEST and key.period == window.key and delivery.state is DeliveryState.SENT
