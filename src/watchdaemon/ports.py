"""What the program needs from the outside, as Protocols owned by their consumers.

Every time is aware UTC. Every store method raises `StorageError` and nothing else on a database fault; each method is
one transaction and safe to call from any thread.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.alert import Alert, AlertNotice, AlertTelling, Silence
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.domain.delivery import Delivery, DeliveryKey, MailTrouble, OutgoingMail, ReturnedMail, Told, Waiting
from watchdaemon.domain.digest import Digest, WeeklyReport
from watchdaemon.domain.fetch import CredentialHealth, Cursors, FetchResult, KindCoverage, Profile, Recheck
from watchdaemon.domain.item import Item, Thread
from watchdaemon.domain.moderation import Action, ModerationEntry, Receipt
from watchdaemon.domain.overview import MonthlyOverview
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.domain.question import Decision, DecisionKind, Question, QuestionState, Step, Triage, Verdict
from watchdaemon.domain.quota import Held, Measure, Spending, UsageReading
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.http import Road

Clock = Callable[[], datetime]
"""Gives the present time, aware, in UTC."""

Sleep = Callable[[float], None]
"""Waits that many seconds."""


# ---- platforms -------------------------------------------------------------------------------------------------


class CredentialSource(Protocol):
    """Where secrets come from: systemd's credential directory or a configured one."""

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return a credential's fields; a file with one bare line is ``{"token": …}``.

        Raises:
            ConfigError: There is none of that name, or it cannot be read; names it and where it was looked for.
        """
        ...


class Refresh(Protocol):
    """One refresh of one credential, made by nobody else at the same time; see `CredentialStore.refreshing`."""

    fields: Mapping[str, SecretStr]  # as they are now: another thread or process may have refreshed them meanwhile
    was_interrupted: bool  # the last refresh was begun and its end never written down: the token may be spent

    def begin(self) -> None:
        """Write down that the old token is about to be used up. Durable when it returns."""
        ...

    def finish(self, fields: Mapping[str, SecretStr]) -> None:
        """Replace all fields by the new ones. Durable when it returns; only then may the new token be used."""
        ...

    def refused(self) -> None:
        """Write down that the platform refuses the old token for good: a person must connect the account again."""
        ...


@runtime_checkable
class CredentialStore(CredentialSource, Protocol):
    """A source that can be written to, too: an adapter asks ``isinstance(context.credentials, CredentialStore)``.

    A credential that was refused is read as a ConfigError which says so.
    """

    def write(self, name: str, fields: Mapping[str, SecretStr], *, by: str = "") -> None:
        """Keep a credential, encrypted and durable; whatever state it was in, it is good now.

        Raises:
            ConfigError: There is no key to encrypt with; says how to make one.
            StorageError: The database does not take it.
        """
        ...

    def refreshing(self, name: str) -> AbstractContextManager[Refresh]:
        """Take the credential's turn: one refresher at a time, over all threads and processes. Not re-entrant.

        The order is always: look at `fields` (somebody else may have done it), `begin`, ask the platform, `finish` or
        `refused`. When the platform did not answer, do neither: the next one tries the same token again.

        Raises:
            ConfigError: There is no such credential, no key, or it was refused before.
            StorageError: The database does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """What an adapter is made from."""

    road: Road
    credentials: CredentialSource
    clock: Clock
    look_back: timedelta  # comments on own posts younger than this are read again


class PlatformAdapter(Protocol):
    """One platform. Thread-safe: several threads may fetch different accounts at the same time.

    No method ever gives "nothing" for "I could not see": that is a trouble, or an AdapterError.
    """

    name: str
    batch_size: int  # how many accounts one `fetch` should be given

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix: every `ItemKind` once."""
        ...

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield what is new since `cursors` (by account key), and own posts; at least one final result per account.

        Items may come again (storing is an upsert). A trouble of one stream leaves the others' items and cursors in
        place and makes the coverage partial; a trouble of the account makes it failed. One account's trouble never
        keeps another account of the same call from its result.

        Raises:
            AdapterError: Trouble that strikes every account not yet given a final result.
        """
        ...

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read the items again: still there, edited, hidden? Yields one `Recheck` an item."""
        ...

    def profile(self, account: Account) -> Profile:
        """Return the account's public profile. Raises AdapterError."""
        ...

    def credential(self, account: Account) -> CredentialHealth:
        """Ask the platform about the account's credential. Raises AdapterError when it does not answer."""
        ...


