"""How far a listing of posts was read: the value behind each cursor, and what to ask for next. Pure.

X bills every post it returns, and nothing for a page without posts. So nothing that is known is asked for again:

* the next read begins above the newest known id;
* a read that broke off goes on below the oldest id it had;
* a post can become visible behind newer ones, so that an older id turns up late. The last two days are therefore looked
  through again in the gaps *between* the known ids, whose bounds are exclusive: what is known is never sent again.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

# how late a post may turn up behind newer ones
OVERLAP = timedelta(hours=48)

# start_time exactly at a limit is refused when the two clocks differ a little
MARGIN = timedelta(minutes=5)

# gaps that are looked through at the first read of a UTC day, and at the others
GAPS_A_DAY = 40
GAPS_A_READ = 5

# ids kept to look between; with more, the oldest of them are forgotten
KNOWN_KEPT = 400

T = TypeVar("T")

_ID = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A piece of a listing: above `since_id` or from `start` on (exactly one is set), below `until_id`."""

    since_id: int | None = None
    start: datetime | None = None
    until_id: int | None = None
    unreadable_since: datetime | None = None  # when a row of it could not be read for the first time

    @property
    def parameters(self) -> dict[str, str]:
        """The request parameters."""
        upper = {} if self.until_id is None else {"until_id": str(self.until_id)}
        if self.start is not None:
            return {"start_time": self.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), **upper}
        return {"since_id": str(self.since_id or 0), **upper}

    @property
    def is_empty(self) -> bool:
        """Whether no id can lie in it."""
        return self.since_id is not None and self.until_id is not None and self.until_id - self.since_id < 2

    def below(self, post_id: int) -> "Range":
        """Return what is left of it below an id."""
        return replace(self, until_id=post_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a listing stands: the newest id, what broke off below it, and the newest days' ids with their times."""

    newest: int | None = None
    newest_at: datetime | None = None
    read_at: datetime  # when it was last read up to that present
    looked_on: date | None = None  # the UTC day of the last look through all gaps
    rest: tuple[Range, ...] = ()
    known: Mapping[int, datetime] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write it as a cursor."""
        return json.dumps(
            {
                "newest": self.newest,
                "newest_at": _seconds(self.newest_at),
                "read_at": _seconds(self.read_at),
                "looked_on": self.looked_on.isoformat() if self.looked_on else None,
                "rest": [[r.since_id, _seconds(r.start), r.until_id, _seconds(r.unreadable_since)] for r in self.rest],
                "known": {str(i): _seconds(at) for i, at in sorted(self.known.items())},
            },
            separators=(",", ":"),
        )


def read_mark(text: str | None) -> Mark | None:
    """Read a cursor back; one that cannot be read counts as none, which reads more, never less."""
    try:
        facts = json.loads(text or "")
        return Mark(
            newest=_number(facts["newest"]),
            newest_at=_time(facts["newest_at"]),
            read_at=_sure(_time(facts["read_at"])),
            looked_on=date.fromisoformat(facts["looked_on"]) if facts["looked_on"] else None,
            rest=tuple(_range(*parts) for parts in facts["rest"]),
            known={_sure(_number(int(i))): _sure(_time(at)) for i, at in facts["known"].items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
        return None


def next_range(mark: Mark | None, now: datetime, *, look_back: timedelta, limit: timedelta | None = None) -> Range:
    """Say what is new since the last read.

    Args:
        mark: Where the listing stands; None before the first read.
        now: Aware UTC.
        look_back: How far a first read goes.
        limit: How far the listing goes at all; None when it has no such limit. Below it X refuses ids and times alike.

    Returns:
        Everything above the newest known id. Where none is known (any more), from a time on that lies `OVERLAP` before
        the last read: a backlog after downtime is read in full.
    """
    oldest = None if limit is None else now - limit + MARGIN
    if mark is not None and mark.newest is not None:
        is_reachable = oldest is None or (mark.newest_at is not None and mark.newest_at > oldest)
        if is_reachable:
            return Range(since_id=mark.newest)
    start = now - look_back if mark is None else min(mark.read_at, now) - OVERLAP
    return Range(start=start if oldest is None else max(start, oldest))


def gaps(mark: Mark | None, now: datetime, *, limit: timedelta | None = None) -> list[Range]:
    """Return the gaps between known ids to look through for late-comers, the widest of them when there are many."""
    if mark is None or mark.rest:  # what broke off is read first, gaps and all
        return []
    is_first_today = mark.looked_on != now.astimezone(UTC).date()
    first, count = (now - OVERLAP, GAPS_A_DAY) if is_first_today else (now - OVERLAP / 8, GAPS_A_READ)
    ids = sorted(i for i, at in mark.known.items() if at >= first)
    if not ids:
        return []
    found = [Range(since_id=a, until_id=b) for a, b in pairwise(ids)]
    oldest = None if limit is None else now - limit + MARGIN
    floor = max((i for i, at in mark.known.items() if at < first and (oldest is None or at > oldest)), default=None)
    if floor is not None:
        found.insert(0, Range(since_id=floor, until_id=ids[0]))
    elif len(mark.known) < KNOWN_KEPT:  # else older ones were forgotten, and would be sent again
        found.insert(0, Range(start=first, until_id=ids[0]))
    return _widest([r for r in found if not r.is_empty], count)


def between(post_ids: Iterable[int], above: Range) -> list[Range]:
    """Cut a range at ids that are known, so that none of them is sent again."""
    lowest = above.since_id or 0
    ids = sorted(i for i in set(post_ids) if i > lowest and (above.until_id is None or i < above.until_id))
    if not ids:
        return [above]
    inner = [Range(since_id=a, until_id=b) for a, b in pairwise(ids)]
    pieces = [above.below(ids[0]), *inner, Range(since_id=ids[-1], until_id=above.until_id)]
    return [r for r in pieces if not r.is_empty]


def noted(mark: Mark, seen: Mapping[int, datetime | None], now: datetime) -> Mark:
    """Return the mark with rows that were seen. The newest never goes back; what is too old to look between goes."""
    known = {**mark.known, **{i: at or now for i, at in seen.items()}}
    older = sorted((i for i, at in known.items() if at < now - OVERLAP), reverse=True)
    dropped = frozenset(older[1:])  # one older one is the floor
    kept = [i for i in sorted(known, reverse=True) if i not in dropped][:KNOWN_KEPT]
    newest = max(seen, default=None)
    if newest is not None and (mark.newest is None or newest > mark.newest):
        mark = replace(mark, newest=newest, newest_at=seen[newest])
    return replace(mark, known={i: known[i] for i in kept})


def has_gap(mark: Mark | None, now: datetime, *, limit: timedelta) -> bool:
    """Tell whether more time passed since the last read than the listing reaches back."""
    return mark is not None and mark.read_at < now - limit


def _widest(ranges: Sequence[Range], count: int) -> list[Range]:
    # a gap's ids grow with its time: where it is widest, most may have been missed
    widths = {r: (r.until_id or 0) - (r.since_id or 0) for r in ranges}
    chosen = set(sorted(ranges, key=lambda r: widths[r], reverse=True)[:count])
    return [r for r in reversed(ranges) if r in chosen]


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**11:
        raise ValueError("no time")
    return datetime.fromtimestamp(value, UTC)


def _number(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**19:
        raise ValueError("no id")
    return value


def _sure(value: T | None) -> T:
    if value is None:
        raise ValueError("missing")
    return value


def _range(since_id: object, start: object, until_id: object, unreadable_since: object) -> Range:
    found = Range(
        since_id=_number(since_id),
        start=_time(start),
        until_id=_number(until_id),
        unreadable_since=_time(unreadable_since),
    )
    if (found.since_id is None) == (found.start is None):
        raise ValueError("exactly one lower bound")
    return found


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
