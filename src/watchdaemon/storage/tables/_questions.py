"""What the rules and people say of items: verdicts, steps, decisions."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index

from watchdaemon.domain.question import DecisionKind, Grade, QuestionState
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class VerdictRow(Row, table=True):
    """What the rules say of an item: can be worked out anew at any time."""

    __tablename__ = "verdicts"

    account: str = column.key()
    external_id: str = column.key()
    grade: Grade = column.one_of(Grade)
    triage_reason: str = column.words()
    spans: list[dict[str, object]] = column.facts()
    is_secret: bool = column.flag()
    is_inappropriate: bool = column.flag()
    removal_reason: str = column.words()
    state: QuestionState | None = column.one_of(QuestionState, nullable=True)
    reason: str = column.words()
    due_at: datetime | None = column.moment(nullable=True)
    answered_at: datetime | None = column.moment(nullable=True)
    answered_by: str | None = column.words(nullable=True)
    finish_due_at: datetime | None = column.moment(nullable=True)
    response_minutes: int | None = column.number(nullable=True)
    unregistered_reply: str | None = column.words(nullable=True)
    removal_word: bool | None = column.flag(nullable=True)
    since: datetime | None = column.moment(nullable=True)
    moved_by: str | None = column.words(nullable=True)

    __table_args__ = (
        ForeignKeyConstraint(["account", "external_id"], ["items.account", "items.external_id"], ondelete="CASCADE"),
        Index(None, "account", "state"),
        Index(None, "state"),
    )


class StepRow(Row, table=True):
    """One change in the life of an item; rows are only ever added. No foreign key: the record outlives the item."""

    __tablename__ = "question_steps"

    id: int = column.serial()
    account: str = column.words()
    external_id: str = column.words()
    at: datetime = column.moment()
    state: QuestionState | None = column.one_of(QuestionState, nullable=True)
    reason: str = column.words()
    by: str | None = column.words(nullable=True)
    noticed_at: datetime | None = column.moment(nullable=True)
    is_holding: bool = column.flag()
    needs_removal: bool = column.flag()
    response_minutes: int | None = column.number(nullable=True)

    __table_args__ = (Index(None, "account", "external_id"),)


class DecisionRow(Row, table=True):
    """A person's word about an item; rows are only ever added, the newest one holds."""

    __tablename__ = "decisions"

    id: int = column.serial()
    account: str = column.words()
    external_id: str = column.words()
    kind: DecisionKind = column.one_of(DecisionKind)
    by: str = column.words()
    at: datetime = column.moment()
    note: str = column.words()

    __table_args__ = (
        ForeignKeyConstraint(["account", "external_id"], ["items.account", "items.external_id"], ondelete="CASCADE"),
        Index(None, "account", "external_id"),
    )
