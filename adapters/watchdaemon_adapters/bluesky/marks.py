"""How far a stream was read: the value behind each cursor. Pure.

A list on Bluesky knows no "since": it is read from the newest on. A mark says how far back the next read must go, and
names one post that must then come again: a list without it has not been shown whole.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon_adapters.bluesky.mapping import author_in

# lists are ordered by a time that the author's app may have set back: every read goes this far behind the last one
OVERLAP = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """When a stream was last read whole, and the newest post it showed then."""

    read_at: datetime
    newest: str | None = None  # its address
    root: str | None = None  # the own post it stands under, in the stream of threads

    def __str__(self) -> str:
        """Write it as a cursor."""
        parts = {"at": self.read_at.isoformat(), "newest": self.newest, "root": self.root}
        return json.dumps({name: value for name, value in parts.items() if value is not None})


def read_mark(text: str | None) -> Mark | None:
    """Read a cursor back; one that cannot be read counts as none, which reads more, never less."""
    try:
        parts = json.loads(text or "")
        read_at = datetime.fromisoformat(parts["at"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if read_at.tzinfo is None:
        return None
    newest, root = (
        p if isinstance(p, str) and author_in(p) else None for p in (parts.get("newest"), parts.get("root"))
    )
    return Mark(read_at=read_at.astimezone(UTC), newest=newest, root=root)


def horizon_from(mark: Mark | None, now: datetime, *, look_back: timedelta) -> datetime:
    """Return how far back a stream of the whole look-back is read: further, when the last read is longer ago."""
    start = now - look_back
    return start if mark is None else min(start, mark.read_at - OVERLAP)


def is_sweep_due(swept_at: datetime | None, now: datetime, *, every: timedelta) -> bool:
    """Tell whether what the counts call silent is to be read all the same. A clock that went back makes it due."""
    return swept_at is None or not timedelta(0) <= now - swept_at < every
