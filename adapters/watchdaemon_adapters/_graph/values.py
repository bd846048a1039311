"""Readers for JSON that may hold anything: they give a good value, a harmless absence, or `BadValueError`."""

from collections.abc import Mapping
from datetime import UTC, datetime

Row = Mapping[str, object]
"""One JSON object of an answer."""

MAX_ID_LENGTH = 300


class BadValueError(ValueError):
    """A field that must be there, or must be of a kind, and is not. Names the field, never its content."""


def row_of(value: object) -> Row:
    """Return `value` as an object."""
    if not isinstance(value, dict):
        raise BadValueError("not an object")
    return value


def child_of(row: Row, key: str) -> Row:
    """Return the object below `key`; empty when it is missing or something else."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def rows_of(row: Row, key: str = "data") -> list[object]:
    """Return the list below `key`; empty when it is missing or something else."""
    value = row.get(key)
    return value if isinstance(value, list) else []


def is_list_missing(row: Row) -> bool:
    """Tell whether an edge's answer has no list at all: then it is no answer, and not "nothing"."""
    return not isinstance(row.get("data"), list)


def id_of(row: Row, key: str = "id") -> str:
    """Return an id: text (or a whole number, as some old answers have it), not empty, without control characters."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_ID_LENGTH or not value.isprintable():
        raise BadValueError(f"{key} is no id")
    return value


def optional_id(row: Row, key: str = "id") -> str | None:
    """Return an id, or None when there is none to use."""
    try:
        return id_of(row, key)
    except BadValueError:
        return None


def text_of(row: Row, key: str) -> str:
    """Return a text as written, "" when it is missing; anything but text is refused."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadValueError(f"{key} is no text")
    return storable(value)


def optional_text(row: Row, key: str) -> str | None:
    """Return a text that is only for show, or None."""
    value = row.get(key)
    return storable(value) if isinstance(value, str) and value else None


def optional_link(row: Row, key: str) -> str | None:
    """Return a web address a person may click on, or None."""
    value = row.get(key)
    is_web = isinstance(value, str) and value.startswith(("https://", "http://")) and value.isprintable()
    return str(value) if is_web else None


def moment_of(row: Row, key: str) -> datetime:
    """Return a time in UTC: ISO 8601 with an offset (``+0000`` as the Graph writes it) or Unix seconds."""
    value = row.get(key)
    try:
        if isinstance(value, str) and not value.isdecimal():
            moment = datetime.fromisoformat(value)
        elif isinstance(value, (int, str)) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(int(value), UTC)
        else:
            raise BadValueError(f"{key} is no time")
        if moment.tzinfo is None:
            raise BadValueError(f"{key} has no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadValueError(f"{key} is no time") from error


def optional_moment(row: Row, key: str) -> datetime | None:
    """Return a time in UTC, or None when there is none to use."""
    try:
        return moment_of(row, key)
    except BadValueError:
        return None


def count_of(row: Row, key: str) -> int:
    """Return a count, 0 when it is missing or senseless."""
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def storable(text: str) -> str:
    """Replace what no database and no mail takes: NUL and halves of surrogate pairs; join whole pairs."""
    if text.isascii() and "\0" not in text:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", "\ufffd")
