"""The platforms' limits, and what was used of them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Date, Float
from sqlmodel import Field

from watchdaemon.domain.quota import Measure, Reach
from watchdaemon.storage._types import OneOf
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class UsageRow(Row, table=True):
    """What the newest answer said of a platform's limit."""

    __tablename__ = "quota_usage"

    platform: str = column.key()
    holder: str = column.key()
    name: str = column.key()
    reach: Reach = column.one_of(Reach)
    percent: float = Field(sa_column=Column(Float, nullable=False))
    read_at: datetime = column.moment()
    limit: int | None = column.number(nullable=True)
    remaining: int | None = column.number(nullable=True)
    resets_at: datetime | None = column.moment(nullable=True)
    blocked_until: datetime | None = column.moment(nullable=True)


class SpendingRow(Row, table=True):
    """How much of a measure was used for an account on a day."""

    __tablename__ = "quota_spending"

    on: date = Field(sa_column=Column(Date, primary_key=True))
    platform: str = column.key()
    account: str = column.key()
    measure: Measure = Field(sa_column=Column(OneOf(Measure), primary_key=True))
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
