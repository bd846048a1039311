"""The stores in memory: the same promises as `storage`, without a database. One test suite holds both to them."""

import contextlib
import threading
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

from watchdaemon.domain.account import Register
from watchdaemon.domain.alert import Alert, AlertTelling, Silence
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.domain.delivery import (
    Delivery,
    DeliveryKey,
    DeliveryState,
    MailKind,
    MailTrouble,
    OutgoingMail,
    Told,
    Waiting,
)
from watchdaemon.domain.fetch import FetchResult, Recheck
from watchdaemon.domain.item import BLANKED, Item, ItemKind, Thread
from watchdaemon.domain.moderation import ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, Question, QuestionState, Step, Verdict
from watchdaemon.domain.quota import Held, Measure, Spending, UsageReading
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.errors import StorageError
from watchdaemon.ports import Case, PendingThread, Saved
from watchdaemon.rules.delivery import IN_ORDER, ORDER_KEPT
from watchdaemon.rules.keeping import (
    add_attempt,
    add_gap,
    add_postponed,
    add_seen,
    add_told,
    apply_recheck,
    empty_entry,
    merge_item,
    storable,
)
from watchdaemon.rules.steps import Standing, step_between, step_out

T = TypeVar("T")

ItemKey = tuple[str, str]
EntryKey = tuple[str, date, int]

_UNSENT = frozenset(DeliveryState) - {DeliveryState.SENT}
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Mark:
    """A thread waits to be judged while `judged` is behind `revision`."""

    revision: int = 0
    judged: int = 0


@dataclass(slots=True)
class _Data:
    """All that is kept."""

    register: Register = field(default_factory=Register)
    audit: list[AuditEntry] = field(default_factory=list)
    items: dict[ItemKey, Item] = field(default_factory=dict)
    first_seen: dict[ItemKey, datetime] = field(default_factory=dict)
    cursors: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    marks: dict[tuple[str, str], _Mark] = field(default_factory=lambda: defaultdict(_Mark))
    verdicts: dict[ItemKey, Verdict] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    moderations: list[ModerationEntry] = field(default_factory=list)
    entries: dict[EntryKey, WatchEntry] = field(default_factory=dict)
    attempts: list[FetchAttempt] = field(default_factory=list)
    starts: dict[str, datetime] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    told: dict[int, set[Told]] = field(default_factory=lambda: defaultdict(set))
    mail_troubles: dict[str, MailTrouble] = field(default_factory=dict)
    alerts: dict[int, Alert] = field(default_factory=dict)
    alert_tellings: dict[tuple[int, str], AlertTelling] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)
    credentials: dict[str, CredentialRecord] = field(default_factory=dict)
    checks: dict[str, CredentialCheck] = field(default_factory=dict)
    turns: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    used_links: dict[str, datetime] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    usage: dict[tuple[str, str, str], UsageReading] = field(default_factory=dict)
    spent: Counter[tuple[date, str, str, Measure]] = field(default_factory=Counter)


class _Part:
    """A part of `MemoryStore`: the methods of one port."""

    def __init__(self) -> None:
        self._data = _Data()
        self._lock = threading.RLock()
        self.fault: StorageError | None = None

    @contextlib.contextmanager
    def _turn(self) -> Iterator[_Data]:
        """One thread at a time; nobody when the store is broken."""
        with self._lock:
            if self.fault is not None:
                raise self.fault
            yield self._data


class _RegisterPart(_Part):
    def load_register(self) -> Register:
        """Return the whole register."""
        with self._turn() as data:
            return data.register

    def apply_changes(self, register: Register, changes: Sequence[Change], *, by: str, at: datetime) -> None:
        """Make the stored register equal to `register` and write every change into the audit table."""
        natives = [(a.platform, a.native_id) for a in register.accounts.values()]
        if len(set(natives)) < len(natives):
            raise StorageError("could not store the register: an account is there twice")
        entries = [AuditEntry(at=at, by=by, change=change) for change in changes]
        with self._turn() as data:
            data.register = _kept(register)
            data.audit.extend(_kept(entries))

    def audit_trail(self) -> list[AuditEntry]:
        """Return every change ever made, oldest first."""
        with self._turn() as data:
            return list(data.audit)


