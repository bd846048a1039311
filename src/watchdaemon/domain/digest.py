"""What the mails say, as data: rules fill these in, `mail/` turns them into messages."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from watchdaemon.domain.account import Account, Person
from watchdaemon.domain.question import Question
from watchdaemon.domain.watch import WatchEntry, WatchState, Window
from watchdaemon.errors import Reason


class Section(StrEnum):
    """A digest's sections, in the order they are shown: worst first.

    Sure questions come before all else, by when they are due; then the promises to be kept. What has to be removed
    comes after them (the grave cases were told by an alert already), and before what is perhaps no question at all.
    """

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    NEW = "new"  # waits, due later
    TO_FINISH = "to_finish"  # a holding reply was given: the answer is still to come
    REMOVE = "remove"  # inappropriate or secret: must be looked at for removal
    MAYBE = "maybe"  # perhaps a question


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """One item in a digest. Secret items come without text (promise 8): `shown_text` is None then."""

    section: Section
    question: Question
    account: Account
    shown_text: str | None
    is_news: bool  # the reader was not told of it in this section before


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWatch:
    """How one account's watching stands, for the foot of a digest or a report."""

    account: Account
    state: WatchState
    reason: Reason | None = None
    detail: str = ""
    readers: tuple[Person, ...] = ()  # everybody who gets this account's digest that day, the recipient included

    @property
    def waits_for_person(self) -> bool:
        """Whether somebody must look at the account, and there is time to do it."""
        return self.reason is Reason.NOT_CONFIRMED and self.state is WatchState.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What waits for one owner in one window. Entries are sorted as they are shown: worst first."""

    recipient: Person
    window: Window
    now: datetime
    entries: tuple[DigestEntry, ...]
    watched: tuple[AccountWatch, ...]  # the recipient's accounts, those not watched first

    def section(self, section: Section) -> tuple[DigestEntry, ...]:
        """Return the entries of one section."""
        return tuple(e for e in self.entries if e.section is section)

    @property
    def to_look_at(self) -> tuple[AccountWatch, ...]:
        """The accounts that only a person can watch, and that nobody has looked at yet in this window."""
        return tuple(w for w in self.watched if w.waits_for_person)


class Activity(StrEnum):
    """How alive an account is by its own posts."""

    ACTIVE = "active"
    WARN = "warn"  # no own post for warn_days
    CLOSE = "close"  # no own post for close_days: closing is recommended
    RESTING = "resting"  # exempt until a date
    UNKNOWN = "unknown"  # no own post seen yet and watched for less than warn_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """An account's activity with what it rests on. `days` counts whole local days since the last own post."""

    activity: Activity
    days: int | None
    last_activity_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyRow:
    """One account in a manager's weekly report."""

    account: Account
    staleness: Staleness
    windows_owed: int
    windows_watched: int
    windows_partly: int
    open_questions: int
    overdue_questions: int
    answered_in_time: int
    answered_late: int
    owners: tuple[Person, ...]
    too_few_owners: bool
    windows_by_person: int = 0  # of those watched, the ones that a person looked after because no machine can
    missed: tuple[WatchEntry, ...] = ()  # the windows not watched or partly, with their reasons
    median_minutes: int | None = None  # of office time to the first answer, over the week's answers
    own_posts: int = 0  # in the week


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """One ISO week of a manager's accounts together, for the chart."""

    from_on: date  # its Monday
    asked: int  # questions published
    answered: int  # first answers given
    median_minutes: int | None  # of office time to the first answer; None without answers
    own_posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyReport:
    """A manager's accounts over [from_on, to_on], local dates, both inclusive; rows worst first."""

    recipient: Person
    from_on: date
    to_on: date
    now: datetime
    rows: tuple[WeeklyRow, ...]
    history: tuple[WeekFigures, ...] = ()  # the weeks up to the one reported on, the oldest first
