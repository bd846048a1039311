"""Column types: what both engines give back alike."""

from collections.abc import Mapping
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

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Replace what a database refuses, also in what is searched for."""
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond.

    PostgreSQL has a type for it. SQLite has none: there it is text of one fixed width, which sorts as time and which
    a person can read in the sqlite3 shell: ``2026-11-23T07:00:00.000000Z``.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return DateTime(timezone=True) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Go to UTC; a naive time is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time cannot be stored: {value}")
        value = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Come back in UTC, whatever the session's zone is."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            aware: datetime = value.astimezone(UTC)
            return aware
        return datetime.fromisoformat(value)


class OneOf(TypeDecorator[E], Generic[E]):
    """A member of one of our enumerations, stored by its value as plain text: a new member changes no schema."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store the value."""
        return None if value is None else self.members(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the member. Raises StorageError for one that this program does not know."""
        if value is None:
            return None
        try:
            return self.members(value)
        except ValueError as error:
            raise StorageError(
                f"the database holds a {self.members.__name__} that this program does not know: {value!r}"
            ) from error


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


def _storable_facts(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(name)): _storable_facts(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_facts(v) for v in value]
    return value
