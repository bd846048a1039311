"""The communications unit's monthly overview as data: every account held against the guideline."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from watchdaemon.domain.account import Account, Person
from watchdaemon.domain.digest import Staleness
from watchdaemon.errors import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How questions were met in a period.

    `median_minutes` are minutes of office time from question to first answer, over the answers given in the period;
    None when there was none.
    """

    due: int = 0  # questions whose due time came in the period
    in_time: int = 0  # of those, answered or forwarded by then: by the end of the next working day
    late: int = 0  # of those, answered or forwarded after it; the rest waits still
    given: int = 0  # answers in the period, whenever they were due
    median_minutes: int | None = None

    @property
    def percent_in_time(self) -> int | None:
        """The share answered in time, rounded down so that only all is 100; None when nothing was due."""
        return None if not self.due else self.in_time * 100 // self.due


class Breach(StrEnum):
    """What about an account does not follow the guideline, the worst first."""

    OVERDUE = "overdue"  # questions that nobody has answered in time
    CREDENTIAL = "credential"  # our access is dead, or ends soon
    NOT_WATCHED = "not_watched"  # windows of the month not fully watched
    NOT_APPROVED = "not_approved"  # applied for, not approved
    TO_CLOSE = "to_close"  # inactive so long that it shall be closed
    TOO_FEW_OWNERS = "too_few_owners"
    ANSWERED_LATE = "answered_late"
    STALE = "stale"
    NO_PURPOSE = "no_purpose"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """One account's month."""

    account: Account
    unit: str  # its name
    manager: Person | None
    owners: tuple[Person, ...]
    windows_owed: int
    windows_watched: int
    windows_partly: int
    answers: Answers
    open_questions: int
    overdue_questions: int
    own_posts: int
    staleness: Staleness
    breaches: tuple[Breach, ...]  # the worst first; () when the account follows the guideline
    credential_reason: Reason | None = None  # CREDENTIAL: why the access is dead
    credential_ends_at: datetime | None = None  # CREDENTIAL: when it ends

    @property
    def percent_watched(self) -> int | None:
        """The share of windows fully watched, rounded down; None when none was owed."""
        return None if not self.windows_owed else self.windows_watched * 100 // self.windows_owed


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyOverview:
    """Every account that is not closed, over [from_on, to_on], local dates, both inclusive; rows worst first."""

    recipient: Person
    from_on: date
    to_on: date
    now: datetime
    rows: tuple[OverviewRow, ...]
    answers: Answers  # of all accounts together: a median is no sum

    @property
    def in_breach(self) -> tuple[OverviewRow, ...]:
        """The accounts that do not follow the guideline."""
        return tuple(row for row in self.rows if row.breaches)
