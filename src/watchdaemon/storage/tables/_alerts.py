"""Alerts, who was told of them, and silences."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from watchdaemon.domain.alert import AlertKind
from watchdaemon.errors import Reason
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class AlertRow(Row, table=True):
    """An alert; at most one open per kind and cause."""

    __tablename__ = "alerts"

    id: int = column.serial()
    kind: AlertKind = column.one_of(AlertKind)
    cause: str = column.words()
    accounts: list[str] = column.facts()
    items: list[str] = column.facts()
    reason: Reason | None = column.one_of(Reason, nullable=True)
    detail: str = column.words()
    opened_at: datetime = column.moment()
    closed_at: datetime | None = column.moment(nullable=True)
    told_at: datetime | None = column.moment(nullable=True)
    ends_at: datetime | None = column.moment(nullable=True)

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
    person: str = column.key()
    accounts: list[str] = column.facts()
    items: list[str] = column.facts()
    first_at: datetime = column.moment()
    last_at: datetime = column.moment()
    times: int = column.number()
    over_at: datetime | None = column.moment(nullable=True)


class SilenceRow(Row, table=True):
    """A time in which alerts are not told."""

    __tablename__ = "silences"

    id: int = column.serial()
    by: str = column.words()
    reason: str = column.words()
    begins_at: datetime = column.moment()
    ends_at: datetime = column.moment()
    kind: AlertKind | None = column.one_of(AlertKind, nullable=True)
    account: str | None = column.words(nullable=True)
