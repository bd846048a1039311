"""The columns that tables are made from, one function for each kind of value."""

from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer
from sqlmodel import Field

from watchdaemon.storage._types import Facts, Moment, OneOf, Words

E = TypeVar("E", bound=StrEnum)


def key() -> Any:
    """A text that is (part of) the primary key."""
    return Field(sa_column=Column(Words, primary_key=True))


def words(*, nullable: bool = False) -> Any:
    """A text."""
    return Field(sa_column=Column(Words, nullable=nullable))


def moment(*, nullable: bool = False) -> Any:
    """An instant, in UTC."""
    return Field(sa_column=Column(Moment, nullable=nullable))


def one_of(members: type[E], *, nullable: bool = False) -> Any:
    """A member of a closed set, by its value."""
    return Field(sa_column=Column(OneOf(members), nullable=nullable))


def number(*, nullable: bool = False) -> Any:
    """A whole number."""
    return Field(sa_column=Column(Integer, nullable=nullable))


def flag(*, nullable: bool = False) -> Any:
    """True or false."""
    return Field(sa_column=Column(Boolean, nullable=nullable))


def day(*, nullable: bool = False) -> Any:
    """A day, local."""
    return Field(sa_column=Column(Date, nullable=nullable))


def facts() -> Any:
    """A list or mapping of plain values, as JSON."""
    return Field(sa_column=Column(Facts, nullable=False))


def serial() -> Any:
    """A number that the database gives: the order in which rows came."""
    # SQLite numbers rows by itself only in a column that is INTEGER to the letter.
    return Field(sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True))
