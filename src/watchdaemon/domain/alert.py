"""Alerts: what a person must know of and act on, open until it is over, and the mail that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watchdaemon.domain.account import Account, Person
from watchdaemon.domain.question import Question
from watchdaemon.errors import Reason


class AlertKind(StrEnum):
    """What an alert is about; when each opens and closes, and who is told, stands in ``docs/alerts.md``."""

    NOT_WATCHED = "not_watched"
    PARTLY_WATCHED = "partly_watched"
    CREDENTIAL_EXPIRING = "credential_expiring"  # works today; ends at `ends_at` unless a person acts
    CREDENTIAL_DEAD = "credential_dead"  # found by the daily check, before a window was missed
    QUESTION_OVERDUE = "question_overdue"  # questions of one account waited past their due time
    REMOVAL = "removal"  # an item that must be looked at for removal waits
    SECRET = "secret"  # an item with sensitive data: remove it and register it in the diary  # noqa: S105 - no password
    STALE = "stale"  # no own post for so long that closing is recommended
    TOO_FEW_OWNERS = "too_few_owners"  # nobody, or one person alone, would see what is written
    QUOTA = "quota"  # a platform's budget runs out before its period does
    MAIL_UNDELIVERABLE = "mail_undeliverable"  # mail to a person does not arrive
    DAEMON_LATE = "daemon_late"  # the watching itself stood still


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One cause that a person must know of, open until `closed_at`.

    `cause` makes it one: the same (kind, cause) is never open twice. It is an account's key, or a shared cause's name.
    """

    kind: AlertKind
    cause: str
    accounts: tuple[str, ...]  # the accounts it explains
    reason: Reason | None  # why watching fails; None where it is about something else
    detail: str
    opened_at: datetime
    closed_at: datetime | None = None
    told_at: datetime | None = None  # the last time somebody was told
    ends_at: datetime | None = None  # CREDENTIAL_EXPIRING: when the access ends; QUOTA: when the budget is full again
    items: tuple[str, ...] = ()  # what it is about besides accounts: external ids; TOO_FEW_OWNERS: who is missing
    id: int | None = None  # the store's


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTelling:
    """That a person was told of an alert, of which of its accounts and items, and how often."""

    alert: int  # the alert's id
    person: str
    accounts: tuple[str, ...]  # those told of and not told to be over
    items: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    times: int  # the first telling included, the closing note not
    over_at: datetime | None = None  # when the person was told that it is over, or that became needless


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A person's wish that alerts are not told for a while. It hides neither watch gaps nor secrecy flags."""

    by: str
    reason: str
    begins_at: datetime
    ends_at: datetime  # exclusive
    kind: AlertKind | None = None  # None: every kind that may be silenced
    account: str | None = None  # None: every account
    id: int | None = None  # the store's

    def covers(self, alert: Alert, now: datetime) -> bool:
        """Whether the alert is silenced at `now`: every account it is about must be."""
        if not self.begins_at <= now < self.ends_at or self.kind not in {None, alert.kind}:
            return False
        return self.account is None or alert.accounts == (self.account,)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """How alerts are told. Days are working days, counted in office hours."""

    steps: tuple[float, float, float] = (1.0, 2.0, 4.0)  # other owners, manager, communications unit
    repeats: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)  # after the first telling; then as far apart as the last is long
    overdue_to_manager: float = 0.0  # after a question's due time; its owners have it in their digests
    late_after: timedelta = timedelta(minutes=30)  # of a window's time in which no pass was made
    secret_at_any_hour: bool = False


class Telling(StrEnum):
    """As what an alert stands in a mail."""

    OPENED = "opened"
    MORE = "more"  # accounts or items came under an alert that the person knows
    REMINDER = "reminder"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """The alerts one person is told of in one mail. Each alert holds only what concerns this person, and this time."""

    recipient: Person
    now: datetime
    opened: tuple[Alert, ...]  # newly opened, or with more accounts or items
    closed: tuple[Alert, ...]
    accounts: tuple[Account, ...]  # every account named in the alerts
    reminded: tuple[Alert, ...] = ()  # told before, and still open
    questions: Mapping[tuple[str, str], Question] = field(default_factory=dict)  # of the alerts' items, by item key
    persons: Mapping[str, Person] = field(default_factory=dict)  # named in the alerts: whose mail does not arrive