@runtime_checkable
class SharesBudget(Protocol):
    """What an adapter may offer besides: which accounts draw on one budget. Without it, all of its platform do."""

    def budget_of(self, account: Account) -> str:
        """Name the app or project whose budget the account's calls use; no secret. Raises AdapterError."""
        ...


@runtime_checkable
class CoversByAccount(Protocol):
    """What an adapter may offer besides: a matrix for each account, where accounts have switches of their own."""

    def kinds_of(self, account: Account) -> Sequence[KindCoverage]:
        """Return what the account's own settings (`Account.extra`) leave of the matrix: every `ItemKind` once."""
        ...


@runtime_checkable
class EstimatesCost(Protocol):
    """What an adapter may offer besides: what a fetch costs, for planning before there is any history."""

    def expected_cost(self, account: Account) -> Mapping[Measure, float]:
        """Return what a quiet window's fetch of the account takes, by measure. Raises AdapterError."""
        ...


@runtime_checkable
class Moderator(Protocol):
    """What an adapter may offer besides: changing what stands on the platform. Without it, only a person can."""

    def can(self, item: Item) -> frozenset[Action]:
        """Return what the platform lets the account do to the item; asks nobody."""
        ...

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order from `can` to the platform, once: it is never sent again by itself.

        Raises:
            RateLimitedError: The platform did not take it now.
            RetriableError: It was sent, and nobody knows whether it was carried out.
            AdapterError: The platform refuses it.
        """
        ...

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether the item is as the order wants it; None where the platform does not let that be seen.

        A reply is looked for by `reply_id`, or else by its text. Raises AdapterError when the platform does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Something that whoever connects an account must give: typed in, or kept ready in a credential of the app's."""

    name: str  # the field's name
    label: str  # in words
    is_secret: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to connect an account: by a browser (the platform asks its owner), or by giving what was made there."""

    name: str
    summary: str
    asks: tuple[Ask, ...] = ()
    uses_browser: bool = False
    scopes: tuple[str, ...] = ()  # the least that reading needs
    guide: tuple[str, ...] = ()  # what to do on the platform first, a line a step
    moderation_scopes: tuple[str, ...] = ()  # what changing things there needs besides; () also where reading's do


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent that was asked for: where the owner gives it, and what proves that the answer belongs to it."""

    url: str  # may be shown: holds no secret
    state: str
    kept: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)  # for `finish`: a PKCE verifier, an app


class Connector(Protocol):
    """How accounts of one platform are connected. Holds no state between the calls."""

    ways: Sequence[Way]

    def begin(self, way: Way, account: Account, given: Mapping[str, SecretStr], redirect_uri: str) -> Consent:
        """Return where the owner consents (ways that use a browser only). Raises AdapterError, ConfigError."""
        ...

    def finish(
        self, way: Way, account: Account, given: Mapping[str, SecretStr], consent: Consent | None, code: SecretStr
    ) -> Mapping[str, SecretStr]:
        """Return the fields of the account's credential, from the code that came back, or from what was given.

        Whose it is, the caller proves afterwards (`PlatformAdapter.credential`).

        Raises:
            AccountError: The platform refuses the code or the app, or what was given does not reach the account.
            AdapterError: It did not answer.
        """
        ...


@runtime_checkable
class Connects(Protocol):
    """What an adapter may offer besides: connecting its accounts by ``watchdaemon auth``."""

    def connector(self) -> Connector:
        """Return how its accounts are connected."""
        ...


@runtime_checkable
class Probes(Protocol):
    """What an adapter may offer besides: asking a live account what the platform's documentation leaves open."""

    def probe_plan(self, account: Account) -> ProbePlan:
        """Return what would be asked, and what that takes at most; asks nobody."""
        ...

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask, and yield one answer for each question of the plan, in its order. Only reads; never beyond the plan.

        A platform that does not answer, or refuses, makes the rest untold. Raises AdapterError when the account has no
        usable credential.
        """
        ...


class AdapterPlugin(Protocol):
    """What an entry point of the group ``watchdaemon.adapters`` names: makes the adapter from its settings block."""

    name: str

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate the ``[platforms.<name>]`` block and make the adapter.

        Raises:
            ConfigError: A key is unknown or wrong; faults name the key below ``platforms.<name>``.
        """
        ...


