"""A round that broke off, and what of it is done: the value behind the cursor "round". Pure.

Threads' conversations take no size of page and cannot be asked for what is new: a busy profile takes hundreds of calls.
A fetch that is broken off by a limit or an outage is gone on with by the next one, if that comes soon: lists that were
read are not read again, and a conversation, whose oldest replies come first, is read on from its page.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

# So long a round that broke off goes on. What is written meanwhile under a post that was read is the next fetch's; a
# fetch that takes as long by itself is no better.
GOES_ON_WITHIN = timedelta(hours=1)


@dataclass(kw_only=True)
class Place:
    """Where a conversation broke off: the cursor to go on from, and the threads of what was read before it."""

    post_id: str
    after: str
    tops: dict[str, str] = field(default_factory=dict)  # by reply, the top-level reply it stands under


@dataclass(kw_only=True)
class Round:
    """What is done since `begun_at`."""

    begun_at: datetime
    read: dict[str, set[str]] = field(default_factory=dict)  # posts, by the stream that was read below them
    place: Place | None = None

    @property
    def is_fresh(self) -> bool:
        """Tell whether nothing was read yet."""
        return self.place is None and not any(self.read.values())

    def is_read(self, stream: str, post_id: str) -> bool:
        """Tell whether a stream was read whole below a post."""
        return post_id in self.read.get(stream, ())

    def book(self, stream: str, post_id: str) -> None:
        """A stream was read whole below a post."""
        self.read.setdefault(stream, set()).add(post_id)

    def __str__(self) -> str:
        """Write it as a cursor."""
        read = {stream: sorted(posts) for stream, posts in sorted(self.read.items())}
        place = None if self.place is None else [self.place.post_id, self.place.after, self.place.tops]
        return json.dumps([self.begun_at.isoformat(), read, place], separators=(",", ":"))


def read_round(text: str | None, now: datetime) -> Round:
    """Read a cursor back; one that cannot be read, or is too old, counts as none: a new round is begun."""
    try:
        begun, read, place = json.loads(text or "")
        found = Round(
            begun_at=datetime.fromisoformat(begun).astimezone(UTC),
            read={str(stream): {p for p in posts if isinstance(p, str)} for stream, posts in read.items()},
            place=None if place is None else _place(*place),
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Round(begun_at=now)
    return found if now - GOES_ON_WITHIN <= found.begun_at <= now else Round(begun_at=now)


def _place(post_id: object, after: object, tops: Mapping[str, object]) -> Place:
    known = {reply: top for reply, top in tops.items() if isinstance(top, str)}
    if not isinstance(post_id, str) or not isinstance(after, str):
        raise TypeError("no place")
    return Place(post_id=post_id, after=after, tops=known)
