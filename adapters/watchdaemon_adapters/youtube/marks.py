"""How far a stream was read: the value behind each cursor. Pure.

No listing of YouTube's can be asked for what is new, so that a cursor does not say where to go on. It says how long
ago the last complete read was (after a long downtime more than the look-back is read), and what was seen then (so that
an empty answer can be told from an empty channel).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# a comment can be held for a while and then appear with the time it was written
OVERLAP = timedelta(days=2)

# enough to ask about; a cursor is no archive
SEEN_KEPT = 5

_VIDEO = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Mark:
    """When a stream was last read to its end, and the videos of the newest things in it (newest first)."""

    read_at: datetime
    seen: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it as a cursor."""
        return " ".join([self.read_at.isoformat(), *self.seen[:SEEN_KEPT]])


def read_mark(text: str | None) -> Mark | None:
    """Read a cursor back; one that cannot be read counts as none."""
    when, *seen = (text or "").split() or [""]
    try:
        read_at = datetime.fromisoformat(when)
    except ValueError:
        return None
    if read_at.tzinfo is None or not all(_VIDEO.fullmatch(v) for v in seen):
        return None
    return Mark(read_at.astimezone(UTC), tuple(seen))


def horizon_from(mark: Mark | None, now: datetime, *, look_back: timedelta) -> datetime:
    """Return how far back to read: the look-back, or past the last read when that lies further back."""
    return now - look_back if mark is None else min(now - look_back, mark.read_at - OVERLAP)


# so long a listing that broke off may be read on from its page; what moved in the pages before it is the next fetch's
GOES_ON_WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Place:
    """The page at which a listing broke off, and when it was begun."""

    token: str
    begun_at: datetime

    def __str__(self) -> str:
        """Write it as a cursor."""
        return f"{self.begun_at.isoformat()} {self.token}"


def read_place(text: str | None, now: datetime) -> Place | None:
    """Read a cursor back; one that cannot be read, or is too old, counts as none."""
    when, _, token = (text or "").partition(" ")
    try:
        begun_at = datetime.fromisoformat(when)
    except ValueError:
        return None
    is_usable = begun_at.tzinfo is not None and now - GOES_ON_WITHIN <= begun_at <= now
    return Place(token, begun_at.astimezone(UTC)) if is_usable and token else None
