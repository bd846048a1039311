"""The tables, as SQLModel classes. Nothing outside `storage/` sees them; `mapping` turns their rows into domain data.

Reasons for what may look odd: `docs/storage.md`.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)
from sqlmodel import Field, SQLModel

from watchdaemon.domain.account import AccountStatus, Audience, OwnerRole
from watchdaemon.domain.alert import AlertKind
from watchdaemon.domain.credential import CredentialState, CredentialVerdict
from watchdaemon.domain.delivery import DeliveryState, MailKind
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.domain.moderation import Action, Outcome
from watchdaemon.domain.question import DecisionKind, Grade, QuestionState
from watchdaemon.domain.quota import Measure, Reach
from watchdaemon.errors import Reason
from watchdaemon.storage._types import Facts, Moment, OneOf, Words

E = TypeVar("E", bound=StrEnum)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Row(SQLModel):
    """The base of our tables: they have their own metadata, apart from anybody else's SQLModel tables."""

    metadata: ClassVar[MetaData] = metadata
    __table__: ClassVar[Table]


def _key() -> Any:
    return Field(sa_column=Column(Words, primary_key=True))


def _words(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Words, nullable=nullable))


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Moment, nullable=nullable))


def _one_of(members: type[E], *, nullable: bool = False) -> Any:
    return Field(sa_column=Column(OneOf(members), nullable=nullable))


def _number(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Integer, nullable=nullable))


def _flag(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Boolean, nullable=nullable))


def _day(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Date, nullable=nullable))


def _facts() -> Any:
    return Field(sa_column=Column(Facts, nullable=False))


def _serial() -> Any:
    # SQLite numbers rows by itself only in a column that is INTEGER to the letter.
    return Field(sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True))


# ---- register --------------------------------------------------------------------------------------------------


class PersonRow(Row, table=True):
    """Somebody who gets mail."""

    __tablename__ = "persons"

    key: str = _key()
    name: str = _words()
    mail: str = _words()
    language: str = _words()
    away_until: date | None = _day(nullable=True)


class UnitRow(Row, table=True):
    """A part of the organisation."""

    __tablename__ = "units"

    key: str = _key()
    name: str = _words()
    manager: str | None = _words(nullable=True)


class AccountRow(Row, table=True):
    """An account. Whether its unit and persons exist is the import's business, which can name every fault."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("platform", "native_id"),)

    key: str = _key()
    platform: str = _words()
    native_id: str = _words()
    name: str = _words()
    link: str = _words()
    unit: str = _words()
    manager: str = _words()
    purpose: str = _words()
    audience: Audience = _one_of(Audience)
    audience_reason: str = _words()
    status: AccountStatus = _one_of(AccountStatus)
    resting_until: date | None = _day(nullable=True)
    approved_by: str | None = _words(nullable=True)
    approved_on: date | None = _day(nullable=True)
    credential: str | None = _words(nullable=True)
    warn_days: int | None = _number(nullable=True)
    close_days: int | None = _number(nullable=True)
    own_ids: list[str] = _facts()
    extra: dict[str, str] = _facts()


class OwnershipRow(Row, table=True):
    """Who answers for an account, in the register's order."""

    __tablename__ = "account_owners"
    __table_args__ = (ForeignKeyConstraint(["account"], ["accounts.key"], ondelete="CASCADE"),)

    account: str = _key()
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    person: str = _words()
    role: OwnerRole = _one_of(OwnerRole)
    from_on: date | None = _day(nullable=True)
    to_on: date | None = _day(nullable=True)


class AuditRow(Row, table=True):
    """One change that was made; rows are only ever added."""

    __tablename__ = "audit"

    id: int = _serial()
    at: datetime = _moment()
    by: str = _words()
    kind: str = _words()
    key: str = _words()
    field: str = _words()
    before: str | None = _words(nullable=True)
    after: str | None = _words(nullable=True)


# ---- items and judgement ---------------------------------------------------------------------------------------


