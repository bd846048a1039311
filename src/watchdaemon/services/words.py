"""A person's word: what a signed link lets somebody see and say, once, without logging in.

Looking changes nothing. Saying is one transaction: the link's one use and the word are kept together, or neither.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import structlog

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.question import Decision, DecisionKind, Question, Step
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import WatchdaemonError
from watchdaemon.ports import (
    Clock,
    ItemStore,
    LinkBook,
    QuestionStore,
    RegisterStore,
    Together,
    WatchLog,
)
from watchdaemon.rules.schedule import windows_on
from watchdaemon.rules.word import standing
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.by_hand import confirm
from watchdaemon.services.links import LinkRefusedError, Page, Purpose, Refusal, SignedLinks, Ticket, window_of

log = structlog.get_logger(__name__)

LONGEST_NOTE = 500
"""Characters; a note says to whom or why, it is no letter."""

NEEDS_NOTE = frozenset({DecisionKind.FORWARDED})
"""The words that say nothing without a note: forwarded to whom?"""


class WordStore(RegisterStore, ItemStore, QuestionStore, WatchLog, LinkBook, Together, Protocol):
    """What is needed of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLook:
    """What somebody sees of an item before and after a word. `kind` is None on the page that has every word."""

    ticket: Ticket
    person: Person
    account: Account
    question: Question
    kind: DecisionKind | None
    decisions: tuple[Decision, ...]  # on this item, oldest first
    steps: tuple[Step, ...]  # of its life, oldest first
    names: dict[str, str]  # of those who said them, by key
    used_at: datetime | None  # when this very link said its word
    now: datetime

    @property
    def standing(self) -> Decision | None:
        """The word that would be taken back."""
        return standing(self.decisions)

    @property
    def about(self) -> str:
        """Names what the page showed, so that nobody speaks of a text, an answer or a word that came after it.

        Keyed, as the text may be a secret that a bare digest would let somebody guess.
        """
        verdict, standing = self.question.verdict, self.standing
        word = f"{standing.kind}@{standing.at.isoformat()}" if standing else ""
        return self.ticket.mark(word, verdict.state or "", verdict.answered_by or "", self.question.item.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLook:
    """What somebody sees of a window before and after "seen all"."""

    ticket: Ticket
    person: Person
    window: Window
    accounts: tuple[tuple[Account, WatchEntry | None], ...]
    used_at: datetime | None
    now: datetime

    @property
    def is_closed(self) -> bool:
        """Whether it is too late to watch the window: an acknowledgement all the same."""
        return self.now >= self.window.closes_at


Look = ItemLook | WindowLook


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of a word. `is_new` is False when the link had said it before, and nothing was changed."""

    look: Look
    is_new: bool


class NoteMissingError(WatchdaemonError):
    """The word says nothing without a note."""


class WordChangedError(WatchdaemonError):
    """What was to be taken back is not the word that stands now."""


class WordService:
    """Looks and says, by link. Safe from any thread."""

    def __init__(
        self,
        *,
        store: WordStore,
        links: SignedLinks,
        judge: Callable[[Register], object],
        calendar: WorkCalendar,
        watch: WatchPolicy,
        clock: Clock,
        also: Iterable[str] = (),
    ) -> None:
        """Join the parts; `judge` lets a word show at once, `also` are persons who may speak for every account."""
        self._store = store
        self._links = links
        self._judge = judge
        self._calendar = calendar
        self._watch = watch
        self._clock = clock
        self._also = frozenset(also)

    def look(self, token: str) -> Look:
        """Return what the link's page shows. Changes nothing.

        Raises:
            LinkRefusedError: It is not believed.
            StorageError: The database does not answer.
        """
        return self._look(token, self._store.load_register(), self._clock())

    def say(self, token: str, *, note: str = "", about: str | None = None) -> Said:
        """Let the link say its word, if it has not.

        Args:
            token: The link's.
            note: To whom, or why.
            about: What the page showed (`ItemLook.about`); None: however it stands. Seen is seen all the same.

        Raises:
            LinkRefusedError: It is not believed, or is no word's (FORGED).
            NoteMissingError: A note is wanted.
            WordChangedError: The item stands otherwise now than `about` says.
            StorageError: Nothing was kept.
        """
        register, now = self._store.load_register(), self._clock()
        look = self._look(token, register, now)
        note = note.strip()[:LONGEST_NOTE]
        if look.used_at is not None:
            return Said(look=look, is_new=False)
        is_new = self._say_window(look) if isinstance(look, WindowLook) else self._say_item(look, note, about)
        if is_new and isinstance(look, ItemLook):
            # The word is kept already; should judging fail now, the daemon judges at its next pass.
            with contextlib.suppress(WatchdaemonError):
                self._judge(register)
        return Said(look=self._look(token, register, now), is_new=is_new)

    def further(self, ticket: Ticket, purpose: Purpose, *, serial: bytes) -> str:
        """Return the token of another link about the same item; see `SignedLinks.further`."""
        return self._links.further(ticket, purpose, serial=serial)

    def _say_item(self, look: ItemLook, note: str, about: str | None) -> bool:
        kind = look.kind
        if kind is None:
            raise LinkRefusedError(Refusal.FORGED)
        if kind in NEEDS_NOTE and not any(sign.isalnum() for sign in note):
            raise NoteMissingError("to whom?")
        if kind is not DecisionKind.SEEN and about is not None and about != look.about:
            raise WordChangedError("it stands otherwise now")
        item = look.question.item
        decision = Decision(
            account=item.account, external_id=item.external_id, kind=kind, by=look.person.key, at=look.now, note=note
        )
        try:
            with self._store.together():
                if self._use(look) is not None:
                    return False
                self._store.record_decision(decision)
        except KeyError:
            raise LinkRefusedError(Refusal.GONE) from None
        log.info("word_said", account=item.account, kind=kind.value)
        return True

    def _say_window(self, look: WindowLook) -> bool:
        keys = [account.key for account, _ in look.accounts]
        with self._store.together():
            if self._use(look) is not None:
                return False
            confirm(self._store, keys, look.window, person=look.person.key, at=look.now)
        log.info("window_seen", window=look.window.key, accounts=len(keys))
        return True

    def _use(self, look: Look) -> datetime | None:
        forget_before = look.now - self._links.life
        return self._store.use_link(look.ticket.fingerprint, at=look.now, forget_before=forget_before)

    # ---- looking -----------------------------------------------------------------------------------------------

    def _look(self, token: str, register: Register, now: datetime) -> Look:
        ticket = self._links.read(token, now)
        person = next((p for p in register.persons.values() if ticket.is_of_person(p.key)), None)
        if person is None:
            raise LinkRefusedError(Refusal.NOT_YOURS)
        self._links.check_generation(ticket, person.key)
        if ticket.purpose is Page.SEEN_ALL:
            return self._window_look(ticket, person, register, now)
        return self._item_look(ticket, person, register, now)

    def _item_look(self, ticket: Ticket, person: Person, register: Register, now: datetime) -> ItemLook:
        account = next((a for a in register.accounts.values() if ticket.is_of_account(a.key)), None)
        if account is None:
            raise LinkRefusedError(Refusal.GONE)
        if not self._answers_for(person, account, register, self._calendar.local_date(now)):
            raise LinkRefusedError(Refusal.NOT_YOURS)
        question = self._store.question(account.key, ticket.subject)
        if question is None:
            raise LinkRefusedError(Refusal.GONE)
        of_thread = self._store.decisions(account.key, question.item.thread_id)
        decisions = tuple(d for d in of_thread if d.external_id == ticket.subject)
        return ItemLook(
            ticket=ticket,
            person=person,
            account=account,
            question=question,
            kind=ticket.purpose if isinstance(ticket.purpose, DecisionKind) else None,
            decisions=decisions,
            steps=tuple(self._store.steps(account.key, ticket.subject)),
            names=_names(register, decisions),
            used_at=self._store.link_used_at(ticket.fingerprint),
            now=now,
        )

    def _window_look(self, ticket: Ticket, person: Person, register: Register, now: datetime) -> WindowLook:
        on, index = window_of(ticket)
        window = next((w for w in windows_on(on, self._calendar, self._watch) if w.index == index), None)
        if window is None:
            raise LinkRefusedError(Refusal.GONE)  # the windows were laid out anew since
        today = self._calendar.local_date(now)
        accounts = [
            a
            for a in register.watched()
            if person in register.readers(a, on) and self._answers_for(person, a, register, today)
        ]
        if not accounts:
            raise LinkRefusedError(Refusal.NOT_YOURS)
        entries = {e.account: e for e in self._store.entries(from_on=on, to_on=on) if e.window.key == window.key}
        return WindowLook(
            ticket=ticket,
            person=person,
            window=window,
            accounts=tuple((a, entries.get(a.key)) for a in accounts),
            used_at=self._store.link_used_at(ticket.fingerprint),
            now=now,
        )

    def _answers_for(self, person: Person, account: Account, register: Register, on: date) -> bool:
        """Owners and substitutes whose time it is, and managers, of the account or its unit."""
        unit = register.units.get(account.unit)
        owns = any(o.person == person.key and o.is_valid(on) for o in account.owners)
        manages = person.key in {account.manager, unit.manager if unit else None}
        return owns or manages or person.key in self._also


def _names(register: Register, decisions: Sequence[Decision]) -> dict[str, str]:
    return {d.by: register.persons[d.by].name for d in decisions if d.by in register.persons}
