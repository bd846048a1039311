"""One channel's fetch: uploads, then the comment threads in each of their states."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.errors import AccountError, AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.youtube.channel import Channel, read_count
from watchdaemon_adapters.youtube.client import YouTubeClient
from watchdaemon_adapters.youtube.listing import Listing, is_beyond, is_young, key_of, place_of
from watchdaemon_adapters.youtube.mapping import (
    ThreadRow,
    View,
    comment_id,
    has_status,
    is_published,
    map_comment,
    map_upload,
    read_thread,
    upload_id,
    upload_time,
)
from watchdaemon_adapters.youtube.marks import OVERLAP, Mark, Place, horizon_from, read_mark, read_place
from watchdaemon_adapters.youtube.problems import PLATFORM, CommentsDisabledError, PageTokenError, trouble_of
from watchdaemon_adapters.youtube.replies import ReplyBook, read_replies

# the three listings, by stream; held ones are not in the first
THREAD_STREAMS = (("comments", "published"), ("held", "heldForReview"), ("spam", "likelySpam"))

# so many items are handed over at once; a fetch that is killed loses no more than these
PIECE = 500

# clocks differ a little, and a comment takes a while to be listed
STARTED = timedelta(hours=1)

Stream = Callable[[], Iterator[None]]


@dataclass(kw_only=True)
class Fetch:
    """What a fetch needs, and what it has gathered so far.

    A quiet channel takes four calls, of one unit each: the uploads and the three listings of threads. Whose credential
    it is was proven when it was new (see `adapter`), and is again by each listing of held ones: only the owner gets it.
    """

    client: YouTubeClient
    channel: Channel
    view: View
    cursors: Cursors
    look_back: timedelta
    now: datetime
    items: dict[str, Item] = field(default_factory=dict)
    new_cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    unreadable: Counter[str] = field(default_factory=Counter)  # by stream
    complete_streams: int = 0
    visibility: dict[str, Visibility] = field(default_factory=dict)  # of every comment that came
    listed: dict[str, ThreadRow] = field(default_factory=dict)  # every published thread within the horizon
    unmoved: dict[str, ThreadRow] = field(default_factory=dict)  # those whose replies were not read again
    read_whole: set[str] = field(default_factory=set)  # those whose replies were
    old: set[str] = field(default_factory=set)  # those from before the horizon that came along
    held_in: set[str] = field(default_factory=set)  # those in which a held comment was shown
    has_moved: bool = False
    goes_on: bool = False  # a listing was read on from where it had broken off
    calls_told: int = 0

    def __post_init__(self) -> None:
        """Open the book of replies."""
        self.book: ReplyBook = read_replies(self.cursors.get("replies"), self.now)

    def run(self) -> Iterator[FetchResult]:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        for name, read in self._streams():
            try:
                for _ in read():
                    if len(self.items) >= PIECE:
                        yield self._piece()
            except AdapterError as error:
                ends_all = _strikes_the_account(error)
                self.troubles.append(trouble_of(error, None if ends_all else name))
                if ends_all:
                    break
            else:
                # the sweep of replies is done at once where no thread could be listed: that is no part of a fetch
                self.complete_streams += name != "replies"
        yield self._last_piece()

    def _streams(self) -> Iterator[tuple[str, Stream]]:
        yield "posts", self._uploads
        # published ones first: in the other listings they are what a thread is listed around
        for name, status in THREAD_STREAMS:
            yield name, self._reader_of(name, status)
        yield "replies", self._sweep

    def read_held(self) -> dict[str, Item]:
        """Read only the held listings, for a recheck. Raises AdapterError when they could not be read whole."""
        for name, status in THREAD_STREAMS:
            if status != "published":
                for _ in self._threads(name, status):
                    pass
        if self.unreadable:
            raise self._broken("some held comments could not be read", Reason.MALFORMED)
        return self.items

    # ---- results ---------------------------------------------------------------------------------------------------

    def _piece(self) -> FetchResult:
        """Hand over what there is so far; the troubles come with the last piece."""
        self.new_cursors["replies"] = str(self.book)
        calls, self.calls_told = self.client.calls - self.calls_told, self.client.calls
        result = FetchResult(
            account=self.view.account,
            coverage=Coverage.COMPLETE,
            items=tuple(sorted(self.items.values(), key=lambda i: (i.published_at, i.external_id))),
            cursors=dict(self.new_cursors),
            calls=calls,
            is_final=False,
        )
        self.items.clear()
        return result

    def _last_piece(self) -> FetchResult:
        last, coverage = self._piece(), Coverage.COMPLETE
        unreadable = [
            Trouble(reason=Reason.MALFORMED, detail=f"{count} unreadable items", stream=stream)
            for stream, count in self.unreadable.items()
        ]
        if self.troubles or unreadable:
            has_something = self.complete_streams > 0 or bool(self.visibility) or bool(last.items)
            coverage = Coverage.PARTIAL if has_something else Coverage.FAILED
        return replace(
            last,
            coverage=coverage,
            troubles=(*self.troubles, *unreadable),
            malformed=self.unreadable.total(),
            is_final=True,
        )

    # ---- own posts -------------------------------------------------------------------------------------------------

    def _uploads(self) -> Iterator[None]:
        mark = read_mark(self.cursors.get("posts"))
        # what was read before needs no second look: comments on it come by their own listings
        horizon = self.now - self.look_back if mark is None else min(mark.read_at, self.now) - OVERLAP
        seen: list[str] = []
        for rows in self._upload_pages():
            seen += filter(None, map(upload_id, rows))
            self._each("posts", rows, lambda row: self._add(map_upload(row, self.view)))
            yield
            if is_beyond([upload_time(row) for row in rows], horizon, is_first=mark is None):
                break
        if not seen and mark is not None and mark.seen and self._video_count() != 0:
            raise self._suspicious("the channel had videos, and now its list of uploads is empty")
        self.new_cursors["posts"] = str(Mark(self.now, tuple(seen)))

    def _upload_pages(self) -> Iterator[list[object]]:
        """A channel without a video may have no uploads playlist: that is an empty one."""
        if self.channel.uploads_id is None:
            raise self._broken("the channel does not name its uploads playlist", Reason.MALFORMED)
        try:
            yield from self.client.uploads(self.channel.uploads_id)
        except AccountError as error:
            if error.reason is not Reason.GONE:
                raise

    def _video_count(self) -> int | None:
        """Return how many videos the channel counts: asked for only when its list is empty and should not be."""
        if self.channel.video_count is None:
            for row in self.client.my_channels(("id", "statistics")):
                statistics = (
                    row.get("statistics") if isinstance(row, dict) and row.get("id") == self.channel.id else None
                )
                count = read_count(statistics.get("videoCount")) if isinstance(statistics, dict) else None
                self.channel = replace(self.channel, video_count=count)
        return self.channel.video_count

    # ---- comments --------------------------------------------------------------------------------------------------

    def _reader_of(self, stream: str, status: str) -> Stream:
        return lambda: self._threads(stream, status)

    def _threads(self, stream: str, status: str) -> Iterator[None]:
        """Read every thread within the look-back again: a new reply does not bring an old thread to the top."""
        mark = read_mark(self.cursors.get(stream))
        horizon = horizon_from(mark, self.now, look_back=self.look_back)
        place = read_place(self.cursors.get(place_of(stream)), self.now)
        listing = Listing(is_first=mark is None)
        try:
            if place is not None:
                self.goes_on = True
                yield from self._read_threads(stream, status, horizon, listing, place=place)
                horizon = place.begun_at - STARTED  # the pages before it were read then: now what came since
            yield from self._read_threads(stream, status, horizon, listing)
        except PageTokenError:
            horizon = horizon_from(mark, self.now, look_back=self.look_back)
            listing = Listing(is_first=mark is None)
            yield from self._read_threads(stream, status, horizon, listing)
        except CommentsDisabledError:
            listing = Listing(is_first=mark is None)
        if stream == "comments":
            if listing.count == 0 and mark is not None and mark.seen and not self._is_silent(mark.seen):
                raise self._suspicious("the channel had comment threads, and now its list of them is empty")
            self._note_newest(listing.newest)
        elif listing.unshown:
            self._note_unshown(stream, listing.unshown)
        self.new_cursors[place_of(stream)] = ""
        self.new_cursors[stream] = str(Mark(self.now, tuple(dict.fromkeys(listing.videos))))

    def _note_newest(self, newest: str | None) -> None:
        self.has_moved = self.has_moved or newest != self.book.newest
        self.book.newest = newest

    def _read_threads(
        self, stream: str, status: str, horizon: datetime, listing: Listing, *, place: Place | None = None
    ) -> Iterator[None]:
        """Read a listing down to the horizon, from a page on where one is given; each page read is booked.

        Those of held ones are read to their end: a thread is listed there for a held reply, however old it is itself.
        """
        begun_at = place.begun_at if place is not None else self.now
        listing.begin()
        pages = self.client.threads(self.channel.id, status, start=place.token if place is not None else None)
        for rows, following in pages:
            threads: list[ThreadRow] = []
            bad = self._each(stream, rows, lambda row, into=threads: into.append(read_thread(row, self.view)))  # type: ignore[misc]  # mypy does not infer a default's type
            listing.saw(threads, len(rows), self.channel.id)
            for thread in threads:
                if stream != "comments" or is_young(thread, horizon) or self._has_old_moved(thread, horizon):
                    yield from self._thread(stream, thread)
                    listing.unshown += stream != "comments" and self._hides_held(stream, thread)
            is_over = is_beyond([t.published_at for t in threads], horizon, is_first=listing.is_first)
            if stream == "comments" and bad == 0 and is_over:
                break
            if following is not None and not self.unreadable:
                self.new_cursors[place_of(stream)] = str(Place(following, begun_at))
            yield

    def _has_old_moved(self, thread: ThreadRow, horizon: datetime) -> bool:
        """Tell whether the replies of a thread from before the horizon moved since it was last listed."""
        self.old.add(thread.thread_id)
        if thread.thread_id in self.book.threads:
            has_moved = not self.book.is_known(thread.thread_id, thread.state)
        else:  # one that was within the horizon a moment ago may have got more replies than come with it
            is_just_old = thread.published_at is not None and thread.published_at >= horizon - OVERLAP
            has_moved = is_just_old and thread.has_more_replies
        if not has_moved or not thread.has_more_replies:  # else it is booked when they were read
            self.book.book(thread.thread_id, thread.state)
        return has_moved

    def _hides_held(self, stream: str, thread: ThreadRow) -> bool:
        """Tell whether a thread is listed for a held comment that is neither shown nor known."""
        if thread.thread_id in self.held_in:
            return False
        return not (thread.has_more_replies and self.book.is_known(key_of(stream, thread), thread.state))

    def _note_unshown(self, stream: str, count: int) -> None:
        detail = f"{count} threads are listed for a held comment that YouTube does not show: see YouTube Studio"
        self.troubles.append(Trouble(reason=Reason.INCOMPLETE, detail=detail, stream=stream))

    def _thread(self, stream: str, thread: ThreadRow) -> Iterator[None]:
        """Map a thread; its replies are read when they do not all come with it, and something moved."""
        if stream == "comments":
            self.listed[thread.thread_id] = thread
        is_read = thread.has_more_replies and self._must_read(stream, thread) and self._read_replies(stream, thread)
        self._each(stream, [thread.top, *thread.replies], lambda raw: self._add(self._comment(stream, raw, thread)))
        # as long as a thread is listed for a held comment that is not shown, that one is looked for again
        if is_read and (stream == "comments" or thread.thread_id in self.held_in):
            self.book.book(key_of(stream, thread), thread.state)
        yield

    def _must_read(self, stream: str, thread: ThreadRow) -> bool:
        if thread.thread_id in self.read_whole:
            return False
        is_known = self.book.is_known(key_of(stream, thread), thread.state)
        if stream == "comments":
            self.has_moved = self.has_moved or not is_known
            if is_known:
                self.unmoved[thread.thread_id] = thread
            return not is_known
        # whether a shown reply that does not say so is the held one is told by which are public
        return not is_known or any(not has_status(r) and comment_id(r) not in self.visibility for r in thread.replies)

    def _read_replies(self, stream: str, thread: ThreadRow) -> bool:
        """Read all replies to a thread, those that came with it too: which part that was is not promised.

        Tells whether all of them are there and can be read.
        """
        try:
            rows = [row for page in self.client.replies(thread.thread_id) for row in page]
        except CommentsDisabledError:
            return False
        except AccountError as error:
            if error.reason is Reason.GONE:  # the thread was deleted a moment ago
                return False
            raise
        # under a public comment they are public; only a listing of held ones tells of others
        is_public = thread.thread_id in self.listed or is_published(thread.top)
        bad = self._each(
            stream, rows, lambda raw: self._add(self._comment("comments" if is_public else stream, raw, thread))
        )
        self.read_whole.add(thread.thread_id)
        self.unmoved.pop(thread.thread_id, None)
        return bad == 0

    def _comment(self, stream: str, raw: object, thread: ThreadRow) -> Item:
        """A thread is listed as held for any one comment in it: the others may be public, and do not always say so."""
        known = self.visibility.get(comment_id(raw) or "")
        default = known or (Visibility.PUBLIC if stream == "comments" else Visibility.HELD)
        return map_comment(raw, self.view, default=default, thread_id=thread.thread_id, video_id=thread.video_id)

    def _sweep(self) -> Iterator[None]:
        """Read replies again that nothing seems to have moved in: a count can hide what came and went."""
        due = self.book.is_due(self.unmoved, has_moved=self.has_moved)
        for thread_id in due:
            thread = self.unmoved[thread_id]
            if self._read_replies("comments", thread):
                self.book.book(thread_id, thread.state)
            yield
        if self.has_moved:
            self.book.swept_on = self.book.today
        if not self.troubles and not self.goes_on:
            self._forget_old_threads()

    def _forget_old_threads(self) -> None:
        held = [key for key in self.book.threads if "/" in key and key.partition("/")[2] in self.visibility]
        self.book.keep_only([*self.listed, *self.old, *held])

    def _is_silent(self, seen: Iterable[str]) -> bool:
        """Ask another listing whether there are truly no comments any more where the newest were."""
        videos = [v for v in seen if v != self.channel.id]
        if not videos:
            return False  # they stood on the channel itself, which counts no comments
        rows = self.client.videos(videos, "id,statistics")
        # an answer with none of them is only believed when the uploads show that answers hold something at all
        return (bool(rows) or self._video_count() == 0) and all(_comment_count(row) == 0 for row in rows)

    # ---- the rest --------------------------------------------------------------------------------------------------

    def _each(self, stream: str, rows: Iterable[object], do: Callable[[object], None]) -> int:
        """Do something with every row; those that cannot be read are counted, and their number returned."""
        bad = 0
        for row in rows:
            try:
                do(row)
            except MalformedItemError:
                bad += 1
        if bad:
            self.unreadable[stream] += bad
        return bad

    def _add(self, item: Item | None) -> None:
        if item is not None:
            self.items[item.external_id] = item
            self.visibility[item.external_id] = item.visibility
            if item.visibility is Visibility.HELD:
                self.held_in.add(item.thread_id)

    def _suspicious(self, message: str) -> RetriableError:
        return self._broken(message, Reason.SUSPICIOUS_EMPTY)

    def _broken(self, message: str, reason: Reason) -> RetriableError:
        return RetriableError(message, platform=PLATFORM, reason=reason, account=self.view.account)


def _comment_count(video: object) -> int | None:
    """Return how many comments a video counts; switched-off comments are not counted at all."""
    statistics = video.get("statistics") if isinstance(video, dict) else None
    if not isinstance(statistics, dict):
        return None
    return read_count(statistics.get("commentCount", "0"))


def _strikes_the_account(error: AdapterError) -> bool:
    """A dead token or a spent quota end the fetch: every further call would say the same."""
    if isinstance(error, RetriableError):
        return error.reason is Reason.QUOTA
    return error.reason is Reason.UNAUTHORISED
