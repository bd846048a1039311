"""Column types: what both engines give back alike.

They override `bind_processor` and `result_processor` instead of SQLAlchemy's more usual `process_…` methods: with
twenty values an item, one call instead of three for each is felt in how long storing takes.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, DateTime, Dialect, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from watchdaemon.errors import StorageError
from watchdaemon.rules.keeping import storable

E = TypeVar("E", bound=StrEnum)


class Words(TypeDecorator[str]):
    """Text of any length. Sorted by code point on both engines, whatever the server's locale is."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL sorts by locale unless told otherwise."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """Replace what a database refuses, also in what is searched for."""
        return _bind_words

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Nothing to do."""


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond.

    PostgreSQL has a type for it. SQLite has none: there it is text of one fixed width, which sorts as time and which
    a person can read in the sqlite3 shell: ``2026-11-23T07:00:00.000000+00:00``.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return DateTime(timezone=True) if dialect.name == "postgresql" else Text()

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Go to UTC; a naive time is a mistake of the caller."""
        return _bind_utc if dialect.name == "postgresql" else _bind_iso

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """Come back in UTC, whatever the session's zone is."""
        return _read_utc if dialect.name == "postgresql" else _read_iso


class OneOf(TypeDecorator[E], Generic[E]):
    """A member of one of our enumerations, stored by its value as plain text: a new member changes no schema."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members

    def bind_processor(self, dialect: Dialect) -> Callable[[E | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """Store the value."""
        return _bind_member

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], E | None]:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the member. Raises StorageError for one that this program does not know."""
        by_value: dict[str | None, E | None] = {None: None, **{member.value: member for member in self.members}}

        def read(value: str | None) -> E | None:
            try:
                return by_value[value]
            except KeyError as error:
                raise StorageError(
                    f"the database holds a {self.members.__name__} that this program does not know: {value!r}"
                ) from error

        return read


class Facts(TypeDecorator[Any]):
    """A small JSON value: a mapping or a list of texts and numbers."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSONB where there is one, so that an operator can query it."""
        return JSONB() if dialect.name == "postgresql" else JSON()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Replace what a database refuses, at any depth."""
        return _storable_facts(value)


def _bind_words(value: str | None) -> str | None:
    if value is None or (value.isascii() and "\x00" not in value):  # most are; spares a call
        return value
    return storable(value)


def _bind_utc(value: datetime | None) -> datetime | None:
    return None if value is None else _aware(value)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a naive time cannot be stored: {value}")
    return value


def _bind_iso(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = _aware(value).astimezone(UTC)
    return value.isoformat(timespec="microseconds")


def _read_iso(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _read_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _bind_member(value: StrEnum | None) -> str | None:
    return None if value is None else value.value


def _storable_facts(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(name)): _storable_facts(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_facts(v) for v in value]
    return value
