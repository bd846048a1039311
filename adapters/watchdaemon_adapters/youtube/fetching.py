"""One channel's fetch: uploads, then the comment threads in each of their states."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.errors import AccountError, AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.youtube.channel import Channel, read_count
from watchdaemon_adapters.youtube.client import YouTubeClient
from watchdaemon_adapters.youtube.mapping import (
    ThreadRow,
    View,
    comment_id,
    map_comment,
    map_upload,
    read_thread,
    upload_id,
    upload_time,
)
from watchdaemon_adapters.youtube.marks import Mark, horizon_from, read_mark
from watchdaemon_adapters.youtube.problems import PLATFORM, CommentsDisabledError, PageTokenError, trouble_of

# the three listings, by stream; held ones are not in the first
THREAD_STREAMS = (("comments", "published"), ("held", "heldForReview"), ("spam", "likelySpam"))


@dataclass(kw_only=True)
class Fetch:
    """What a fetch needs, and what it has gathered so far."""

    client: YouTubeClient
    channel: Channel
    view: View
    cursors: Cursors
    look_back: timedelta
    now: datetime
    items: dict[str, Item] = field(default_factory=dict)
    new_cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    malformed: int = 0
    complete_streams: int = 0

    def run(self) -> FetchResult:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        streams: list[tuple[str, Callable[[], None]]] = [("posts", self._uploads)]
        # published ones first: in the other listings they are what a thread is listed around
        streams += [(name, self._reader_of(name, status)) for name, status in THREAD_STREAMS]
        for name, read in streams:
            try:
                read()
            except AdapterError as error:
                ends_all = _strikes_the_account(error)
                self.troubles.append(trouble_of(error, None if ends_all else name))
                if ends_all:
                    break
            else:
                self.complete_streams += 1
        return self._result()

    def read_held(self) -> dict[str, Item]:
        """Read only the held listings, for a recheck. Raises AdapterError when they could not be read whole."""
        for name, status in THREAD_STREAMS:
            if status != "published":
                self._threads(name, status)
        if self.malformed:
            raise self._broken("some held comments could not be read", Reason.MALFORMED)
        return self.items

    def _result(self) -> FetchResult:
        coverage = Coverage.COMPLETE
        if self.troubles:
            coverage = Coverage.PARTIAL if self.complete_streams or self.items else Coverage.FAILED
        return FetchResult(
            account=self.view.account,
            coverage=coverage,
            items=tuple(sorted(self.items.values(), key=lambda i: (i.published_at, i.external_id))),
            cursors=self.new_cursors,
            troubles=tuple(self.troubles),
            malformed=self.malformed,
            calls=self.client.calls,
        )

    # ---- own posts -------------------------------------------------------------------------------------------------

    def _uploads(self) -> None:
        mark = read_mark(self.cursors.get("posts"))
        horizon = horizon_from(mark, self.now, look_back=self.look_back)
        seen: list[str] = []
        for rows in self._upload_pages():
            seen += filter(None, map(upload_id, rows))
            self._each("posts", rows, lambda row: self._add(map_upload(row, self.view)))
            times = [upload_time(row) for row in rows]
            # nothing promises the order, so that one old video ends nothing: a whole page of them does
            if rows and all(t is not None and t < horizon for t in times):
                break
        if not seen and mark is not None and mark.seen and self.channel.video_count != 0:
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

    # ---- comments --------------------------------------------------------------------------------------------------

    def _reader_of(self, stream: str, status: str) -> Callable[[], None]:
        return lambda: self._threads(stream, status)

    def _threads(self, stream: str, status: str) -> None:
        """Read every thread within the look-back again: a new reply does not bring an old thread to the top."""
        mark = read_mark(self.cursors.get(stream))
        horizon = horizon_from(mark, self.now, look_back=self.look_back)
        try:
            seen, count = self._read_threads(stream, status, horizon)
        except PageTokenError:
            seen, count = self._read_threads(stream, status, horizon)
        except CommentsDisabledError:
            seen, count = [], 0
        if stream == "comments" and count == 0 and mark is not None and mark.seen and not self._is_silent(mark.seen):
            raise self._suspicious("the channel had comment threads, and now its list of them is empty")
        self.new_cursors[stream] = str(Mark(self.now, tuple(dict.fromkeys(seen))))

    def _read_threads(self, stream: str, status: str, horizon: datetime) -> tuple[list[str], int]:
        """Return the videos of the newest threads, and how many threads there were."""
        seen: list[str] = []
        count = 0
        for rows in self.client.threads(self.channel.id, status):
            threads: list[ThreadRow] = []
            self._each(stream, rows, lambda row, into=threads: into.append(read_thread(row, self.view)))  # type: ignore[misc]  # mypy does not infer a default's type
            count += len(rows)
            seen += [t.video_id or self.channel.id for t in threads]
            young = [t for t in threads if t.published_at is None or t.published_at >= horizon]
            for thread in young:
                self._thread(stream, thread)
            if rows and not young and len(threads) == len(rows):
                break
        return seen, count

    def _thread(self, stream: str, thread: ThreadRow) -> None:
        replies = list(thread.replies)
        if thread.has_more_replies:
            # all of them, those that came with the thread too: which part that was is not promised
            replies += self._all_replies(thread.thread_id)
        self._each(stream, [thread.top, *replies], lambda raw: self._add(self._comment(stream, raw, thread)))

    def _all_replies(self, thread_id: str) -> list[object]:
        try:
            return [row for rows in self.client.replies(thread_id) for row in rows]
        except CommentsDisabledError:
            return []
        except AccountError as error:
            if error.reason is Reason.GONE:  # the thread was deleted a moment ago
                return []
            raise

    def _comment(self, stream: str, raw: object, thread: ThreadRow) -> Item:
        """A thread is listed as held for any one comment in it: the others may be public, and do not always say so."""
        known = self.items.get(comment_id(raw) or "")
        if known is not None:
            default = known.visibility
        else:
            default = Visibility.PUBLIC if stream == "comments" else Visibility.HELD
        return map_comment(raw, self.view, default=default, thread_id=thread.thread_id, video_id=thread.video_id)

    def _is_silent(self, seen: Iterable[str]) -> bool:
        """Ask another listing whether there are truly no comments any more where the newest were."""
        videos = [v for v in seen if v != self.channel.id]
        if not videos:
            return False  # they stood on the channel itself, which counts no comments
        rows = self.client.videos(videos, "id,statistics")
        # an answer with none of them is only believed when the uploads show that answers hold something at all
        return (bool(rows) or self.channel.video_count == 0) and all(_comment_count(row) == 0 for row in rows)

    # ---- the rest --------------------------------------------------------------------------------------------------

    def _each(self, stream: str, rows: Iterable[object], do: Callable[[object], None]) -> None:
        """Do something with every row; those that cannot be read are counted, and said once."""
        bad = 0
        for row in rows:
            try:
                do(row)
            except MalformedItemError:
                bad += 1
        if bad:
            self.malformed += bad
            self.troubles.append(Trouble(reason=Reason.MALFORMED, detail=f"{bad} unreadable items", stream=stream))

    def _add(self, item: Item | None) -> None:
        if item is not None:
            self.items[item.external_id] = item

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