# ---- stores ----------------------------------------------------------------------------------------------------


class RegisterStore(Protocol):
    """Units, persons, accounts, and the audit table."""

    def load_register(self) -> Register:
        """Return the whole register."""
        ...

    def apply_changes(self, register: Register, changes: Sequence[Change], *, by: str, at: datetime) -> None:
        """Make the stored register equal to `register` and write every change into the audit table, all or nothing."""
        ...

    def audit_trail(self) -> list[AuditEntry]:
        """Return every change ever made, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What storing a fetch changed."""

    new_items: int
    changed_items: int  # seen before, and now with another text, visibility, author …


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingThread:
    """A thread that changed since it was judged; `revision` guards against judging an older state over a newer one."""

    account: str
    thread_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a thread is judged by."""

    pending: PendingThread
    thread: Thread
    decisions: tuple[Decision, ...] = ()
    orders: tuple[ModerationEntry, ...] = ()  # what was done to its items by our own hand
    kept: tuple[Verdict, ...] = ()  # of items whose texts are gone: they are not judged anew


class ItemStore(Protocol):
    """Items, the cursors that cover them, and the mark that a thread must be judged."""

    def save_fetch(self, result: FetchResult, *, at: datetime) -> Saved:
        """Store items and cursors in one transaction (upsert on account and external id).

        An item already there keeps its `first_seen_at`; an item equal to the stored one changes nothing. Each thread
        with a new or changed item is marked for judging in the same transaction. A stored item never loses a known
        author, or goes from DELETED back, by anything but a newly fetched answer that says so.
        """
        ...

    def cursors(self, accounts: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the cursors of each of the accounts (an empty mapping for one never fetched)."""
        ...

    def items(self, *, account: str | None = None, since: datetime | None = None) -> list[Item]:
        """Return stored items by `published_at`, then key."""
        ...

    def pending_threads(self, *, limit: int = 500) -> list[PendingThread]:
        """Return threads that wait to be judged."""
        ...

    def thread(self, account: str, thread_id: str) -> Thread:
        """Return all stored items of a thread, oldest first."""
        ...

    def mark_all_pending(self) -> None:
        """Mark every thread for judging (after a change of rules, calendar or register)."""
        ...

    def set_visibility(self, rechecks: Sequence[Recheck], *, at: datetime) -> int:
        """Write down what rechecks found, mark the threads; returns how many items changed."""
        ...

    def last_own_post_at(self) -> dict[str, datetime]:
        """Return, per account, when its newest own post (kind POST, by_account) was published."""
        ...

    def own_posts_at(self, *, since: datetime) -> dict[str, list[datetime]]:
        """Return, per account that has any, when its own posts were published from `since` on, oldest first."""
        ...


class QuestionStore(Protocol):
    """Verdicts, and people's decisions."""

    def cases(self, pending: Sequence[PendingThread]) -> list[Case]:
        """Return what these threads are judged by: their items and the decisions on them, oldest first. One read."""
        ...

    def save_judgements(self, judgements: Sequence[tuple[PendingThread, Sequence[Verdict]]], *, at: datetime) -> int:
        """Store the verdicts of these threads and clear their marks, in one transaction.

        The verdicts replace the thread's earlier ones, and each change of how an item stands is written down as a
        step (`rules.steps`) that was noticed `at`. A thread that moved on since its revision was read keeps its
        mark and its old verdicts; returns how many did not.
        """
        ...

    def questions(
        self,
        *,
        accounts: Iterable[str] | None = None,
        states: Iterable[QuestionState] | None = None,
        needs_removal: bool | None = None,
        to_finish: bool = False,
        published_since: datetime | None = None,
    ) -> list[Question]:
        """Return judged items that want an answer or removal, oldest due first, those to be removed without due last.

        `states` selects by stored state, `needs_removal` by `Verdict.needs_removal`, `to_finish` those answered by a
        promise only; given several, an item that fits any is returned. `published_since` (inclusive) narrows the rest.
        """
        ...

    def steps(self, account: str, external_id: str) -> list[Step]:
        """Return the steps of an item's life in the order they were noticed; also of an item that is gone."""
        ...

    def decided(self) -> list[tuple[Decision, Item]]:
        """Return every decision, oldest first, with the item it is about."""
        ...

    def question(self, account: str, external_id: str) -> Question | None:
        """Return one judged item, also one that wants nothing; None when there is none of that id."""
        ...

    def decisions(self, account: str, thread_id: str) -> list[Decision]:
        """Return the decisions on items of a thread, oldest first."""
        ...

    def record_decision(self, decision: Decision) -> None:
        """Store a decision and mark the item's thread. Raises KeyError when there is no such item."""
        ...


