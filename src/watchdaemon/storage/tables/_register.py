"""The register: persons, units, accounts, who answers for them; and the audit table."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKeyConstraint, Integer, UniqueConstraint
from sqlmodel import Field

from watchdaemon.domain.account import AccountStatus, Audience, OwnerRole
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class PersonRow(Row, table=True):
    """Somebody who gets mail."""

    __tablename__ = "persons"

    key: str = column.key()
    name: str = column.words()
    mail: str = column.words()
    language: str = column.words()
    away_until: date | None = column.day(nullable=True)


class UnitRow(Row, table=True):
    """A part of the organisation."""

    __tablename__ = "units"

    key: str = column.key()
    name: str = column.words()
    manager: str | None = column.words(nullable=True)


class AccountRow(Row, table=True):
    """An account. Whether its unit and persons exist is the import's business, which can name every fault."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("platform", "native_id"),)

    key: str = column.key()
    platform: str = column.words()
    native_id: str = column.words()
    name: str = column.words()
    link: str = column.words()
    unit: str = column.words()
    manager: str = column.words()
    purpose: str = column.words()
    audience: Audience = column.one_of(Audience)
    audience_reason: str = column.words()
    status: AccountStatus = column.one_of(AccountStatus)
    resting_until: date | None = column.day(nullable=True)
    approved_by: str | None = column.words(nullable=True)
    approved_on: date | None = column.day(nullable=True)
    credential: str | None = column.words(nullable=True)
    warn_days: int | None = column.number(nullable=True)
    close_days: int | None = column.number(nullable=True)
    own_ids: list[str] = column.facts()
    extra: dict[str, str] = column.facts()


class OwnershipRow(Row, table=True):
    """Who answers for an account, in the register's order."""

    __tablename__ = "account_owners"
    __table_args__ = (ForeignKeyConstraint(["account"], ["accounts.key"], ondelete="CASCADE"),)

    account: str = column.key()
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    person: str = column.words()
    role: OwnerRole = column.one_of(OwnerRole)
    from_on: date | None = column.day(nullable=True)
    to_on: date | None = column.day(nullable=True)


class AuditRow(Row, table=True):
    """One change that was made; rows are only ever added."""

    __tablename__ = "audit"

    id: int = column.serial()
    at: datetime = column.moment()
    by: str = column.words()
    kind: str = column.words()
    key: str = column.words()
    field: str = column.words()
    before: str | None = column.words(nullable=True)
    after: str | None = column.words(nullable=True)
