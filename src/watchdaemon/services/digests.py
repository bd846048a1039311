"""Telling owners: at most one digest per person and window, and none without news."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        facts = self._facts(register, window, now)
        return sum(self._queue_for(person, accounts, facts) for person, accounts in readers(register, window.on))

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
        day = self._calendar.local_date(now)
        window = current_window(now, self._calendar, self._watch) or Window(
            on=day, index=1, opens_at=now, closes_at=now
        )
        accounts = _read_by(person.key, register, day)
        digest, _, _ = self._build(person, accounts, self._facts(register, window, now), told=[])
        return None if digest is None else self._renderer.digest(digest, _key(person, window))

    def _facts(self, register: Register, window: Window, now: datetime) -> "_Facts":
        """Read once what every person's digest is made from: there may be hundreds of persons and a pass a minute."""
        waiting: dict[str, list[Question]] = defaultdict(list)
        for question in self._store.questions(states=[QuestionState.OPEN], needs_removal=True):
            waiting[question.item.account].append(question)
        entries = {
            e.account: e for e in self._store.entries(from_on=window.on, to_on=window.on) if e.window.key == window.key
        }
        return _Facts(register=register, window=window, now=now, waiting=waiting, entries=entries)

    def _queue_for(self, person: Person, accounts: Sequence[Account], facts: "_Facts") -> int:
        entries = [facts.entries.get(a.key) for a in accounts]
        owed, why = digest_owed(person, facts.window, facts.now, entries, self._watch)
        waits = any(facts.waiting.get(a.key) for a in accounts) or any(e is not None and e.is_by_hand for e in entries)
        if not owed or not waits:
            log.debug("no_digest", person=person.key, why=why if not owed else "nothing waits")
            return 0
        digest, told, why = self._build(person, accounts, facts, told=self._store.told(person.key))
        key = _key(person, facts.window)
        if digest is None or self._store.is_queued(key):
            log.debug("no_digest", person=person.key, why=why if digest is None else "this window's was sent")
            return 0
        queued = self._store.queue(self._renderer.digest(digest, key), at=facts.now, told=told)
        log.info("digest_queued", person=person.key, window=facts.window.key, entries=len(digest.entries))
        return int(queued)

    def _build(
        self, person: Person, accounts: Sequence[Account], facts: "_Facts", *, told: Sequence[Told]
    ) -> tuple[Digest | None, list[Told], str]:
        questions = [q for a in accounts for q in facts.waiting.get(a.key, ())]
        watch = [_account_watch(a, facts) for a in accounts]
        return build_digest(person, facts.window, facts.now, accounts, questions, told, watch, self._calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What all digests of a pass are made from."""

    register: Register
    window: Window
    now: datetime
    waiting: Mapping[str, Sequence[Question]]  # open questions and items to be removed, by account
    entries: Mapping[str, WatchEntry]  # the window's, by account


def readers(register: Register, on: date) -> list[tuple[Person, list[Account]]]:
    """Return who reads the digests of which watched accounts on that local date, by person's key."""
    by_person: dict[str, list[Account]] = defaultdict(list)
    for account in register.watched():
        for person in register.readers(account, on):
            by_person[person.key].append(account)
    return [(register.persons[key], accounts) for key, accounts in sorted(by_person.items())]


def _read_by(person: str, register: Register, on: date) -> list[Account]:
    return [a for a in register.watched() if any(p.key == person for p in register.readers(a, on))]


def _account_watch(account: Account, facts: _Facts) -> AccountWatch:
    entry = facts.entries.get(account.key)
    return AccountWatch(
        account=account,
        state=watch_state(entry, facts.window, facts.now),
        reason=entry.reason if entry else None,
        detail=entry.detail if entry else "",
        readers=facts.register.readers(account, facts.window.on),
    )


def _key(person: Person, window: Window) -> DeliveryKey:
    return DeliveryKey(kind=MailKind.DIGEST, recipient=person.key, period=window.key)


def _is_sent_digest(delivery: Delivery, window: Window) -> bool:
    key = delivery.mail.key
    return key.kind is MailKind.DIGEST and key.period == window.key and delivery.state is DeliveryState.SENT
