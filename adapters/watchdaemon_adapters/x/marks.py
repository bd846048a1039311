"""How far a stream was read: the value behind each cursor, and what the next read must ask for. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

# A post can become visible some time after it was written, so that an older id turns up behind a newer one. Once a
# UTC day (within one, a post read twice is billed once) each stream is therefore read again this far back.
OVERLAP = timedelta(hours=48)

# start_time exactly at a limit is refused when the two clocks differ a little
MARGIN = timedelta(minutes=5)

_ID = re.compile(r"[0-9]{1,19}")
_NEWEST = re.compile(r"([0-9]{1,19})?~([0-9]{1,11})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The newest row of a stream, and when the stream was last read with the overlap."""

    newest: int | None
    newest_at: datetime | None
    read_at: datetime

    def __str__(self) -> str:
        """Write it as a cursor: ``id~seconds@time``."""
        newest = "" if self.newest is None else str(self.newest)
        seconds = "" if self.newest_at is None else str(int(self.newest_at.timestamp()))
        return f"{newest}~{seconds}@{self.read_at.isoformat()}"


def read_mark(text: str | None) -> Mark | None:
    """Read a cursor back; one that cannot be read counts as none, which reads more, never less."""
    newest, _, when = (text or "").partition("@")
    found = _NEWEST.fullmatch(newest)
    try:
        read_at = datetime.fromisoformat(when)
    except ValueError:
        return None
    if found is None or read_at.tzinfo is None:
        return None
    return Mark(
        newest=int(found[1]) if found[1] else None,
        newest_at=datetime.fromtimestamp(int(found[2]), UTC) if found[2] else None,
        read_at=read_at.astimezone(UTC),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What to ask a listing for: exactly one of the two is set."""

    since_id: str | None = None
    start_time: datetime | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The request parameters."""
        if self.start_time is None:
            return {"since_id": self.since_id or ""}
        return {"start_time": self.start_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def reach_from(mark: Mark | None, now: datetime, *, look_back: timedelta, limit: timedelta | None = None) -> Reach:
    """Say where the next read begins.

    Args:
        mark: Where the last complete read ended; None for the first.
        now: Aware UTC.
        look_back: How far a first read goes.
        limit: How far the listing goes at all; None when it has no such limit.

    Returns:
        What brings the newest known row once more, besides what is new: an answer without it has not looked. That is
        a ``since_id`` just below it when the overlap was read on this UTC day already; else a ``start_time`` that
        lies `OVERLAP` before the last read (a backlog after downtime is read in full), or the look-back at first.
    """
    if mark is not None and mark.newest is not None and mark.read_at.date() == now.astimezone(UTC).date():
        return Reach(since_id=str(max(mark.newest - 1, 0)))
    start = now - look_back
    if mark is not None:
        start = min(t for t in (mark.read_at - OVERLAP, now - OVERLAP, mark.newest_at) if t is not None)
    if limit is not None:
        start = max(start, now - limit + MARGIN)
    return Reach(start_time=start)


def mark_after(mark: Mark | None, reach: Reach, newest: tuple[int, datetime | None] | None, now: datetime) -> Mark:
    """Return the mark after a complete read whose newest row was `newest` (None: there was none)."""
    read_at = now if mark is None or reach.start_time is not None else mark.read_at
    if mark is not None and mark.newest is not None and (newest is None or newest[0] <= mark.newest):
        return replace(mark, read_at=read_at)
    found, found_at = newest or (None, None)
    return Mark(newest=found, newest_at=found_at, read_at=read_at)


def has_gap(mark: Mark | None, now: datetime, *, limit: timedelta) -> bool:
    """Tell whether more time passed since the last read than the listing reaches back."""
    return mark is not None and mark.read_at < now - limit


# ---- the account's own recent posts, whose conversations and quotes are read ------------------------------------


def read_roots(text: str | None) -> dict[str, datetime]:
    """Read the cursor "roots": own posts by id, with their times; what cannot be read is left out."""
    roots = {}
    for part in (text or "").split():
        post_id, _, seconds = part.partition("=")
        if _ID.fullmatch(post_id) and re.fullmatch(r"[0-9]{1,11}", seconds):
            roots[post_id] = datetime.fromtimestamp(int(seconds), UTC)
    return roots


def write_roots(roots: Mapping[str, datetime]) -> str:
    """Write the cursor "roots"."""
    return " ".join(f"{post_id}={int(at.timestamp())}" for post_id, at in sorted(roots.items()))
