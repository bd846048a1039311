"""Telling owners: at most one digest per person and window, and none without news."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import structlog

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.delivery import DeliveryKey, DeliveryState, MailKind, OutgoingMail, Told, Waiting
from watchdaemon.domain.digest import AccountWatch, Digest
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.ports import Outbox, QuestionStore, Renderer, WatchLog
from watchdaemon.rules.digest import build_digest, digest_owed
from watchdaemon.rules.schedule import current_window, watch_state
from watchdaemon.rules.workdays import WorkCalendar

log = structlog.get_logger(__name__)

_TOLD_LATE = timedelta(days=7)
"""How far back a new process looks for digests that were sent and not yet booked as told."""


class DigestStore(QuestionStore, WatchLog, Outbox, Protocol):
    """What digests need of the store."""


class DigestService:
    """Queues the digests that are owed in the present window."""

    def __init__(self, *, store: DigestStore, renderer: Renderer, calendar: WorkCalendar, watch: WatchPolicy) -> None:
        self._store = store
        self._renderer = renderer
        self._calendar = calendar
        self._watch = watch
        self._told_until: datetime | None = None

    def run(self, register: Register, now: datetime) -> int:
        """Queue what is owed and return how many mails that were."""
        window = current_window(now, self._calendar, self._watch)
        if window is None or not self._calendar.is_working_day(window.on):
            return 0
        facts = self._facts(register, window, now)
        present = readers(register, window.on)
        for person in sorted(set(facts.unsent) - {reader.key for reader, _ in present}):
            self._let_go(person, facts, why="the person reads no account any more")
        return sum(self._queue_for(person, accounts, facts) for person, accounts in present)

    def book_told(self, register: Register, now: datetime) -> None:
        """Book which digests the mail server has taken, each for its own window. Doing it again changes nothing.

        A digest that left late was told late: the watch log says when. One that never left was told nobody.
        """
        since = now - _TOLD_LATE if self._told_until is None else self._told_until
        sent = self._store.sent_digests(since=since)
        if sent:
            days = sorted(key.period.partition("/")[0] for key, _ in sent)
            entries = self._store.entries(from_on=date.fromisoformat(days[0]), to_on=date.fromisoformat(days[-1]))
            windows = {e.window.key: e.window for e in entries}
            self._book(sent, windows, register)
        self._told_until = now

    def _book(
        self, sent: Sequence[tuple[DeliveryKey, datetime]], windows: Mapping[str, Window], register: Register
    ) -> None:
        told: dict[tuple[str, str], list[tuple[str, datetime]]] = defaultdict(list)
        for key, at in sent:
            if key.period in windows:
                for account in _read_by(key.recipient, register, windows[key.period].on):
                    told[account.key, key.period].append((key.recipient, at))
        for (account_key, period), persons in told.items():
            names = sorted({person for person, _ in persons})
            at = min(at for _, at in persons)
            self._store.book_told(account_key, windows[period], persons=names, at=at)

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
        for question in self._store.questions(states=[QuestionState.OPEN], needs_removal=True, to_finish=True):
            waiting[question.item.account].append(question)
        entries = {
            e.account: e for e in self._store.entries(from_on=window.on, to_on=window.on) if e.window.key == window.key
        }
        unsent: dict[str, list[Waiting]] = defaultdict(list)
        for mail in self._store.waiting():
            if mail.key.kind is MailKind.DIGEST and mail.state is DeliveryState.QUEUED:
                unsent[mail.key.recipient].append(mail)
        return _Facts(register=register, window=window, now=now, waiting=waiting, entries=entries, unsent=unsent)

    def _queue_for(self, person: Person, accounts: Sequence[Account], facts: "_Facts") -> int:
        entries = [facts.entries.get(a.key) for a in accounts]
        owed, why = digest_owed(person, facts.window, facts.now, entries, self._watch)
        waits = any(facts.waiting.get(a.key) for a in accounts) or any(e is not None and e.is_by_hand for e in entries)
        if not owed or not waits:
            log.debug("no_digest", person=person.key, why=why if not owed else "nothing waits")
            if owed:
                self._let_go(person.key, facts)
            return 0
        digest, told, why = self._build(person, accounts, facts, told=self._store.told(person.key))
        key = _key(person, facts.window)
        if digest is None:
            self._let_go(person.key, facts)
        if digest is None or self._store.is_queued(key):
            log.debug("no_digest", person=person.key, why=why if digest is None else "this window's was sent")
            return 0
        queued = self._store.queue(self._renderer.digest(digest, key), at=facts.now, told=told)
        log.info("digest_queued", person=person.key, window=facts.window.key, entries=len(digest.entries))
        return int(queued)

    def _let_go(self, person: str, facts: "_Facts", *, why: str = "nothing that it tells of waits any more") -> None:
        """Send no earlier digest any more."""
        for mail in facts.unsent.get(person, ()):
            if self._store.supersede(mail.id, reason=why):
                log.info("mail_superseded", mail=str(mail.key), reason=why)

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
    unsent: Mapping[str, Sequence[Waiting]]  # digests that no mail server has taken yet, by person


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
