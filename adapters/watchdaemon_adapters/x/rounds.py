"""A round of searches that broke off, and what of it is done: the value behind the cursor "searching". Pure."""

import json
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchdaemon_adapters.x.marks import MARGIN, Range

# so long a round that broke off goes on; after that a new one is begun
GOES_ON_WITHIN = timedelta(hours=2)

DONE = 0


@dataclass(kw_only=True)
class Round:
    """All searches of one fetch. `left` holds, by search, the id below which it is still to be read (0: it is done)."""

    new: Range
    begun_at: datetime
    newest: tuple[int, datetime | None]  # the newest post known when it was begun
    left: dict[str, int] = field(default_factory=dict)

    def left_of(self, query: str, wanted: Range) -> Range | None:
        """Return what is left of a search; None when nothing is."""
        below = self.left.get(_name(query, wanted))
        if below is None:
            return wanted
        rest = wanted.below(below)
        return None if below == DONE or rest.is_empty else rest

    def read(self, query: str, wanted: Range, oldest: int | None) -> None:
        """A page was read whose lowest id is `oldest` (None: what came is no reason to skip anything)."""
        if oldest is not None:
            self.left[_name(query, wanted)] = oldest

    def done(self, query: str, wanted: Range) -> None:
        """A search was read to its end."""
        self.left[_name(query, wanted)] = DONE

    def __str__(self) -> str:
        """Write it as a cursor."""
        newest, newest_at = self.newest
        start = self.new.start.timestamp() if self.new.start else None
        at = newest_at.timestamp() if newest_at else None
        return json.dumps([self.begun_at.timestamp(), self.new.since_id, start, newest, at, self.left])


def read_round(text: str | None, now: datetime, *, reach: timedelta = timedelta(days=7)) -> Round | None:
    """Read a cursor back; one that cannot be read, or is too old, counts as none: a new round is begun.

    `reach` is how far the search goes: what it no longer reaches is not asked for.
    """
    try:
        begun, since_id, start, newest, newest_at, left = json.loads(text or "")
        begun_at = datetime.fromtimestamp(begun, UTC)
        found = Round(
            new=Range(
                since_id=None if since_id is None else int(since_id),
                start=None if start is None else max(datetime.fromtimestamp(start, UTC), now - reach + MARGIN),
            ),
            begun_at=begun_at,
            newest=(int(newest), None if newest_at is None else datetime.fromtimestamp(newest_at, UTC)),
            left={str(name): int(below) for name, below in left.items()},
        )
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return None
    has_one_bound = (found.new.since_id is None) != (found.new.start is None)
    return found if has_one_bound and now - GOES_ON_WITHIN <= begun_at <= now else None


def _name(query: str, wanted: Range) -> str:
    """Name a search shortly: the same conversations, cut at the same ids (the time it begins with moves along)."""
    bounds = f"{wanted.since_id}-{wanted.until_id}"
    return f"{zlib.crc32(query.encode()):08x}{zlib.crc32(bounds.encode()):08x}"