class _ItemPart(_Part):
    def save_fetch(self, result: FetchResult, *, at: datetime) -> Saved:
        """Store items and cursors; see the port for what is kept of an item seen before."""
        result, at = _kept(result), _kept(at)
        if any(item.account != result.account for item in result.items):
            raise ValueError(f"{result.account}: a fetch result holds another account's item")
        with self._turn() as data:
            before = set(data.items)
            touched: set[ItemKey] = set()
            changed_threads: set[str] = set()
            for item in result.items:
                known = data.items.get(item.key)
                merged = item if known is None else merge_item(known, item, at=at)
                if merged != known:
                    touched.add(item.key)
                    changed_threads |= {merged.thread_id, known.thread_id if known else merged.thread_id}
                    data.items[item.key] = merged
                    data.first_seen.setdefault(item.key, at)
            _mark(data, result.account, changed_threads)
            data.cursors[result.account].update(result.cursors)
        return Saved(new_items=len(touched - before), changed_items=len(touched & before))

    def cursors(self, accounts: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the cursors of each of the accounts (an empty mapping for one never fetched)."""
        with self._turn() as data:
            return {account: dict(data.cursors.get(account, {})) for account in accounts}

    def items(self, *, account: str | None = None, since: datetime | None = None) -> list[Item]:
        """Return stored items by `published_at`, then key; `since` is inclusive."""
        with self._turn() as data:
            found = [
                item
                for item in data.items.values()
                if (account is None or item.account == storable(account))
                and (since is None or item.published_at >= since)
            ]
        return sorted(found, key=lambda item: (item.published_at, item.key))

    def pending_threads(self, *, limit: int = 500) -> list[PendingThread]:
        """Return threads that wait to be judged, by account and id."""
        with self._turn() as data:
            waiting = sorted((key, mark.revision) for key, mark in data.marks.items() if mark.judged < mark.revision)
        return [
            PendingThread(account=account, thread_id=thread_id, revision=revision)
            for (account, thread_id), revision in waiting[:limit]
        ]

    def thread(self, account: str, thread_id: str) -> Thread:
        """Return all stored items of a thread, oldest first."""
        with self._turn() as data:
            items = [i for i in data.items.values() if _is_in(i, storable(account), storable(thread_id))]
        items.sort(key=lambda item: (item.published_at, item.external_id))
        return Thread(account=account, thread_id=thread_id, items=tuple(items))

    def cases(self, pending: Sequence[PendingThread]) -> list[Case]:
        """Return what these threads are judged by."""
        with self._turn() as data:
            threads = [self.thread(p.account, p.thread_id) for p in pending]
            return [_case(data, p, thread) for p, thread in zip(pending, threads, strict=True)]

    def mark_all_pending(self) -> None:
        """Mark every thread for judging."""
        with self._turn() as data:
            for mark in data.marks.values():
                mark.revision += 1

    def set_visibility(self, rechecks: Sequence[Recheck], *, at: datetime) -> int:
        """Write down what rechecks found, mark the threads; returns how many items changed."""
        changed: set[ItemKey] = set()
        with self._turn() as data:
            for recheck in _kept(rechecks):
                key = (recheck.account, recheck.external_id)
                known = data.items.get(key)
                if known is None:
                    continue
                kept = apply_recheck(known, recheck, at=_kept(at))
                if kept != known:
                    data.items[key] = kept
                    changed.add(key)
                    _mark(data, known.account, {known.thread_id, kept.thread_id})
        return len(changed)

    def last_own_post_at(self) -> dict[str, datetime]:
        """Return, per account, when its newest own post (kind POST, by_account) was published."""
        own = [i for i in self.items() if i.by_account and i.kind is ItemKind.POST]
        return {item.account: item.published_at for item in own}  # `items` is sorted: the newest one stays

    def own_posts_at(self, *, since: datetime) -> dict[str, list[datetime]]:
        """Return, per account that has any, when its own posts were published from `since` on."""
        found: dict[str, list[datetime]] = {}
        for item in self.items(since=since):
            if item.by_account and item.kind is ItemKind.POST:
                found.setdefault(item.account, []).append(item.published_at)
        return found


class _QuestionPart(_Part):
    def save_judgements(self, judgements: Sequence[tuple[PendingThread, Sequence[Verdict]]], *, at: datetime) -> int:
        """Replace the verdicts of these threads and clear their marks, unless they moved on."""
        with self._turn() as data:
            marks = [(_kept(p), v, data.marks.get((p.account, p.thread_id))) for p, v in judgements]
            still = [(p, v, mark) for p, v, mark in marks if mark is not None and mark.revision == p.revision]
            new = {(v.account, v.external_id): v for _, verdicts, _ in still for v in _kept(verdicts)}
            if not new.keys() <= data.items.keys():
                raise StorageError("could not store verdicts: there is no such item")
            threads = {(p.account, p.thread_id) for p, _, _ in still}
            dropped = {i.key for i in data.items.values() if (i.account, i.thread_id) in threads}
            before = {k: Standing.of(v) for k, v in data.verdicts.items() if k in dropped}
            steps = [step_between(before.get(key), v, at=_kept(at)) for key, v in new.items()]
            steps += [step_out(*key, stood, at=_kept(at)) for key, stood in before.items() if key not in new]
            data.steps += [step for step in steps if step is not None]
            data.verdicts = {k: v for k, v in data.verdicts.items() if k not in dropped} | new
            for pending, _, mark in still:
                mark.judged = pending.revision
            return len(still)

    def questions(
        self,
        *,
        accounts: Iterable[str] | None = None,
        states: Iterable[QuestionState] | None = None,
        needs_removal: bool | None = None,
        to_finish: bool = False,
        published_since: datetime | None = None,
    ) -> list[Question]:
        """Return judged items that want an answer or removal, oldest due first; see the port for the selection."""
        wanted_accounts = None if accounts is None else set(accounts)
        wanted_states = None if states is None else set(states)
        with self._turn() as data:
            found = [
                Question(item=data.items[key], verdict=verdict, first_seen_at=data.first_seen[key])
                for key, verdict in data.verdicts.items()
                if _is_selected(verdict, wanted_states, needs_removal, to_finish=to_finish)
            ]
        found = [
            q
            for q in found
            if (wanted_accounts is None or q.item.account in wanted_accounts)
            and (published_since is None or q.item.published_at >= published_since)
        ]
        return sorted(found, key=lambda q: (q.verdict.due_at or _LATEST, q.item.published_at, q.item.key))

    def question(self, account: str, external_id: str) -> Question | None:
        """Return one judged item, also one that wants nothing; None when there is none of that id."""
        key = (storable(account), storable(external_id))
        with self._turn() as data:
            if key not in data.items or key not in data.verdicts:
                return None
            return Question(item=data.items[key], verdict=data.verdicts[key], first_seen_at=data.first_seen[key])

    def steps(self, account: str, external_id: str) -> list[Step]:
        """Return the steps of an item's life in the order they were noticed."""
        key = (storable(account), storable(external_id))
        with self._turn() as data:
            return [step for step in data.steps if (step.account, step.external_id) == key]

    def decided(self) -> list[tuple[Decision, Item]]:
        """Return every decision, oldest first, with the item it is about."""
        with self._turn() as data:
            ordered = sorted(data.decisions, key=lambda d: d.at)
            return [(d, data.items[d.account, d.external_id]) for d in ordered]

    def decisions(self, account: str, thread_id: str) -> list[Decision]:
        """Return the decisions on items of a thread, oldest first."""
        with self._turn() as data:
            found = [
                d
                for d in data.decisions
                if _is_in(data.items[(d.account, d.external_id)], storable(account), storable(thread_id))
            ]
        return sorted(found, key=lambda d: d.at)

    def record_decision(self, decision: Decision) -> None:
        """Store a decision and mark the item's thread. Raises KeyError when there is no such item."""
        decision = _kept(decision)
        with self._turn() as data:
            item = data.items[(decision.account, decision.external_id)]
            data.decisions.append(decision)
            _mark(data, item.account, {item.thread_id})


class _ModerationPart(_Part):
    def begin_moderation(self, entry: ModerationEntry) -> ModerationEntry:
        """Write an order down before it is sent."""
        entry = _kept(entry)
        with self._turn() as data:
            data.moderations.append(replace(entry, id=len(data.moderations) + 1))
            return data.moderations[-1]

    def end_moderation(self, entry: ModerationEntry) -> None:
        """Write down what came of it. Raises KeyError when it was never begun, or ended already."""
        entry = _kept(entry)
        with self._turn() as data:
            place = next((i for i, m in enumerate(data.moderations) if m.id == entry.id and m.outcome is None), None)
            if place is None:
                raise KeyError(entry.id)
            data.moderations[place] = replace(
                data.moderations[place],
                outcome=entry.outcome,
                ended_at=entry.ended_at,
                is_verified=entry.is_verified,
                detail=entry.detail,
                reply_id=entry.reply_id,
            )
            ended = data.moderations[place]
            item = data.items.get((ended.account, ended.external_id))
            if item is not None:
                _mark(data, item.account, {item.thread_id})

    def moderations(self, *, account: str | None = None, external_id: str | None = None) -> list[ModerationEntry]:
        """Return orders, oldest first."""
        with self._turn() as data:
            return [
                m
                for m in data.moderations
                if account in (None, m.account) and (external_id is None or m.external_id == external_id)
            ]


class _WatchPart(_Part):
    def book_attempt(self, attempt: FetchAttempt) -> WatchEntry:
        """Write an attempt down; the entry keeps the best coverage of its window."""
        attempt = _kept(attempt)
        with self._turn() as data:
            key = _entry_key(attempt.account, attempt.window)
            data.attempts.append(attempt)
            data.entries[key] = add_attempt(data.entries.get(key), attempt)
            return data.entries[key]

    def book_missed(self, entries: Sequence[WatchEntry]) -> int:
        """Insert entries for windows that closed unfetched, where there is none yet; returns how many were new."""
        new: dict[EntryKey, WatchEntry] = {}
        with self._turn() as data:
            for entry in _kept(entries):
                key = _entry_key(entry.account, entry.window)
                gap = add_gap(data.entries.get(key), entry)
                if gap is not None:
                    new[key] = gap
            data.entries.update(new)
        return len(new)

    def book_postponed(self, held: Held, window: Window) -> None:
        """Write down that a budget holds the account's first attempt back; no attempt, and none is counted."""
        held, window = _kept((held, window))
        with self._turn() as data:
            key = _entry_key(held.account, window)
            data.entries[key] = add_postponed(data.entries.get(key) or empty_entry(held.account, window), held)

    def book_told(self, account: str, window: Window, *, persons: Sequence[str], at: datetime) -> None:
        """A digest covering this account went to these persons in this window."""
        account, window, persons, at = _kept((account, window, persons, at))
        with self._turn() as data:
            key = _entry_key(account, window)
            data.entries[key] = add_told(data.entries.get(key) or empty_entry(account, window), persons, at)

    def book_seen(self, account: str, window: Window, *, person: str, at: datetime) -> None:
        """A person acknowledged the account's state in this window."""
        account, window, person, at = _kept((account, window, person, at))
        with self._turn() as data:
            key = _entry_key(account, window)
            data.entries[key] = add_seen(data.entries.get(key) or empty_entry(account, window), person, at)

    def entries(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[WatchEntry]:
        """Return entries by window, then account; dates are local and inclusive."""
        with self._turn() as data:
            found = [e for e in data.entries.values() if _is_between(e, account, from_on, to_on)]
        return sorted(found, key=lambda e: (e.window.on, e.window.index, e.account))

    def attempts(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[FetchAttempt]:
        """Return every single attempt in the order they were booked; dates are the windows', local and inclusive."""
        with self._turn() as data:
            return [a for a in data.attempts if _is_between(a, account, from_on, to_on)]

    def watched_since(self) -> dict[str, datetime]:
        """Return, per account, when it first came under watch (booked by `begin_watch`)."""
        with self._turn() as data:
            return dict(data.starts)

    def begin_watch(self, accounts: Iterable[str], *, at: datetime) -> None:
        """Book that these accounts are under watch from `at`; those already under watch keep their time."""
        with self._turn() as data:
            for account in accounts:
                data.starts.setdefault(storable(account), _kept(at))


class _OutboxPart(_Part):
    def queue(self, mail: OutgoingMail, *, at: datetime, told: Sequence[Told] = ()) -> bool:
        """Queue a mail and what it tells. False (and nothing done) when its key was queued before."""
        mail, at, told = _kept((mail, at, told))
        with self._turn() as data:
            if self.is_queued(mail.key):
                return False
            number = len(data.deliveries) + 1
            data.deliveries[number] = Delivery(id=number, mail=mail, state=DeliveryState.QUEUED, created_at=at)
            data.told[number] = set(told)
            return True

    def is_queued(self, key: DeliveryKey) -> bool:
        """Whether a mail with that key was ever queued."""
        with self._turn() as data:
            return any(d.mail.key == _kept(key) for d in data.deliveries.values())

    def claim(self, *, now: datetime, lease: timedelta, limit: int = 20) -> list[Delivery]:
        """Take mails that are due (queued, next attempt reached, no live claim), oldest first."""
        with self._turn() as data:
            everything = data.deliveries.values()
            due = [d for d in everything if _is_due(d, now) and not _is_held_back(d, everything, now)][:limit]
            taken = [replace(d, claimed_until=_kept(now) + lease) for d in due]
            data.deliveries.update({d.id: d for d in taken})
            return taken

    def book_sent(self, delivery_id: int, *, at: datetime) -> None:
        """The server took it. Raises KeyError when there is no such delivery."""
        with self._turn() as data:
            self._book_try(delivery_id, _UNSENT, state=DeliveryState.SENT, sent_at=_kept(at), last_error="")
            key = data.deliveries[delivery_id].mail.key
            for other, told in data.told.items():
                if key.kind is MailKind.DIGEST and other < delivery_id:
                    data.told[other] = {t for t in told if t.person != key.recipient}

    def book_failed(self, delivery_id: int, *, at: datetime, error: str, next_attempt_at: datetime | None) -> None:  # noqa: ARG002 - the port's signature
        """It was not taken; None means for good (bounced). Raises KeyError when there is no such delivery."""
        state = DeliveryState.BOUNCED if next_attempt_at is None else DeliveryState.QUEUED
        queued = {DeliveryState.QUEUED}
        retry_at = _kept(next_attempt_at)
        self._book_try(delivery_id, queued, state=state, last_error=storable(error), next_attempt_at=retry_at)

    def deliveries(self, *, since: datetime | None = None) -> list[Delivery]:
        """Return the mails queued at or after `since` (None: all), oldest first."""
        with self._turn() as data:
            return [d for d in data.deliveries.values() if since is None or d.created_at >= since]

    def told(self, person: str) -> list[Told]:
        """Return what the person was told by mails that were sent."""
        with self._turn() as data:
            sent = [n for n, d in data.deliveries.items() if d.state is DeliveryState.SENT]
            found = {t for number in sent for t in data.told[number] if t.person == storable(person)}
        return sorted(found, key=lambda t: (t.account, t.external_id, t.section))

    def waiting(self) -> list[Waiting]:
        """Return the queued mails, and those of the same kind and person that were queued later and sent."""
        with self._turn() as data:
            everything = list(data.deliveries.values())
        queued = [d for d in everything if d.state is DeliveryState.QUEUED]
        return [
            _waiting(d)
            for d in everything
            if d.state is DeliveryState.QUEUED
            or (d.state is DeliveryState.SENT and any(_is_older(q, d) for q in queued))
        ]

    def supersede(self, delivery_id: int, *, reason: str) -> bool:
        """Book that a queued mail is not to be sent any more; False when it is not queued."""
        return self._change_queued(delivery_id, state=DeliveryState.SUPERSEDED, last_error=storable(reason))

    def readdress(self, delivery_id: int, address: str) -> bool:
        """Send a queued mail to that address instead, at once; False when it is not queued."""
        with self._turn() as data:
            delivery = data.deliveries.get(delivery_id)
            if delivery is None:
                return False
            mail = replace(delivery.mail, address=storable(address))
            return self._change_queued(delivery_id, mail=mail, next_attempt_at=None)

    def sent_mail(self, message_id: str) -> Waiting | None:
        """Return the mail of ours with that Message-ID which a server took, or None."""
        with self._turn() as data:
            found = (d for d in data.deliveries.values() if message_id and d.mail.message_id == message_id)
            return next((_waiting(d) for d in found if d.sent_at is not None), None)

    def book_returned(self, delivery_id: int, *, error: str) -> None:
        """A server took it, and it came back for good."""
        with self._turn() as data:
            delivery = data.deliveries.get(delivery_id)
            if delivery is not None and delivery.state is DeliveryState.SENT:
                returned = replace(delivery, state=DeliveryState.BOUNCED, last_error=storable(error))
                data.deliveries[delivery_id] = returned

    def sent_digests(self, *, since: datetime) -> list[tuple[DeliveryKey, datetime]]:
        """Return the digests sent (and not returned) at or after that, with the time, oldest first."""
        with self._turn() as data:
            sent = [
                (d.mail.key, d.sent_at)
                for d in data.deliveries.values()
                if d.mail.key.kind is MailKind.DIGEST and d.state is DeliveryState.SENT and d.sent_at is not None
            ]
        return sorted(((key, at) for key, at in sent if at >= since), key=lambda s: s[1])

    def last_sent_at(self, person: str, *, address: str, by: datetime) -> datetime | None:
        """Return when the newest mail to the person at that address was sent, at or before `by`."""
        with self._turn() as data:
            sent = [
                d.sent_at
                for d in data.deliveries.values()
                if (d.mail.key.recipient, d.mail.address) == (person, address)
                and d.state is DeliveryState.SENT
                and d.sent_at is not None
                and d.sent_at <= by
            ]
        return max(sent, default=None)

    def forget_bodies(self, *, before: datetime) -> int:
        """Forget the messages of old mails; keys and facts stay."""
        with self._turn() as data:
            old = [
                d
                for d in data.deliveries.values()
                if d.mail.message and d.created_at < before and d.state is not DeliveryState.QUEUED
            ]
            data.deliveries.update({d.id: replace(d, mail=replace(d.mail, message=b"")) for d in old})
            return len(old)

    def mail_troubles(self) -> list[MailTrouble]:
        """Return whose mail does not arrive, by person."""
        with self._turn() as data:
            return [data.mail_troubles[person] for person in sorted(data.mail_troubles)]

    def book_mail_trouble(self, trouble: MailTrouble) -> None:
        """Book that a person's mail does not arrive; with the same address, `since` stays the earliest."""
        trouble = _kept(trouble)
        with self._turn() as data:
            known = data.mail_troubles.get(trouble.person)
            if known is not None and known.address == trouble.address:
                trouble = replace(trouble, since=min(known.since, trouble.since))
            data.mail_troubles[trouble.person] = trouble

    def clear_mail_trouble(self, person: str) -> bool:
        """Book that the person's mail arrives; False when there was no trouble."""
        with self._turn() as data:
            return data.mail_troubles.pop(storable(person), None) is not None

    def _change_queued(self, delivery_id: int, **values: Any) -> bool:
        with self._turn() as data:
            delivery = data.deliveries.get(delivery_id)
            if delivery is None or delivery.state is not DeliveryState.QUEUED:
                return False
            data.deliveries[delivery_id] = replace(delivery, **values)
            return True

    def _book_try(self, delivery_id: int, from_states: Container[DeliveryState], **values: Any) -> None:
        with self._turn() as data:
            delivery = data.deliveries[delivery_id]
            if delivery.state in from_states:
                attempts = delivery.attempts + 1
                data.deliveries[delivery_id] = replace(delivery, attempts=attempts, claimed_until=None, **values)


class _AlertPart(_Part):
    def open_alert(self, alert: Alert) -> Alert | None:
        """Store a new alert; None when one with its (kind, cause) is open already."""
        alert = _kept(alert)
        with self._turn() as data:
            if alert.closed_at is None and _other_open(data, alert):
                return None
            number = len(data.alerts) + 1
            data.alerts[number] = replace(alert, id=number)
            return data.alerts[number]

    def update_alert(self, alert: Alert) -> None:
        """Write back what may change of the alert with that id. Raises KeyError when there is none."""
        alert = _kept(alert)
        with self._turn() as data:
            known = data.alerts.get(alert.id or 0)
            if known is None:
                raise KeyError(alert.id)
            if alert.closed_at is None and _other_open(data, known):
                raise StorageError("could not update an alert: another one with its cause is open")
            data.alerts[cast("int", known.id)] = replace(alert, kind=known.kind, cause=known.cause)

    def alerts(self, *, only_open: bool = False) -> list[Alert]:
        """Return alerts, oldest first."""
        with self._turn() as data:
            found = [a for a in data.alerts.values() if not (only_open and a.closed_at)]
        return sorted(found, key=lambda a: (a.opened_at, a.id))

    def book_alert_tellings(self, tellings: Sequence[AlertTelling]) -> None:
        """Keep who was told, in place of what was kept of the same alert and person."""
        with self._turn() as data:
            data.alert_tellings |= {(t.alert, storable(t.person)): _kept(t) for t in tellings}

    def alert_tellings(self, *, since: datetime) -> list[AlertTelling]:
        """Return the tellings that wait for their end, and those told at or after `since`; by alert, then person."""
        with self._turn() as data:
            return [
                t
                for _, t in sorted(data.alert_tellings.items())
                if t.over_at is None or t.last_at >= since or t.over_at >= since
            ]

    def begin_silence(self, silence: Silence) -> Silence:
        """Keep a silence; returns it with its number."""
        with self._turn() as data:
            number = len(data.silences) + 1
            data.silences[number] = replace(_kept(silence), id=number)
            return data.silences[number]

    def end_silence(self, number: int, *, at: datetime) -> None:
        """Let a silence end at `at`, unless it ended before. Raises KeyError when there is none with that number."""
        with self._turn() as data:
            known = data.silences[number]
            data.silences[number] = replace(known, ends_at=min(known.ends_at, _kept(at)))

    def silences(self) -> list[Silence]:
        """Return every silence, also those that ended, oldest first."""
        with self._turn() as data:
            return list(data.silences.values())


class _CredentialPart(_Part):
    def credential_record(self, name: str) -> CredentialRecord | None:
        """Return a stored credential, still sealed."""
        with self._turn() as data:
            return data.credentials.get(storable(name))

    def credential_records(self) -> list[CredentialRecord]:
        """Return every stored credential by name."""
        with self._turn() as data:
            return [record for _, record in sorted(data.credentials.items())]

    def put_credential(self, record: CredentialRecord) -> bool:
        """Keep a record if the stored one has the revision just before its own (0: there is none); else False."""
        record = _kept(record)
        with self._turn() as data:
            known = data.credentials.get(record.name)
            if record.revision != (known.revision if known else 0) + 1:
                return False
            data.credentials[record.name] = record
            return True

    def remove_credential(self, name: str) -> bool:
        """Forget a credential; False when there was none."""
        with self._turn() as data:
            return data.credentials.pop(storable(name), None) is not None

    def save_credential_check(self, check: CredentialCheck) -> None:
        """Keep what was found of an account's credential, in place of what was found before."""
        check = _kept(check)
        with self._turn() as data:
            data.checks[check.account] = check

    def credential_checks(self) -> dict[str, CredentialCheck]:
        """Return the last check of every account, by account key."""
        with self._turn() as data:
            return dict(sorted(data.checks.items()))

    @contextlib.contextmanager
    def credential_turn(self, name: str) -> Iterator[None]:
        """Wait for, and hold, the right to change that credential."""
        with self._turn() as data:
            turn = data.turns[name]
        with turn:
            yield


class _LinkPart(_Part):
    def use_link(self, link: str, *, at: datetime, forget_before: datetime) -> datetime | None:
        """Take a link's one use; returns when it was taken before, None when it was free."""
        link, at = storable(link), _kept(at)
        with self._turn() as data:
            data.used_links = {key: used_at for key, used_at in data.used_links.items() if used_at >= forget_before}
            if link in data.used_links:
                return data.used_links[link]
            data.used_links[link] = at
            return None

    def link_used_at(self, link: str) -> datetime | None:
        """Return when a link was used, None when it was not."""
        with self._turn() as data:
            return data.used_links.get(storable(link))


class _StatePart(_Part):
    def get_state(self, name: str) -> str | None:
        """Return a fact, or None."""
        with self._turn() as data:
            return data.state.get(storable(name))

    def set_state(self, name: str, value: str) -> None:
        """Keep a fact."""
        with self._turn() as data:
            data.state[storable(name)] = storable(value)


class _QuotaPart(_Part):
    def book_usage(self, readings: Sequence[UsageReading], spending: Sequence[Spending]) -> None:
        """Keep each limit's newest reading, and add what was spent to what was."""
        with self._turn() as data:
            for reading in _kept(readings):
                key = (reading.platform, reading.holder, reading.name)
                known = data.usage.get(key)
                if known is None or known.read_at <= reading.read_at:
                    data.usage[key] = reading
            for s in _kept(spending):
                data.spent[s.on, s.platform, s.account, s.measure] += s.amount

    def usage(self) -> list[UsageReading]:
        """Return every limit's newest reading, by platform, holder and name."""
        with self._turn() as data:
            return [reading for _, reading in sorted(data.usage.items())]

    def spending(self, *, from_on: date) -> list[Spending]:
        """Return what was spent on that day and later, by day, platform, account and measure."""
        with self._turn() as data:
            return [
                Spending(platform=platform, account=account, measure=measure, on=on, amount=amount)
                for (on, platform, account, measure), amount in sorted(data.spent.items())
                if on >= from_on
            ]

    def forget_usage(self, *, before: date) -> None:
        """Delete what was spent, and limits last heard of, before that day."""
        with self._turn() as data:
            data.usage = {key: r for key, r in data.usage.items() if r.read_at.date() >= before}
            data.spent = Counter({key: amount for key, amount in data.spent.items() if key[0] >= before})


class MemoryStore(
    _RegisterPart,
    _ItemPart,
    _QuestionPart,
    _ModerationPart,
    _WatchPart,
    _OutboxPart,
    _AlertPart,
    _CredentialPart,
    _LinkPart,
    _StatePart,
    _QuotaPart,
):
    """Implements `ports.Store` in memory. Safe from any thread; set `fault` to have every method raise it."""

    def together(self) -> contextlib.AbstractContextManager[None]:
        """In memory nothing is killed between two writes."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Nothing to give back."""


def _mark(data: _Data, account: str, threads: Iterable[str]) -> None:
    for thread_id in threads:
        data.marks[(account, thread_id)].revision += 1


def _is_in(item: Item, account: str, thread_id: str) -> bool:
    return item.account == account and item.thread_id == thread_id


def _is_selected(
    verdict: Verdict, states: set[QuestionState] | None, needs_removal: bool | None, *, to_finish: bool
) -> bool:
    """Given several, a verdict that fits any is meant."""
    if verdict.state is None and not verdict.needs_removal:
        return False
    if states is None and needs_removal is None and not to_finish:
        return True
    fits_state = states is not None and verdict.state in states
    fits_removal = needs_removal is not None and verdict.needs_removal is needs_removal
    return fits_state or fits_removal or (to_finish and verdict.is_holding)


def _case(data: _Data, pending: PendingThread, thread: Thread) -> Case:
    keys = {i.key for i in thread.items}
    blanked = {i.key for i in thread.items if BLANKED in i.extra}
    orders = (m for m in data.moderations if m.outcome is Outcome.DONE)
    return Case(
        pending=pending,
        thread=thread,
        decisions=tuple(sorted((d for d in data.decisions if (d.account, d.external_id) in keys), key=lambda d: d.at)),
        orders=tuple(m for m in orders if (m.account, m.external_id) in keys),
        kept=tuple(v for key, v in data.verdicts.items() if key in blanked),
    )


def _entry_key(account: str, window: Window) -> EntryKey:
    return (account, window.on, window.index)


def _is_between(
    entry: WatchEntry | FetchAttempt, account: str | None, from_on: date | None, to_on: date | None
) -> bool:
    return (
        (account is None or entry.account == storable(account))
        and (from_on is None or from_on <= entry.window.on)
        and (to_on is None or entry.window.on <= to_on)
    )


def _is_due(delivery: Delivery, now: datetime) -> bool:
    return (
        delivery.state is DeliveryState.QUEUED
        and (delivery.next_attempt_at is None or delivery.next_attempt_at <= now)
        and (delivery.claimed_until is None or delivery.claimed_until <= now)
    )


def _is_held_back(delivery: Delivery, everything: Iterable[Delivery], now: datetime) -> bool:
    """Whether an older report of the kind still waits for the person."""
    return delivery.mail.key.kind in IN_ORDER and any(
        d.state is DeliveryState.QUEUED and _is_older(d, delivery) and d.created_at > now - ORDER_KEPT
        for d in everything
    )


def _is_older(one: Delivery, other: Delivery) -> bool:
    """Whether it is of the same kind to the same person, and was queued first."""
    key, others = one.mail.key, other.mail.key
    return one.id < other.id and (key.kind, key.recipient) == (others.kind, others.recipient)


def _waiting(delivery: Delivery) -> Waiting:
    mail = delivery.mail
    return Waiting(
        id=delivery.id,
        key=mail.key,
        address=mail.address,
        state=delivery.state,
        created_at=delivery.created_at,
        covers=mail.covers,
    )


def _other_open(data: _Data, alert: Alert) -> bool:
    return any(
        a.closed_at is None and (a.kind, a.cause) == (alert.kind, alert.cause) and a.id != alert.id
        for a in data.alerts.values()
    )


def _kept(value: T) -> T:
    """Return the value as a database would give it back: storable texts, times in UTC."""
    return cast("T", _as_stored(value))


def _as_stored(value: object) -> object:
    if type(value) is str:
        return storable(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise StorageError(f"a naive time cannot be stored: {value}")
        return value.astimezone(UTC)
    if isinstance(value, tuple | list):
        return type(value)(map(_as_stored, value))
    if isinstance(value, Mapping):
        return {_as_stored(k): _as_stored(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _as_stored(getattr(value, f.name)) for f in fields(value)})
    return value