class ItemRow(Row, table=True):
    """An item. No foreign key to accounts: what was fetched stays when an account leaves the register."""

    __tablename__ = "items"

    account: str = _key()
    external_id: str = _key()
    platform: str = _words()
    thread_id: str = _words()
    kind: ItemKind = _one_of(ItemKind)
    published_at: datetime = _moment()
    parent_id: str | None = _words(nullable=True)
    root_id: str | None = _words(nullable=True)
    author: str | None = _words(nullable=True)
    author_id: str | None = _words(nullable=True)
    by_account: bool = _flag()
    is_automatic: bool = _flag()
    text: str = _words()
    url: str | None = _words(nullable=True)
    edited_at: datetime | None = _moment(nullable=True)
    earlier: list[dict[str, object]] = _facts()
    visibility: Visibility = _one_of(Visibility)
    extra: dict[str, str] = _facts()
    first_seen_at: datetime = _moment()
    changed_at: datetime = _moment()

    __table_args__ = (
        Index(None, "account", "thread_id"),
        Index(None, "published_at"),
        Index(
            "ix_items_own_posts",
            "account",
            "published_at",
            sqlite_where=sql("by_account AND kind = 'post'"),
            postgresql_where=sql("by_account AND kind = 'post'"),
        ),
    )


class CursorRow(Row, table=True):
    """How far one stream of one account is stored."""

    __tablename__ = "cursors"

    account: str = _key()
    stream: str = _key()
    value: str = _words()


class ThreadRow(Row, table=True):
    """The mark of a thread: it waits to be judged while `judged` is behind `revision`."""

    __tablename__ = "threads"

    account: str = _key()
    thread_id: str = _key()
    revision: int = _number()
    judged: int = _number()

    __table_args__ = (
        Index(
            "ix_threads_pending",
            "account",
            "thread_id",
            sqlite_where=sql("judged < revision"),
            postgresql_where=sql("judged < revision"),
        ),
    )


class VerdictRow(Row, table=True):
    """What the rules say of an item: can be worked out anew at any time."""

    __tablename__ = "verdicts"

    account: str = _key()
    external_id: str = _key()
    grade: Grade = _one_of(Grade)
    triage_reason: str = _words()
    spans: list[dict[str, object]] = _facts()
    is_secret: bool = _flag()
    is_inappropriate: bool = _flag()
    removal_reason: str = _words()
    state: QuestionState | None = _one_of(QuestionState, nullable=True)
    reason: str = _words()
    due_at: datetime | None = _moment(nullable=True)
    answered_at: datetime | None = _moment(nullable=True)
    answered_by: str | None = _words(nullable=True)
    finish_due_at: datetime | None = _moment(nullable=True)
    response_minutes: int | None = _number(nullable=True)
    unregistered_reply: str | None = _words(nullable=True)
    removal_word: bool | None = _flag(nullable=True)
    since: datetime | None = _moment(nullable=True)
    moved_by: str | None = _words(nullable=True)

    __table_args__ = (
        ForeignKeyConstraint(["account", "external_id"], ["items.account", "items.external_id"], ondelete="CASCADE"),
        Index(None, "account", "state"),
        Index(None, "state"),
    )


class StepRow(Row, table=True):
    """One change in the life of an item; rows are only ever added. No foreign key: the record outlives the item."""

    __tablename__ = "question_steps"

    id: int = _serial()
    account: str = _words()
    external_id: str = _words()
    at: datetime = _moment()
    state: QuestionState | None = _one_of(QuestionState, nullable=True)
    reason: str = _words()
    by: str | None = _words(nullable=True)
    noticed_at: datetime | None = _moment(nullable=True)
    is_holding: bool = _flag()
    needs_removal: bool = _flag()
    response_minutes: int | None = _number(nullable=True)

    __table_args__ = (Index(None, "account", "external_id"),)


class DecisionRow(Row, table=True):
    """A person's word about an item; rows are only ever added, the newest one holds."""

    __tablename__ = "decisions"

    id: int = _serial()
    account: str = _words()
    external_id: str = _words()
    kind: DecisionKind = _one_of(DecisionKind)
    by: str = _words()
    at: datetime = _moment()
    note: str = _words()

    __table_args__ = (
        ForeignKeyConstraint(["account", "external_id"], ["items.account", "items.external_id"], ondelete="CASCADE"),
        Index(None, "account", "external_id"),
    )


class ModerationRow(Row, table=True):
    """What a person had done to an item on its platform. No foreign key: the word outlives the item."""

    __tablename__ = "moderations"

    id: int = _serial()
    account: str = _words()
    external_id: str = _words()
    action: Action = _one_of(Action)
    by: str = _words()
    why: str = _words()
    begun_at: datetime = _moment()
    text: str = _words()
    outcome: Outcome | None = _one_of(Outcome, nullable=True)
    ended_at: datetime | None = _moment(nullable=True)
    is_verified: bool = _flag()
    detail: str = _words()
    reply_id: str | None = _words(nullable=True)

    __table_args__ = (Index(None, "account", "external_id"),)


