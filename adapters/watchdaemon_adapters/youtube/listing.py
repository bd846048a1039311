"""One listing of comment threads as it is read: what it held, and where it may be left. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from watchdaemon_adapters.youtube.mapping import ThreadRow, comment_time


@dataclass
class Listing:
    """What one listing of threads held."""

    is_first: bool
    videos: list[str] = field(default_factory=list)  # of the newest threads
    newest: str | None = None
    count: int = 0
    unshown: int = 0  # threads listed for a held comment that is not shown
    is_at_top: bool = True

    def begin(self) -> None:
        """The newest threads are those of what is read from the top, which is read last."""
        self.videos, self.unshown, self.is_at_top = [], 0, True

    def saw(self, threads: list[ThreadRow], rows: int, channel_id: str) -> None:
        """Take in a page."""
        if self.is_at_top and threads:
            self.newest, self.is_at_top = threads[0].thread_id, False
        self.count += rows
        self.videos += [t.video_id or channel_id for t in threads]


def place_of(stream: str) -> str:
    """Name the cursor that says where a listing broke off."""
    return f"{stream}-page"


def key_of(stream: str, thread: ThreadRow) -> str:
    """Name a thread's state in the book: the other listings show other replies of the same thread."""
    return thread.thread_id if stream == "comments" else f"{stream}/{thread.thread_id}"


def is_young(thread: ThreadRow, horizon: datetime) -> bool:
    """Tell whether a thread was begun within the horizon, or is seen to have a reply that was."""
    if thread.published_at is None or thread.published_at >= horizon:
        return True
    return any(at >= horizon for at in map(comment_time, thread.replies) if at is not None)


def is_beyond(times: list[datetime | None], horizon: datetime, *, is_first: bool) -> bool:
    """Tell whether a page reaches past the horizon, so that what follows is older still.

    Nothing promises the order. The first read of all ends with a page that is too old as a whole; later ones, which
    must be cheap, with a page that is in order and ends with something too old.
    """
    known = [t for t in times if t is not None]
    if not known or len(known) != len(times):
        return False
    if all(t < horizon for t in known):
        return True
    return not is_first and known[-1] < horizon and all(a >= b for a, b in pairwise(known))
