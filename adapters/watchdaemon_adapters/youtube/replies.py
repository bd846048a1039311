"""Which threads' replies need not be read again: the value behind the cursor "replies". Pure.

A listing shows up to five of a thread's replies, and how many there are. A thread whose count and shown replies did not
move is not asked for its replies again: at one unit each, that would be most of what a channel costs. A count alone can
hide that one reply came while another went; so all are read again once in a while (see `is_due`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

# a thread is never believed for longer than this, however quiet the channel is
BELIEVED = timedelta(days=6)
# so many are read again at once: on a day when something happened anyway, and at the latest when belief ends
MOST_A_DAY = 100
MOST_OVERDUE = 10


@dataclass
class ReplyBook:
    """The threads whose replies do not all come with the listing: their state, and when they were read whole."""

    today: date
    newest: str | None = None  # the newest thread, by id: another one means that something happened
    swept_on: date | None = None
    threads: dict[str, tuple[str, date]] = field(default_factory=dict)

    def is_known(self, thread_id: str, state: str | None) -> bool:
        """Tell whether the replies were read in this state."""
        return state is not None and thread_id in self.threads and self.threads[thread_id][0] == state

    def book(self, thread_id: str, state: str | None) -> None:
        """The replies were read whole, in this state."""
        if state is not None:
            self.threads[thread_id] = (state, self.today)

    def is_due(self, believed: Iterable[str], *, has_moved: bool) -> list[str]:
        """Return the threads to read again although nothing moved in them, the longest unread first.

        On the first fetch of a UTC day in which anything at all moved, as many as `MOST_A_DAY`; on a quiet channel
        only those that were believed for too long, so that quiet stays as cheap as it can be.
        """
        by_age = sorted((i for i in believed if self.threads[i][1] < self.today), key=lambda i: self.threads[i][1])
        if has_moved and self.swept_on != self.today:
            return by_age[:MOST_A_DAY]
        return [i for i in by_age if self.threads[i][1] < self.today - BELIEVED][:MOST_OVERDUE]

    def keep_only(self, thread_ids: Iterable[str]) -> None:
        """Forget the threads that are no longer listed."""
        self.threads = {i: self.threads[i] for i in thread_ids if i in self.threads}

    def __str__(self) -> str:
        """Write it as a cursor."""
        swept_on = self.swept_on.isoformat() if self.swept_on else None
        threads = {i: [state, day.toordinal()] for i, (state, day) in sorted(self.threads.items())}
        return json.dumps([self.newest, swept_on, threads], separators=(",", ":"))


def read_replies(text: str | None, now: datetime) -> ReplyBook:
    """Read a cursor back; one that cannot be read counts as none, which reads more, never less."""
    book = ReplyBook(today=now.astimezone(UTC).date())
    try:
        newest, swept_on, threads = json.loads(text or "")
        book.threads = {str(i): (str(state), date.fromordinal(day)) for i, (state, day) in _items(threads)}
        book.newest = None if newest is None else str(newest)
        book.swept_on = None if swept_on is None else date.fromisoformat(swept_on)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return ReplyBook(today=book.today)
    return book


def _items(value: object) -> Iterable[tuple[object, tuple[object, int]]]:
    if not isinstance(value, Mapping):
        raise TypeError("no threads")
    return value.items()