# ---- watch log -------------------------------------------------------------------------------------------------


class WatchEntryRow(Row, table=True):
    """One account in one window: fetched, told and seen, side by side."""

    __tablename__ = "watch_entries"

    account: str = _key()
    window_on: date = Field(sa_column=Column(Date, primary_key=True))
    window_index: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    opens_at: datetime = _moment()
    closes_at: datetime = _moment()
    coverage: Coverage | None = _one_of(Coverage, nullable=True)
    fetched_at: datetime | None = _moment(nullable=True)
    attempts: int = _number()
    last_attempt_at: datetime | None = _moment(nullable=True)
    items: int = _number()
    new_items: int = _number()
    malformed: int = _number()
    reason: Reason | None = _one_of(Reason, nullable=True)
    detail: str = _words()
    needs_person: bool = _flag()
    retry_at: datetime | None = _moment(nullable=True)
    cause_key: str | None = _words(nullable=True)
    told_at: datetime | None = _moment(nullable=True)
    told_to: list[str] = _facts()
    seen_at: datetime | None = _moment(nullable=True)
    seen_by: str | None = _words(nullable=True)

    __table_args__ = (Index(None, "window_on", "window_index"),)


class AttemptRow(Row, table=True):
    """Every single try to fetch; rows are only ever added."""

    __tablename__ = "watch_attempts"

    id: int = _serial()
    account: str = _words()
    window_on: date = _day()
    window_index: int = _number()
    opens_at: datetime = _moment()
    closes_at: datetime = _moment()
    started_at: datetime = _moment()
    ended_at: datetime = _moment()
    coverage: Coverage = _one_of(Coverage)
    items: int = _number()
    new_items: int = _number()
    malformed: int = _number()
    calls: int = _number()
    reason: Reason | None = _one_of(Reason, nullable=True)
    detail: str = _words()
    needs_person: bool = _flag()
    retry_at: datetime | None = _moment(nullable=True)
    cause_key: str | None = _words(nullable=True)

    __table_args__ = (Index(None, "account", "window_on"),)


class WatchStartRow(Row, table=True):
    """When an account first came under watch."""

    __tablename__ = "watch_starts"

    account: str = _key()
    at: datetime = _moment()


# ---- mails, alerts, facts --------------------------------------------------------------------------------------


