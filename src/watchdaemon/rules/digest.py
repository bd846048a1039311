"""One mail, worth opening: what goes into an owner's digest, and whether there is one at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from watchdaemon.domain.account import Account, Person
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.delivery import Told
from watchdaemon.domain.digest import AccountWatch, Digest, DigestEntry, Section
from watchdaemon.domain.item import Visibility
from watchdaemon.domain.question import Grade, Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, WatchState, Window
from watchdaemon.rules.workdays import WorkCalendar

_SECTION_ORDER: Final = {section: place for place, section in enumerate(Section)}

_WATCH_ORDER: Final = {
    WatchState.NOT_WATCHED: 0,
    WatchState.PARTLY: 1,
    WatchState.PENDING: 2,
    WatchState.WATCHED: 3,
}

_OUT_OF_SIGHT: Final = frozenset({Visibility.HIDDEN, Visibility.DELETED})


def build_digest(  # noqa: PLR0917 - who, when, and the facts, always in this order
    person: Person,
    window: Window,
    now: datetime,
    accounts: Sequence[Account],
    questions: Sequence[Question],
    told: Sequence[Told],
    watch: Sequence[AccountWatch],
    calendar: WorkCalendar,
) -> tuple[Digest | None, list[Told], str]:
    """Build a person's digest for a window, or say why there is none.

    There is one when something changed for the person: an item that they were not told of in its present section.
    What only went away (answered, removed) is no reason for a mail. What stays overdue is told again in the first
    window of each day, so that it is not forgotten; `is_news` is false for it. An account that only a person can watch
    asks for that look in every window, until somebody has confirmed it.

    Args:
        person: The reader.
        window: The window the digest belongs to.
        now: Aware UTC.
        accounts: The accounts the person reads; questions of others are left out.
        questions: What waits: open questions, promises to be kept, and items that need removal.
        told: What the person's last digest told.
        watch: How the watching of those accounts stands.
        calendar: The organisation's.

    Returns:
        The digest or None; the whole present state as `Told`, to be kept once the digest is queued; the reason.
    """
    by_key = {a.key: a for a in accounts}
    known = {(t.account, t.external_id, t.section) for t in told}
    entries = []
    for question in questions:
        section = section_of(question, now, calendar)
        if section is not None and question.item.account in by_key:
            entries.append(_entry(section, question, by_key[question.item.account], known))
    entries.sort(key=_place)
    present = [_told(person, entry) for entry in entries]
    looks = sum(w.waits_for_person for w in watch)
    reason = _why(entries, now, is_first_window=window.index == 1) or _why_look(looks)
    if reason is None:
        waiting = "nothing waits" if not entries else f"{len(entries)} items wait, all told before"
        return None, present, waiting
    digest = Digest(
        recipient=person,
        window=window,
        now=now,
        entries=tuple(entries),
        watched=tuple(sorted(watch, key=lambda w: (_WATCH_ORDER[w.state], w.account.name.casefold(), w.account.key))),
    )
    return digest, present, reason


def section_of(question: Question, now: datetime, calendar: WorkCalendar) -> Section | None:
    """Return the section an item belongs to, or None when nothing waits for anybody.

    What must be looked at for removal is there and nowhere else, also when it asks something: the answer follows the
    removal. What is only perhaps a question never stands among the sure ones, however long it has waited; a person's
    word makes it one.
    """
    verdict = question.verdict
    if verdict.needs_removal and not _is_settled(question):
        return Section.REMOVE
    if verdict.state is QuestionState.ANSWERED and verdict.is_holding:
        return Section.TO_FINISH
    if verdict.state is not QuestionState.OPEN or verdict.due_at is None:
        return None
    if verdict.triage.grade is Grade.MAYBE and not (verdict.moved_by or "").startswith("person:"):
        return Section.MAYBE
    if verdict.due_at <= now:
        return Section.OVERDUE
    return Section.DUE_TODAY if calendar.local_date(verdict.due_at) == calendar.local_date(now) else Section.NEW


def digest_owed(
    person: Person,
    window: Window,
    now: datetime,
    entries: Sequence[WatchEntry | None],
    policy: WatchPolicy,
) -> tuple[bool, str]:
    """Tell whether the person's digest of this window should be made now, and why (not).

    It waits until each of their accounts had its first attempt, but not longer than `digest_after` into the window:
    what the others brought must not wait for a platform that does not answer. After the window closed it is not owed
    any more: the next window's says what waits.

    Args:
        person: The reader.
        window: The window.
        now: Aware UTC.
        entries: One for each account the person reads, of this window; None for one without an entry.
        policy: Its `digest_after`.
    """
    if now < window.opens_at:
        return False, "the window is not open yet"
    if now >= window.closes_at:
        return False, "the window is closed"
    if not entries:
        return False, f"{person.key} reads no account"
    waiting = sum(1 for e in entries if e is None or not e.attempts)
    if not waiting:
        return True, "every account was tried in this window"
    if now >= window.opens_at + policy.digest_after:
        return True, f"{waiting} accounts were not tried yet, but the rest waited long enough"
    return False, f"{waiting} accounts were not tried yet"


def _is_settled(question: Question) -> bool:
    """Tell whether nobody has to think of removing the item any more.

    A person's word that it needs no reply says that it may stay, except for a secret: that must go, unless a person
    says of this very thing that it may stay.
    """
    verdict = question.verdict
    if verdict.state in {QuestionState.REMOVED, QuestionState.GONE} or question.item.visibility in _OUT_OF_SIGHT:
        return True
    return verdict.state is QuestionState.DISMISSED and not verdict.triage.is_secret and not verdict.removal_word


def _entry(section: Section, question: Question, account: Account, known: set[tuple[str, str, str]]) -> DigestEntry:
    item = question.item
    return DigestEntry(
        section=section,
        question=question,
        account=account,
        shown_text=None if question.verdict.triage.is_secret else item.text,
        is_news=(item.account, item.external_id, section.value) not in known,
    )


def _place(entry: DigestEntry) -> tuple[int, datetime, datetime, tuple[str, str]]:
    question = entry.question
    first_seen = question.first_seen_at
    due_at = question.verdict.finish_due_at if entry.section is Section.TO_FINISH else question.verdict.due_at
    by = first_seen if entry.section is Section.REMOVE else due_at or first_seen
    return _SECTION_ORDER[entry.section], by, question.item.published_at, question.item.key


def _told(person: Person, entry: DigestEntry) -> Told:
    account, external_id = entry.question.item.key
    return Told(person=person.key, account=account, external_id=external_id, section=entry.section.value)


def _why_look(accounts: int) -> str | None:
    return f"accounts to be looked at by a person: {accounts}" if accounts else None


def _why(entries: Sequence[DigestEntry], now: datetime, *, is_first_window: bool) -> str | None:
    news = sum(e.is_news for e in entries)
    if news:
        return f"{news} of {len(entries)} items are news"
    overdue = sum(e.section is Section.OVERDUE or e.question.is_finish_overdue(now) for e in entries)
    if overdue and is_first_window:
        return f"{overdue} items are still overdue: told again each morning"
    return None
