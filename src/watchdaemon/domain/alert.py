"""Alerts: what a person must know of and act on, open until it is over, and the mail that says so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchdaemon.domain.account import Account, Person
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
    reason: Reason
    detail: str
    opened_at: datetime
    closed_at: datetime | None = None
    told_at: datetime | None = None  # the last time somebody was told
    ends_at: datetime | None = None  # CREDENTIAL_EXPIRING: when
    id: int | None = None  # the store's


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """The alerts one person is told of in one mail: newly opened ones and those that are over."""

    recipient: Person
    now: datetime
    opened: tuple[Alert, ...]
    closed: tuple[Alert, ...]
    accounts: tuple[Account, ...]  # every account named in the alerts
