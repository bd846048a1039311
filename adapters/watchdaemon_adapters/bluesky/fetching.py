"""One account's fetch: stream after stream, each with a cursor and troubles of its own.

Nothing depends on one listing. Replies come by the threads of own posts and by notifications, which leave some out (a
burst of posts within a second brings none); quotes by their own list and by notifications; mentions by notifications
and by search. A thread or list of quotes that is counted as empty, and that no notification points to, is read only
once in a *sweep*, some twenty hours apart: counts are a reason to look, and never alone a reason not to. A fetch that
broke off is gone on with by the next one (see `rounds`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.bluesky.client import REASONS, BlueskyClient
from watchdaemon_adapters.bluesky.mapping import (
    View,
    author_in,
    count_in,
    hidden_in,
    is_muted_or_detached,
    listed_time,
    map_post,
    parse_time,
    post_uri,
)
from watchdaemon_adapters.bluesky.marks import OVERLAP, Mark, horizon_from, is_sweep_due, read_mark
from watchdaemon_adapters.bluesky.problems import PLATFORM, NotThereError, strikes_the_account, trouble_of
from watchdaemon_adapters.bluesky.rounds import STARTED, Round, read_round
from watchdaemon_adapters.bluesky.settings import BlueskySettings
from watchdaemon_adapters.bluesky.threads import Reading, read_thread

# Replies by people who were taken down since are still counted. A few are nothing to worry a person with; so many
# fewer than counted at one post, or none at all where there are some, is an answer that held something back.
TOLERATED_SHORTFALL = 9
TOLERATED_SILENCE = 2

# streams that are read by way of the own posts
_BY_OWN_POSTS = frozenset({"threads", "quotes"})

# so many threads that cannot be read are no longer those threads' own trouble
MOST_FAILURES = 3

# when a thread's answer leaves out replies, those are asked for one by one, up to so many calls a thread
MOST_CUT_BRANCHES = 200


@dataclass
class Row:
    """A young own post as the author feed shows it."""

    uri: str
    root: str  # the thread it stands in: itself when it is no reply
    replies: int | None  # as counted; None when it is not said
    quotes: int | None


@dataclass(kw_only=True)
class Fetch:
    """What a fetch needs, and what it has gathered so far."""

    client: BlueskyClient
    settings: BlueskySettings
    view: View
    did: str
    handle: str | None
    cursors: Cursors
    look_back: timedelta
    now: datetime
    own: dict[str, Row] = field(default_factory=dict)
    round: Round = field(init=False)  # what is done, and which own posts notifications name
    read: set[str] = field(default_factory=set)  # posts whose threads were read
    hidden: set[str] = field(default_factory=set)
    items: dict[str, Item] = field(default_factory=dict)
    in_threads: dict[str, str] = field(default_factory=dict)  # others' direct replies to own posts, with those posts
    quoting: dict[str, str] = field(default_factory=dict)  # others' quotes of own posts, with those posts
    bad: set[str] = field(default_factory=set)  # unreadable posts, by whatever names them: each counts once
    new_cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Go on with a round that broke off, or begin one."""
        self.round = read_round(self.cursors.get("round"), self.now)

    def run(self) -> FetchResult:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        swept = read_mark(self.cursors.get("sweep"))
        every = timedelta(hours=self.settings.sweep_hours)
        is_sweep = is_sweep_due(swept.read_at if swept else None, self.now, every=every)
        # own posts first: they say which threads there are; then what points into them
        streams: list[tuple[str, Callable[[], None]]] = [
            ("own", self._own),
            ("notifications", lambda: self._notifications(is_sweep=is_sweep)),
            ("threads", lambda: self._threads(is_sweep=is_sweep)),
            ("quotes", lambda: self._quotes(is_sweep=is_sweep)),
        ]
        if is_sweep and self.settings.search:
            streams.append(("search", lambda: self._search(swept)))
        for name, read in streams:
            try:
                read()
            except AdapterError as error:
                ends_all = strikes_the_account(error)
                self.troubles.append(trouble_of(error, None if ends_all else name))
                if ends_all:
                    break
            else:
                # without the own posts there was nothing to read these by
                if name not in _BY_OWN_POSTS or "own" in self.complete:
                    self.complete.append(name)
        self.bad -= self.items.keys()  # unreadable in one list, and read in another
        self._book_round(is_whole=len(self.complete) == len(streams))
        if is_sweep and not self.troubles and not self.bad:
            self.new_cursors["sweep"] = str(Mark(read_at=self.now))
        return self._result()

    def _book_round(self, *, is_whole: bool) -> None:
        if not is_whole:
            self.round.forget(self.read)
            self.new_cursors["round"] = str(self.round)
        elif self.cursors.get("round"):
            self.new_cursors["round"] = ""

    def _result(self) -> FetchResult:
        if self.bad:
            self.troubles.append(Trouble(reason=Reason.MALFORMED, detail=f"{len(self.bad)} unreadable posts"))
        coverage = Coverage.COMPLETE
        if self.troubles:
            coverage = Coverage.PARTIAL if self.complete or self.items else Coverage.FAILED
        # a gate may have been read after what it hides
        items = [
            replace(i, visibility=Visibility.HIDDEN) if i.external_id in self.hidden else i for i in self.items.values()
        ]
        return FetchResult(
            account=self.view.account,
            coverage=coverage,
            items=tuple(sorted(items, key=lambda i: (i.published_at, i.external_id))),
            cursors=self.new_cursors,
            troubles=tuple(self.troubles),
            malformed=len(self.bad),
            calls=self.client.calls,
        )

    # ---- own posts ---------------------------------------------------------------------------------------------

    def _own(self) -> None:
        mark = read_mark(self.cursors.get("own"))
        horizon = horizon_from(mark, self.now, look_back=self.look_back)
        seen: list[str] = []
        for rows in self.client.author_feed(self.did):
            posts = [_post_in(row) for row in rows]
            seen += filter(None, (self._take_own(post, horizon) for post in posts))
            # what was passed on stands where that was done, which says nothing of how old the post is
            times = [listed_time(p) for row, p in zip(rows, posts, strict=True) if not _has_reason(row)]
            if times and all(t is not None and t < horizon for t in times):
                break
        self._expect(mark, seen, "own posts")
        if not seen and (mark is None or mark.newest is None):
            self._check_silence()
        self.new_cursors["own"] = str(Mark(read_at=self.now, newest=next(iter(seen), None)))

    def _take_own(self, post: object, horizon: datetime) -> str | None:
        """Keep an own post, and remember to look under it while it is young; a repost says nothing of its own."""
        uri = post_uri(post)
        if uri is not None and not self.view.is_own(uri):
            return None
        item = self._add(post)
        if item is None:
            return None
        self.hidden.update(hidden_in(post))
        if item.published_at >= horizon:
            root = item.thread_id if item.parent_id else item.external_id
            replies, quotes = count_in(post, "replyCount"), count_in(post, "quoteCount")
            self.own[item.external_id] = Row(item.external_id, root, replies, quotes)
        return item.external_id

    def _check_silence(self) -> None:
        """An account that has posts, by its profile, and shows none at all, does not show them."""
        if (count_in(self.client.profile(self.did), "postsCount") or 0) > TOLERATED_SILENCE:
            raise self._suspicious("Bluesky counts posts of the account and shows none of them")

    # ---- what others wrote -------------------------------------------------------------------------------------

    def _notifications(self, *, is_sweep: bool) -> None:
        """Read what was told since the last time; where that broke off, from its page on, and then what came since."""
        mark = read_mark(self.cursors.get("notifications"))
        horizon = horizon_from(mark, self.now, look_back=self.look_back)
        if not is_sweep and mark is not None:
            horizon = max(horizon, mark.read_at - OVERLAP)
        if self.round.page is not None:
            self._go_on_with_notifications(horizon, mark)
        if self.round.told_at is not None:
            horizon = self.round.told_at - STARTED
        begun_at = self.round.begun_at if self.round.told_at is not None else self.now
        seen = self._told_since(horizon, mark, is_from_top=True)
        if not self.round.has_newest:
            self._expect_told(mark, seen)
        self.round.told_at = None if self.bad else self.now  # what could not be read is read again
        newest = next(iter(seen), mark.newest if mark is not None else None)
        self.new_cursors["notifications"] = str(Mark(read_at=begun_at, newest=newest))

    def _expect_told(self, mark: Mark | None, seen: Iterable[str]) -> None:
        """As `_expect`; a list that does not tell the truth is read anew from the top."""
        try:
            self._expect(mark, seen, "notifications")
        except AdapterError:
            self.round.page = self.round.told_at = None
            raise

    def _go_on_with_notifications(self, horizon: datetime, mark: Mark | None) -> None:
        try:
            self._told_since(horizon, mark, page=self.round.page)
        except AdapterError as error:
            if error.reason is not Reason.INTERNAL:
                raise
            self.round.page = None  # it is not known any more: all is read from the top
        else:
            self.round.told_at = self.round.begun_at

    def _told_since(
        self, horizon: datetime, mark: Mark | None, *, page: str | None = None, is_from_top: bool = False
    ) -> list[str]:
        """Read notifications down to the horizon, and return the posts they tell of. Each page read is booked."""
        seen: list[str] = []
        for rows, following in self.client.notifications_from(page):
            for row in rows:
                if _reason_of(row) not in REASONS:
                    continue  # a like or a follow, by a server that does not heed what was asked for
                item = self._add(row)
                if item is not None:
                    seen.append(item.external_id)
                    if item.published_at >= horizon:  # a page reaches further back than was asked for
                        self._note_subject(row, item)
            self.round.has_newest |= mark is not None and mark.newest in seen
            times = [listed_time(row) for row in rows]
            if times and all(t is not None and t < horizon for t in times):
                break
            # what was told since an end was reached is little: that is read anew from the top
            if (self.round.told_at is None or not is_from_top) and not self.bad:
                self.round.page = following
        self.round.page = None
        return seen

    def _note_subject(self, row: object, item: Item) -> None:
        """Remember which own post a notification points to: a reply's branch, or its whole thread."""
        subject = row.get("reasonSubject") if isinstance(row, dict) else None
        named = item.root_id or (subject if isinstance(subject, str) else None)
        if item.kind is not ItemKind.COMMENT or named is None or not self.view.is_own(named):
            return
        arrived_at = parse_time(row.get("indexedAt")) if isinstance(row, dict) else None
        if not self.round.has_shown(named, arrived_at):
            self.round.pointed_to[item.external_id] = named

    def _threads(self, *, is_sweep: bool) -> None:
        mark = read_mark(self.cursors.get("threads"))
        counted = shown = failures = 0
        trouble: AdapterError | None = None
        read_before = frozenset(self.round.threads)
        blocked = 0
        for uri in self._thread_tops(is_sweep=is_sweep):
            replies = self.own[uri].replies if uri in self.own else None
            if uri in self.read or self.round.is_read(uri, replies):
                continue
            bad = len(self.bad)
            try:
                reading = self._thread(uri)
                # one in which something could not be seen is read again: the next fetch must say so, too
                if len(self.bad) == bad and not reading.blocked:
                    self.round.book_thread(uri, replies)
            except NotThereError:
                continue  # deleted a moment ago
            except AdapterError as error:
                failures += 1
                trouble = trouble or error
                if strikes_the_account(error) or failures >= MOST_FAILURES:
                    raise
                continue
            counted, shown, blocked = counted + reading.counted, shown + reading.shown, blocked + reading.blocked
        if trouble is not None:
            raise trouble
        if shown == 0 and counted > TOLERATED_SILENCE:
            raise self._suspicious("Bluesky counts replies to own posts and shows none of them")
        self.new_cursors["threads"] = self._mark_of("replies", mark, self.in_threads, was_read=read_before)
        self._note_blocked(blocked)

    def _thread_tops(self, *, is_sweep: bool) -> Iterator[str]:
        """Give the own posts whose threads are to be read: roots first, for they hold most of the others."""
        tops = [row for row in self.own.values() if row.root == row.uri]
        replies = [row for row in self.own.values() if row.root != row.uri]
        for row in (*tops, *replies):
            if row.replies != 0 or (is_sweep and row.root == row.uri):
                yield row.uri
        # read last: by now most of what notifications name was found where it stands
        for reply, named in list(self.round.pointed_to.items()):
            if reply not in self.read:
                yield named
            if reply not in self.read:
                yield reply  # what stood above it is gone, and its branch is no longer shown from the top

    def _thread(self, uri: str) -> Reading:
        """Read a thread to its end: branches that were left out are asked for by their own tops.

        What is left of one that breaks off, or that is too long for one fetch, is the next one's.

        Raises:
            NotThereError: The post at its top is gone.
        """
        left = self.round.branches.get(uri)
        top = self._branch(uri) if left is None else Reading()
        waiting = list(top.cut) if left is None else left
        for _ in range(MOST_CUT_BRANCHES):
            if not waiting:
                return top
            self.round.book_branches(uri, waiting)
            branch = waiting.pop()
            if branch in self.read:
                continue
            try:
                reading = self._branch(branch)
            except NotThereError:
                continue
            waiting += reading.cut
            top.blocked += reading.blocked
        if not waiting:
            return top
        self.round.book_branches(uri, waiting)
        raise self._broken("a thread is too long for one fetch: the next one goes on with it", Reason.INCOMPLETE)

    def _branch(self, uri: str) -> Reading:
        """Read what one answer shows of a thread, and keep it."""
        reading = read_thread(self.client.thread(uri))
        self.read.add(uri)
        self.hidden |= reading.hidden
        self.bad.update(f"{uri}#{n}" for n in range(reading.broken))
        for post in reading.posts:
            item = self._add(post)
            if item is None:
                continue
            if item.external_id not in reading.cut:
                self.read.add(item.external_id)
            is_shown_below = item.external_id != uri and not item.by_account and self.view.is_own(item.parent_id)
            if is_shown_below and item.parent_id is not None:
                self.in_threads[item.external_id] = item.parent_id
        if reading.counted - reading.shown > TOLERATED_SHORTFALL:
            raise self._suspicious("Bluesky counts many more replies to a post than it shows")
        return reading

    def _note_blocked(self, count: int) -> None:
        if count:
            detail = f"{count} replies cannot be seen: their authors block the account or are blocked by it"
            self.troubles.append(Trouble(reason=Reason.PERMISSION, detail=detail, stream="threads"))

    def _quotes(self, *, is_sweep: bool) -> None:
        mark = read_mark(self.cursors.get("quotes"))
        read_before = frozenset(self.round.quotes)
        for row in self.own.values():
            if row.quotes == 0 and not (is_sweep and row.root == row.uri):
                continue
            if row.quotes is not None and self.round.quotes.get(row.uri) == row.quotes:
                continue
            bad = len(self.bad)
            try:
                self._take_quotes(row.uri)
            except NotThereError:
                continue  # deleted a moment ago
            if row.quotes is not None and len(self.bad) == bad:
                self.round.quotes[row.uri] = row.quotes
        self.new_cursors["quotes"] = self._mark_of("quotes", mark, self.quoting, was_read=read_before)

    def _mark_of(self, what: str, mark: Mark | None, found: Mapping[str, str], *, was_read: Collection[str]) -> str:
        """Return the cursor of what stands by own posts, `was_read` of which an earlier fetch of this round has read.

        Raises:
            RetriableError: The newest one known before is there, and did not come again.
        """
        known_root = mark.root if mark is not None else None
        self._expect(mark, found, what, is_there=known_root in self.own and known_root not in was_read)
        newest = self._newest(found)
        if newest is None and mark is not None and known_root in was_read:
            return str(replace(mark, read_at=self.round.begun_at))
        return str(Mark(read_at=self.round.begun_at, newest=newest, root=found.get(newest or "")))

    def _take_quotes(self, uri: str) -> None:
        for posts in self.client.quotes(uri):
            for post in posts:
                item = self._add(post)
                if item is not None and not item.by_account:
                    self.quoting[item.external_id] = uri

    def _search(self, swept: Mark | None) -> None:
        """Look for mentions that no notification told of. A server without a search has none to offer."""
        if self.handle is None:
            return
        horizon = horizon_from(swept, self.now, look_back=self.look_back)
        since = horizon.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        try:
            for posts in self.client.mentions_found(self.did, self.handle, since=since):
                for post in posts:
                    self._take_found(post)
        except AdapterError as error:
            if error.reason is not Reason.UNSUPPORTED:
                raise

    def _take_found(self, post: object) -> None:
        """A search may be generous: what neither names nor quotes the account nor answers it is none of ours."""
        uri = post_uri(post)
        if uri is None or uri in self.items or self.view.is_own(uri):
            return
        if self.view.own_ids & _named_in(post):
            self._add(post)

    # ---- what must come again ----------------------------------------------------------------------------------

    def _expect(self, mark: Mark | None, seen: Iterable[str], what: str, *, is_there: bool = True) -> None:
        """See that the newest post known from a list is still in it, or gone from Bluesky too.

        Raises:
            RetriableError: It is there, so that the list did not tell the truth.
        """
        newest = mark.newest if mark is not None and is_there else None
        if newest is None or newest in seen:
            return
        if self._is_there(newest):
            raise self._suspicious(f"Bluesky's list of {what} leaves out one that was in it and is still there")

    def _is_there(self, uri: str) -> bool:
        """Ask by the post's own address, which is told apart from a list that says nothing."""
        try:
            node = self.client.thread(uri, depth=0).get("thread")
        except NotThereError:
            return False
        post = node.get("post") if isinstance(node, dict) else None
        return post_uri(post) == uri and not is_muted_or_detached(post)

    def _newest(self, uris: Iterable[str]) -> str | None:
        known = [self.items[u] for u in uris if u in self.items]
        return max(known, key=lambda i: (i.published_at, i.external_id)).external_id if known else None

    # ---- the rest ----------------------------------------------------------------------------------------------

    def _add(self, raw: object) -> Item | None:
        """Map a post and keep it; one that cannot be read is counted once, wherever it shows."""
        try:
            item = map_post(raw, self.view)
        except MalformedItemError:
            self.bad.add(post_uri(raw) or f"#{len(self.bad)}")
            return None
        self.items.setdefault(item.external_id, item)
        return item

    def _suspicious(self, message: str) -> RetriableError:
        return self._broken(message, Reason.SUSPICIOUS_EMPTY)

    def _broken(self, message: str, reason: Reason) -> RetriableError:
        return RetriableError(message, platform=PLATFORM, reason=reason, account=self.view.account)


def _post_in(row: object) -> object:
    return row.get("post") if isinstance(row, dict) else None


def _reason_of(row: object) -> object:
    """Return a notification's reason. One that cannot be read is taken for one that was asked for."""
    reason = row.get("reason") if isinstance(row, dict) else None
    return reason if isinstance(reason, str) else REASONS[0]


def _has_reason(row: object) -> bool:
    return isinstance(row, dict) and row.get("reason") is not None


def _named_in(value: object) -> set[str]:
    """Return the texts in a post's record, addresses as their authors' DIDs: whom it names, answers or quotes."""
    record = value.get("record") if isinstance(value, dict) else None
    found: set[str] = set()
    waiting: list[object] = [record]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str):
            found.add(author_in(part) or part)
    return found