class DeliveryRow(Row, table=True):
    """A mail in the outbox; its key keeps it from being queued twice."""

    __tablename__ = "deliveries"

    id: int = _serial()
    kind: MailKind = _one_of(MailKind)
    recipient: str = _words()
    period: str = _words()
    address: str = _words()
    subject: str = _words()
    message: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))  # None: forgotten
    message_id: str = _words()
    covers: list[str] = _facts()
    state: DeliveryState = _one_of(DeliveryState)
    created_at: datetime = _moment()
    attempts: int = _number()
    next_attempt_at: datetime | None = _moment(nullable=True)
    claimed_until: datetime | None = _moment(nullable=True)
    sent_at: datetime | None = _moment(nullable=True)
    last_error: str = _words()

    __table_args__ = (
        UniqueConstraint("kind", "recipient", "period"),
        Index(None, "created_at"),
        Index(None, "message_id"),
        Index(None, "recipient"),
        Index(
            "ix_deliveries_with_body",
            "created_at",
            sqlite_where=sql("message IS NOT NULL"),
            postgresql_where=sql("message IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_queued",
            "id",
            sqlite_where=sql("state = 'queued'"),
            postgresql_where=sql("state = 'queued'"),
        ),
    )


class ToldRow(Row, table=True):
    """What a mail tells of; it counts as told once that mail is sent."""

    __tablename__ = "told"

    person: str = _key()
    delivery: int = Field(sa_column=Column(BigInteger, primary_key=True))
    account: str = _key()
    external_id: str = _key()
    section: str = _key()


class MailTroubleRow(Row, table=True):
    """Mail to a person does not arrive."""

    __tablename__ = "mail_troubles"

    person: str = _key()
    address: str = _words()
    since: datetime = _moment()
    status: str = _words()
    detail: str = _words()
    last_at: datetime | None = _moment(nullable=True)
    is_reported: bool = _flag()


class AlertRow(Row, table=True):
    """An alert; at most one open per kind and cause."""

    __tablename__ = "alerts"

    id: int = _serial()
    kind: AlertKind = _one_of(AlertKind)
    cause: str = _words()
    accounts: list[str] = _facts()
    items: list[str] = _facts()
    reason: Reason | None = _one_of(Reason, nullable=True)
    detail: str = _words()
    opened_at: datetime = _moment()
    closed_at: datetime | None = _moment(nullable=True)
    told_at: datetime | None = _moment(nullable=True)
    ends_at: datetime | None = _moment(nullable=True)

    __table_args__ = (
        Index(
            "uq_alerts_open",
            "kind",
            "cause",
            unique=True,
            sqlite_where=sql("closed_at IS NULL"),
            postgresql_where=sql("closed_at IS NULL"),
        ),
    )


class AlertTellingRow(Row, table=True):
    """What a person was told of an alert."""

    __tablename__ = "alert_tellings"

    alert: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    person: str = _key()
    accounts: list[str] = _facts()
    items: list[str] = _facts()
    first_at: datetime = _moment()
    last_at: datetime = _moment()
    times: int = _number()
    over_at: datetime | None = _moment(nullable=True)


class SilenceRow(Row, table=True):
    """A time in which alerts are not told."""

    __tablename__ = "silences"

    id: int = _serial()
    by: str = _words()
    reason: str = _words()
    begins_at: datetime = _moment()
    ends_at: datetime = _moment()
    kind: AlertKind | None = _one_of(AlertKind, nullable=True)
    account: str | None = _words(nullable=True)


class CredentialRow(Row, table=True):
    """A credential, encrypted."""

    __tablename__ = "credentials"

    name: str = _key()
    sealed: str = _words()
    state: CredentialState = _one_of(CredentialState)
    revision: int = _number()
    changed_at: datetime = _moment()
    changed_by: str = _words()
    begun_at: datetime | None = _moment(nullable=True)


class CredentialCheckRow(Row, table=True):
    """What the platform last said of an account's credential."""

    __tablename__ = "credential_checks"

    account: str = _key()
    credential: str | None = _words(nullable=True)
    verdict: CredentialVerdict = _one_of(CredentialVerdict)
    tried_at: datetime = _moment()
    checked_at: datetime | None = _moment(nullable=True)
    reason: Reason | None = _one_of(Reason, nullable=True)
    detail: str = _words()
    kind: str = _words()
    scopes: list[str] = _facts()
    missing_scopes: list[str] = _facts()
    connected_by: str | None = _words(nullable=True)
    expires_at: datetime | None = _moment(nullable=True)
    clocks: dict[str, str] = _facts()
    cause_key: str | None = _words(nullable=True)


class UsedLinkRow(Row, table=True):
    """A signed link that said its word, by its fingerprint."""

    __tablename__ = "used_links"

    link: str = _key()
    used_at: datetime = _moment()


class StateRow(Row, table=True):
    """A small fact that survives a restart."""

    __tablename__ = "state"

    name: str = _key()
    value: str = _words()


# ---- quota book ------------------------------------------------------------------------------------------------


class UsageRow(Row, table=True):
    """What the newest answer said of a platform's limit."""

    __tablename__ = "quota_usage"

    platform: str = _key()
    holder: str = _key()
    name: str = _key()
    reach: Reach = _one_of(Reach)
    percent: float = Field(sa_column=Column(Float, nullable=False))
    read_at: datetime = _moment()
    limit: int | None = _number(nullable=True)
    remaining: int | None = _number(nullable=True)
    resets_at: datetime | None = _moment(nullable=True)
    blocked_until: datetime | None = _moment(nullable=True)


class SpendingRow(Row, table=True):
    """How much of a measure was used for an account on a day."""

    __tablename__ = "quota_spending"

    on: date = Field(sa_column=Column(Date, primary_key=True))
    platform: str = _key()
    account: str = _key()
    measure: Measure = Field(sa_column=Column(OneOf(Measure), primary_key=True))
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))


def table(row: type[Row]) -> Table:
    """Return the table behind a row class, for statements written in SQLAlchemy Core."""
    return row.__table__