class ModerationBook(Protocol):
    """What people had done to items on their platforms."""

    def begin_moderation(self, entry: ModerationEntry) -> ModerationEntry:
        """Write an order down before it is sent; returns it with its number."""
        ...

    def end_moderation(self, entry: ModerationEntry) -> None:
        """Write down `outcome`, `ended_at`, `is_verified`, `detail` and `reply_id` of the order with that id, once.

        Raises:
            KeyError: It was never begun, or ended already.
        """
        ...

    def moderations(self, *, account: str | None = None, external_id: str | None = None) -> list[ModerationEntry]:
        """Return orders, oldest first."""
        ...


class WatchLog(Protocol):
    """What was fetched, told and seen, per account and window."""

    def book_attempt(self, attempt: FetchAttempt) -> WatchEntry:
        """Write an attempt down; the entry keeps the best coverage of its window."""
        ...

    def book_missed(self, entries: Sequence[WatchEntry]) -> int:
        """Insert entries for windows that closed unfetched, where there is none yet; returns how many were new."""
        ...

    def book_postponed(self, held: Held, window: Window) -> None:
        """Write down that a budget holds the account's first attempt back; no attempt, and none is counted.

        The entry gets reason QUOTA, the detail, cause and `retry_at`, until an attempt says more. One that had an
        attempt stays as it is.
        """
        ...

    def book_told(self, account: str, window: Window, *, persons: Sequence[str], at: datetime) -> None:
        """A digest covering this account went to these persons in this window."""
        ...

    def book_seen(self, account: str, window: Window, *, person: str, at: datetime) -> None:
        """A person acknowledged the account's state in this window."""
        ...

    def entries(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[WatchEntry]:
        """Return entries by window, then account; dates are local and inclusive."""
        ...

    def watched_since(self) -> dict[str, datetime]:
        """Return, per account, when it first came under watch (booked by `begin_watch`)."""
        ...

    def begin_watch(self, accounts: Iterable[str], *, at: datetime) -> None:
        """Book that these accounts are under watch from `at`; those already under watch keep their time."""
        ...


class Outbox(Protocol):
    """Mails that wait, keyed so that none is queued twice; what became of each; and whose mail does not arrive."""

    def queue(self, mail: OutgoingMail, *, at: datetime, told: Sequence[Told] = ()) -> bool:
        """Queue a mail and, in the same transaction, what it tells; False when its key was queued before.

        `told` counts from the moment the mail is sent, and then replaces everything older when its kind is DIGEST.
        """
        ...

    def is_queued(self, key: DeliveryKey) -> bool:
        """Whether a mail with that key was ever queued."""
        ...

    def claim(self, *, now: datetime, lease: timedelta, limit: int = 20) -> list[Delivery]:
        """Take mails that are due (queued, next attempt reached, no live claim) by conditional update, oldest first.

        Reports (WEEKLY, MONTHLY) leave in order: one waits for an older one of its kind to the same person, if that
        was queued less than `rules.delivery.ORDER_KEPT` before `now`.
        """
        ...

    def book_sent(self, delivery_id: int, *, at: datetime) -> None:
        """The server took it."""
        ...

    def book_failed(self, delivery_id: int, *, at: datetime, error: str, next_attempt_at: datetime | None) -> None:
        """It was not taken; None means for good (bounced)."""
        ...

    def deliveries(self, *, since: datetime | None = None) -> list[Delivery]:
        """Return the mails queued at or after `since` (None: all), oldest first."""
        ...

    def told(self, person: str) -> list[Told]:
        """Return what the person was told: by the last digest that was sent, and by mails sent after it was queued."""
        ...

    def waiting(self) -> list[Waiting]:
        """Return the queued mails, and those of the same kind to the same person that were queued later and sent.

        Without bodies, oldest first.
        """
        ...

    def supersede(self, delivery_id: int, *, reason: str) -> bool:
        """Book that a queued mail is not to be sent any more; False when it is not queued.

        A mail under a live claim may be superseded: whoever sends it now books it as sent afterwards.
        """
        ...

    def readdress(self, delivery_id: int, address: str) -> bool:
        """Send a queued mail to that address instead, at once; False when it is not queued."""
        ...

    def sent_mail(self, message_id: str) -> Waiting | None:
        """Return the mail of ours with that Message-ID (without brackets) which a server took, or None."""
        ...

    def book_returned(self, delivery_id: int, *, error: str) -> None:
        """A server took it, and it came back for good: SENT becomes BOUNCED; any other state stays."""
        ...

    def sent_digests(self, *, since: datetime) -> list[tuple[DeliveryKey, datetime]]:
        """Return the digests sent (and not returned) at or after that, with the time, oldest first."""
        ...

    def last_sent_at(self, person: str, *, address: str, by: datetime) -> datetime | None:
        """Return when the newest mail to the person at that address was sent (and not returned), at or before `by`."""
        ...

    def forget_bodies(self, *, before: datetime) -> int:
        """Forget the messages of mails queued before that and not waiting any more; keys and facts stay. How many."""
        ...

    def mail_troubles(self) -> list[MailTrouble]:
        """Return whose mail does not arrive, by person."""
        ...

    def book_mail_trouble(self, trouble: MailTrouble) -> None:
        """Book that a person's mail does not arrive, in place of what was booked for the person before.

        With the same address `since` stays the earliest.
        """
        ...

    def clear_mail_trouble(self, person: str) -> bool:
        """Book that the person's mail arrives; False when there was no trouble."""
        ...


class AlertStore(Protocol):
    """Open and past alerts."""

    def open_alert(self, alert: Alert) -> Alert | None:
        """Store a new alert; None when one with its (kind, cause) is open already."""
        ...

    def update_alert(self, alert: Alert) -> None:
        """Write back everything but `kind` and `cause` of the alert with that id; KeyError when there is none."""
        ...

    def alerts(self, *, only_open: bool = False) -> list[Alert]:
        """Return alerts, oldest first."""
        ...

    def book_alert_tellings(self, tellings: Sequence[AlertTelling]) -> None:
        """Keep who was told, in place of what was kept of the same alert and person."""
        ...

    def alert_tellings(self, *, since: datetime) -> list[AlertTelling]:
        """Return the tellings that wait for their end, and those told at or after `since`; by alert, then person."""
        ...

    def begin_silence(self, silence: Silence) -> Silence:
        """Keep a silence; returns it with its number."""
        ...

    def end_silence(self, number: int, *, at: datetime) -> None:
        """Let a silence end at `at`, unless it ended before. Raises KeyError when there is none with that number."""
        ...

    def silences(self) -> list[Silence]:
        """Return every silence, also those that ended, oldest first."""
        ...


class CredentialRecords(Protocol):
    """Sealed credentials, and what the platforms last said of them."""

    def credential_record(self, name: str) -> CredentialRecord | None:
        """Return a stored credential, still sealed."""
        ...

    def credential_records(self) -> list[CredentialRecord]:
        """Return every stored credential by name."""
        ...

    def put_credential(self, record: CredentialRecord) -> bool:
        """Keep a record if the stored one has the revision just before its own (0: there is none); else False.

        Durable when it returns: it survives a power cut, not only a killed process.
        """
        ...

    def remove_credential(self, name: str) -> bool:
        """Forget a credential; False when there was none."""
        ...

    def save_credential_check(self, check: CredentialCheck) -> None:
        """Keep what was found of an account's credential, in place of what was found before."""
        ...

    def credential_checks(self) -> dict[str, CredentialCheck]:
        """Return the last check of every account, by account key."""
        ...

    def credential_turn(self, name: str) -> AbstractContextManager[None]:
        """Wait for, and hold, the right to change that credential, among all threads and processes. Not re-entrant.

        A holder that is killed gives it back.
        """
        ...


class LinkBook(Protocol):
    """The signed links that were used, by a fingerprint from which no link can be made."""

    def use_link(self, link: str, *, at: datetime, forget_before: datetime) -> datetime | None:
        """Take a link's one use; returns when it was taken before, None when it was free.

        Of several that ask at the same time one gets it. Uses older than `forget_before` are deleted.
        """
        ...

    def link_used_at(self, link: str) -> datetime | None:
        """Return when a link was used, None when it was not."""
        ...


class StateStore(Protocol):
    """Small facts that survive a restart, by name (``last_pass_at`` …)."""

    def get_state(self, name: str) -> str | None:
        """Return a fact, or None."""
        ...

    def set_state(self, name: str, value: str) -> None:
        """Keep a fact."""
        ...


class QuotaStore(Protocol):
    """What the platforms said of their limits, and what was used of them."""

    def book_usage(self, readings: Sequence[UsageReading], spending: Sequence[Spending]) -> None:
        """Keep each limit's newest reading (by `read_at`), and add what was spent to what was, in one transaction."""
        ...

    def usage(self) -> list[UsageReading]:
        """Return every limit's newest reading, by platform, holder and name."""
        ...

    def spending(self, *, from_on: date) -> list[Spending]:
        """Return what was spent on that day and later, by day, platform, account and measure."""
        ...

    def forget_usage(self, *, before: date) -> None:
        """Delete what was spent, and limits last heard of, before that day."""
        ...


class Together(Protocol):
    """Several writes as one."""

    def together(self) -> AbstractContextManager[None]:
        """Make everything that this thread writes in the block one transaction: all of it is kept, or nothing.

        No platform and no mail server is spoken to inside: it holds the database's lock.
        """
        ...


class Store(
    RegisterStore,
    ItemStore,
    QuestionStore,
    ModerationBook,
    WatchLog,
    Outbox,
    AlertStore,
    CredentialRecords,
    LinkBook,
    StateStore,
    QuotaStore,
    Together,
    Protocol,
):
    """All of it, as `storage` and the in-memory twin in `testing` give it."""

    def close(self) -> None:
        """Give back connections and files."""
        ...


# ---- judging and telling ---------------------------------------------------------------------------------------


class Classifier(Protocol):
    """Text in, triage out; pure."""

    def __call__(self, text: str) -> Triage:
        """Judge one text."""
        ...


class Links(Protocol):
    """Signed addresses of pages on which one person says a word, without logging in; see ``docs/web.md``.

    Deterministic: the same arguments give the same address, so that a mail stays a pure function of its data. `at`
    (aware UTC) starts the time for which the link is good.
    """

    def word(self, person: str, account: str, external_id: str, kind: DecisionKind, *, at: datetime) -> str:
        """Return the address of the page on which the person says that word of the item."""
        ...

    def seen_all(self, person: str, window: Window, *, at: datetime) -> str:
        """Return the address of the page on which the person acknowledges all their accounts of that window."""
        ...

    def item(self, person: str, account: str, external_id: str, *, at: datetime) -> str:
        """Return the address of the item's page, which has every word."""
        ...


class Renderer(Protocol):
    """Turns what is to be said into a whole message."""

    def digest(self, digest: Digest, key: DeliveryKey) -> OutgoingMail:
        """Render an owner's digest."""
        ...

    def weekly(self, report: WeeklyReport, key: DeliveryKey) -> OutgoingMail:
        """Render a manager's weekly report."""
        ...

    def monthly(self, overview: MonthlyOverview, key: DeliveryKey) -> OutgoingMail:
        """Render the communications unit's monthly overview."""
        ...

    def alert(self, notice: AlertNotice, key: DeliveryKey) -> OutgoingMail:
        """Render an alert mail."""
        ...


class ReturnBox(Protocol):
    """The mailbox that mails come back to."""

    def unread(self) -> Iterator[ReturnedMail]:
        """Yield what nobody has read yet, oldest first.

        Raises:
            MailboxError: It does not answer.
        """
        ...

    def settle(self, mail: ReturnedMail) -> None:
        """Mark a mail as read: it is not given again. Raises MailboxError."""
        ...

    def close(self) -> None:
        """End the connection, if there is one."""
        ...


class Mailer(Protocol):
    """Hands one message to a mail server."""

    def send(self, mail: OutgoingMail) -> None:
        """Send it.

        Raises:
            DeliveryError: Not taken; `permanent` when the server refused this mail for good (SMTP 5xx).
        """
        ...

    def close(self) -> None:
        """End the connection, if there is one."""
        ...
