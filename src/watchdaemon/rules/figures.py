"""What reports count alike: windows owed, owners, and how fast questions were answered."""

from collections.abc import Sequence
from datetime import date, datetime
from statistics import median_low
from typing import Final

from watchdaemon.domain.account import Account, OwnerRole, Person, Register
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.overview import Answers
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import Reason
from watchdaemon.rules.workdays import WorkCalendar

LEAST_OWNERS: Final = 2
"""An account must have more than one responsible person (guideline, "Kontoansvariga")."""

_MET: Final = frozenset({QuestionState.ANSWERED, QuestionState.FORWARDED})


def owed_windows(
    account: Account, windows: Sequence[Window], entries: Sequence[WatchEntry], since: datetime | None
) -> list[WatchEntry]:
    """Return an entry for each window the account was owed, a made-up one where the watch log has none.

    A window that was open already when the account came under watch (`since`) counts when it was fetched all the same.
    """
    known = {e.window.key: e for e in entries if e.account == account.key}
    owed = []
    for window in windows:
        entry = known.get(window.key)
        if entry is not None and entry.attempts:
            owed.append(entry)
        elif since is not None and since <= window.opens_at:
            gap = WatchEntry(account=account.key, window=window, coverage=Coverage.FAILED, reason=Reason.NOT_FETCHED)
            owed.append(entry if entry is not None and entry.coverage is not None else gap)
    return owed


def owners_on(account: Account, register: Register, on: date) -> tuple[Person, ...]:
    """Return who answers for the account on that local date: its owners, not their substitutes."""
    keys = [o.person for o in account.owners if o.role is OwnerRole.OWNER and o.is_valid(on)]
    return tuple(register.persons[key] for key in dict.fromkeys(keys) if key in register.persons)


def is_answered_within(question: Question, from_on: date, to_on: date, calendar: WorkCalendar) -> bool:
    """Tell whether the first answer (or the forwarding) came on one of those local dates, both inclusive."""
    verdict = question.verdict
    if verdict.state not in _MET or verdict.answered_at is None or verdict.due_at is None:
        return False
    return from_on <= calendar.local_date(verdict.answered_at) <= to_on


def is_in_time(question: Question) -> bool:
    """Tell whether it was answered or forwarded not after its due time."""
    verdict = question.verdict
    if verdict.state not in _MET or verdict.answered_at is None or verdict.due_at is None:
        return False
    return verdict.answered_at <= verdict.due_at


def answers_within(
    questions: Sequence[Question], from_on: date, to_on: date, now: datetime, calendar: WorkCalendar
) -> Answers:
    """Reckon how questions were met from `from_on` to `to_on`, local dates, both inclusive.

    Due are the questions whose due time lies in the period and is reached at `now`, answered or not; a question that
    its author deleted, that was dismissed or removed owes no answer and is left out. The median is the lower one of
    two in the middle: a figure that some answer really had.
    """
    given = [q for q in questions if is_answered_within(q, from_on, to_on, calendar)]
    due = [q for q in questions if _fell_due(q, from_on, to_on, now, calendar)]
    minutes = sorted(minutes_to_answer(q, calendar) for q in given)
    return Answers(
        due=len(due),
        in_time=sum(is_in_time(q) for q in due),
        late=sum(q.verdict.state in _MET and not is_in_time(q) for q in due),
        given=len(given),
        median_minutes=median_low(minutes) if minutes else None,
    )


def minutes_to_answer(question: Question, calendar: WorkCalendar) -> int:
    """Return the whole minutes of office time between an answered question and its first answer.

    The verdict's own measure holds: it is the first answer's, also when a later one counts as the answer now.
    """
    if question.verdict.response_minutes is not None:
        return question.verdict.response_minutes
    answered_at = question.verdict.answered_at or question.item.published_at
    return int(calendar.working_time_between(question.item.published_at, answered_at).total_seconds() // 60)


def _fell_due(question: Question, from_on: date, to_on: date, now: datetime, calendar: WorkCalendar) -> bool:
    verdict = question.verdict
    if verdict.due_at is None or verdict.due_at > now:
        return False
    if verdict.state is not QuestionState.OPEN and verdict.state not in _MET:
        return False
    return from_on <= calendar.local_date(verdict.due_at) <= to_on
