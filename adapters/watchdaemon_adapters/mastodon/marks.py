"""Cursors: how far each listing was read, and which conversations are due to be read again. Pure.

What cannot be read back counts as no cursor, which reads more, never less.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchdaemon_adapters.mastodon.client import as_id

# How long an emptiness that speaks against what was seen before is called suspicious, before it is believed.
DOUBT_LASTS = timedelta(hours=24)

# A listing is read again from so long before the last reading on: clocks differ.
OVERLAP = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationMark:
    """How far notifications were read: everything above `floor` is asked for, and `newest` must come again.

    `below` is where a first reading, which goes down from the newest, was broken off.
    """

    floor: str
    newest: str | None = None
    newest_status: str | None = None
    below: str | None = None

    def __str__(self) -> str:
        """Write it as a cursor."""
        return _dump([self.floor, self.newest, self.newest_status, self.below])


def read_notification_mark(text: str | None) -> NotificationMark | None:
    """Read a cursor back."""
    match _load(text):
        case [str() as floor, newest, status, below] if as_id(floor):
            return NotificationMark(floor=floor, newest=as_id(newest), newest_status=as_id(status), below=as_id(below))
    return None


def read_pending(text: str | None) -> tuple[str, ...]:
    """Read back the ids of statuses of which it could not be told where they stand."""
    ids = _load(text)
    return tuple(i for i in map(as_id, ids) if i is not None) if isinstance(ids, list) else ()


def write_pending(ids: Iterable[str]) -> str:
    """Write them as a cursor."""
    return _dump(sorted(ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMark:
    """Which message was the last of each conversation, and since when an emptiness is doubted."""

    read_at: datetime
    last: Mapping[str, str] = field(default_factory=dict)
    doubted_at: datetime | None = None

    def __str__(self) -> str:
        """Write it as a cursor."""
        return _dump([_seconds(self.read_at), dict(self.last), _seconds(self.doubted_at)])


def read_message_mark(text: str | None) -> MessageMark | None:
    """Read a cursor back."""
    match _load(text):
        case [read_at, dict() as last, doubted_at] if (at := _instant(read_at)) is not None:
            known = {c: s for c, s in last.items() if as_id(c) and as_id(s)}
            return MessageMark(read_at=at, last=known, doubted_at=_instant(doubted_at))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """An own status: where its conversation began, and its counters when that was read last."""

    top: str
    is_top_own: bool
    replies: int = 0
    quotes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """When and how a conversation was read. It hangs on one own status: the post it began with, or an own answer."""

    read_at: datetime
    newest_at: datetime
    seen: int = 0  # how many statuses stood below
    is_unfinished: bool = False  # the instance was still collecting, or something could not be read
    doubted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """What is remembered of the account's own statuses and of the conversations they are in."""

    read_at: datetime
    own: Mapping[str, Own] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write it as a cursor."""
        own = {i: [o.top, int(o.is_top_own), o.replies, o.quotes] for i, o in self.own.items()}
        readings = {i: _reading_row(r) for i, r in self.readings.items()}
        return _dump([_seconds(self.read_at), own, readings])


def read_threads(text: str | None) -> Threads | None:
    """Read a cursor back; single rows that cannot be read are left out."""
    match _load(text):
        case [read_at, dict() as own, dict() as readings] if (at := _instant(read_at)) is not None:
            own_read = {i: o for i, row in own.items() if as_id(i) and (o := _own(row)) is not None}
            readings_read = {i: r for i, row in readings.items() if as_id(i) and (r := _reading(row)) is not None}
            return Threads(read_at=at, own=own_read, readings=readings_read)
    return None


def why_due(
    reading: Reading | None, *, has_moved: bool, has_replies: bool, now: datetime, sweep: timedelta, lively: timedelta
) -> str | None:
    """Say why a conversation is due to be read, or None when it may wait.

    A counter alone is never trusted: Mastodon counts only public replies, and only direct ones.

    Args:
        reading: When and how it was read last; None for never.
        has_moved: A reply counter of an own status in it is another than at that time.
        has_replies: Something stands, or is said to stand, below it.
        now: Aware UTC.
        sweep: After this long every conversation is read, whatever the counters say.
        lively: So long after its newest status a conversation is read every time.
    """
    if reading is None:
        return "never read"
    if reading.is_unfinished:
        return "unfinished"
    if has_moved:
        return "counts moved"
    if now - reading.read_at >= sweep:
        return "sweep"
    if has_replies and now - reading.newest_at < lively:
        return "lively"
    return None


def is_doubtful(doubted_at: datetime | None, now: datetime) -> bool:
    """Tell whether an emptiness, doubted since then (None: just now), is still not believed."""
    return doubted_at is None or now - doubted_at < DOUBT_LASTS


# ---- JSON --------------------------------------------------------------------------------------------------------


def _own(row: object) -> Own | None:
    match row:
        case [str() as top, (0 | 1) as is_top_own, int() as replies, int() as quotes] if as_id(top):
            return Own(top=top, is_top_own=bool(is_top_own), replies=replies, quotes=quotes)
    return None


def _reading_row(reading: Reading) -> list[object]:
    times = [_seconds(reading.read_at), _seconds(reading.newest_at)]
    return [*times, reading.seen, int(reading.is_unfinished), _seconds(reading.doubted_at)]


def _reading(row: object) -> Reading | None:
    match row:
        case [read, newest, int() as seen, (0 | 1) as unfinished, doubted]:
            read_at, newest_at = _instant(read), _instant(newest)
            if read_at is not None and newest_at is not None:
                return Reading(
                    read_at=read_at,
                    newest_at=newest_at,
                    seen=seen,
                    is_unfinished=bool(unfinished),
                    doubted_at=_instant(doubted),
                )
    return None


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _load(text: str | None) -> object:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _instant(value: object) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
