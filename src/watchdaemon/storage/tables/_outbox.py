"""Mails that wait or left, what they tell, and whose mail does not arrive."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field

from watchdaemon.domain.delivery import DeliveryState, MailKind
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class DeliveryRow(Row, table=True):
    """A mail in the outbox; its key keeps it from being queued twice."""

    __tablename__ = "deliveries"

    id: int = column.serial()
    kind: MailKind = column.one_of(MailKind)
    recipient: str = column.words()
    period: str = column.words()
    address: str = column.words()
    subject: str = column.words()
    message: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))  # None: forgotten
    message_id: str = column.words()
    covers: list[str] = column.facts()
    state: DeliveryState = column.one_of(DeliveryState)
    created_at: datetime = column.moment()
    attempts: int = column.number()
    next_attempt_at: datetime | None = column.moment(nullable=True)
    claimed_until: datetime | None = column.moment(nullable=True)
    sent_at: datetime | None = column.moment(nullable=True)
    last_error: str = column.words()

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

    person: str = column.key()
    delivery: int = Field(sa_column=Column(BigInteger, primary_key=True))
    account: str = column.key()
    external_id: str = column.key()
    section: str = column.key()


class MailTroubleRow(Row, table=True):
    """Mail to a person does not arrive."""

    __tablename__ = "mail_troubles"

    person: str = column.key()
    address: str = column.words()
    since: datetime = column.moment()
    status: str = column.words()
    detail: str = column.words()
    last_at: datetime | None = column.moment(nullable=True)
    is_reported: bool = column.flag()
