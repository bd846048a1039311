"""One account's fetch: stream after stream, each with a cursor and troubles of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AccountError, AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.x.client import Body, XClient, rows_of
from watchdaemon_adapters.x.mapping import (
    Author,
    View,
    authors_in,
    item_id,
    latest_version,
    map_message,
    map_post,
    parse_time,
)
from watchdaemon_adapters.x.marks import (
    OVERLAP,
    Mark,
    Reach,
    has_gap,
    mark_after,
    reach_from,
    read_mark,
    read_roots,
    write_roots,
)
from watchdaemon_adapters.x.problems import PLATFORM, errors_of, trouble_of
from watchdaemon_adapters.x.settings import XSettings

# how far the service reaches, by its documentation of the timelines, of search and of messages
MENTIONS_REACHABLE = 800
OWN_POSTS_REACHABLE = 3200
SEARCH_REACH = timedelta(days=7)
MESSAGES_REACH = timedelta(days=30)

# a search query may have 512 characters: ten conversations with the longest ids stay well below
QUERY_CONVERSATIONS = 10

# how long the newest known mention or message must come again when it is asked for
EXPECTED_AGAIN = timedelta(days=7)

Mapper = Callable[[object, Mapping[str, Author], View], Item | None]


@dataclass
class Taken:
    """What a listing held: how many rows, how many of them unreadable, and the newest."""

    rows: int = 0
    bad: int = 0
    newest: tuple[int, datetime | None] | None = None

    def saw(self, row: object) -> None:
        """Count a row."""
        self.rows += 1
        row_id = item_id(row)
        if row_id is not None and (self.newest is None or row_id > self.newest[0]):
            self.newest = (row_id, parse_time(row.get("created_at")) if isinstance(row, dict) else None)

    def add(self, other: "Taken") -> None:
        """Count another listing's rows too."""
        self.rows += other.rows
        self.bad += other.bad
        if other.newest is not None and (self.newest is None or other.newest[0] > self.newest[0]):
            self.newest = other.newest


@dataclass(kw_only=True)
class Fetch:
    """What a fetch needs, and what it has gathered so far."""

    client: XClient
    settings: XSettings
    account: str
    user_id: str
    own_ids: frozenset[str]
    cursors: Cursors
    look_back: timedelta
    now: datetime
    roots: dict[str, datetime] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    new_cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    malformed: int = 0
    complete_streams: int = 0

    def run(self) -> FetchResult:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        self.roots = read_roots(self.cursors.get("roots"))
        # own posts first: they say which conversations are the account's
        streams: list[tuple[str, Callable[[], None]]] = [("own", self._own), ("mentions", self._mentions)]
        if self.settings.search_days:
            streams.append(("search", self._search))
        if self.settings.quotes_days:
            streams.append(("quotes", self._quotes))
        if self.settings.messages:
            streams.append(("messages", self._messages))
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

    def _result(self) -> FetchResult:
        coverage = Coverage.COMPLETE
        if self.troubles:
            coverage = Coverage.PARTIAL if self.complete_streams or self.items else Coverage.FAILED
        return FetchResult(
            account=self.account,
            coverage=coverage,
            items=tuple(sorted(self.items.values(), key=lambda i: (i.published_at, i.external_id))),
            cursors=self.new_cursors,
            troubles=tuple(self.troubles),
            malformed=self.malformed,
            calls=self.client.calls,
        )

    def _own(self) -> None:
        mark = read_mark(self.cursors.get("own"))
        reach = reach_from(mark, self.now, look_back=self.look_back)
        pages = self.client.own_posts(self.user_id, max_results=self.settings.page_size, **reach.parameters)
        try:
            taken = self._take("own", pages, map_post)
        finally:
            self._keep_roots()
        mark = self._believed(mark, taken)
        self.new_cursors["own"] = str(_advanced(mark, reach, taken, self.now))
        self._note_limit("own", taken.rows, OWN_POSTS_REACHABLE)

    def _keep_roots(self) -> None:
        """Remember own posts for as long as what stands under them is read, and place own replies under them."""
        for item in self.items.values():
            if item.by_account and item.kind is ItemKind.POST:
                self.roots[item.external_id] = item.published_at
        oldest = self.now - max(self.look_back, SEARCH_REACH) - OVERLAP
        self.roots = {post_id: at for post_id, at in self.roots.items() if at >= oldest}
        self.new_cursors["roots"] = write_roots(self.roots)
        # newest first: an own reply was mapped before the own post above it was known
        for item in self.items.values():
            if item.kind is ItemKind.COMMENT and item.thread_id in self.roots:
                self.items[item.external_id] = replace(item, root_id=item.thread_id)

    def _mentions(self) -> None:
        mark = self._fresh(read_mark(self.cursors.get("mentions")))
        reach = reach_from(mark, self.now, look_back=self.look_back)
        pages = self.client.mentions(self.user_id, max_results=self.settings.page_size, **reach.parameters)
        taken = self._take("mentions", pages, map_post)
        mark = self._believed(mark, taken)
        self.new_cursors["mentions"] = str(_advanced(mark, reach, taken, self.now))
        self._note_limit("mentions", taken.rows, MENTIONS_REACHABLE)

    def _search(self) -> None:
        """Replies to own posts from which the replier took the account's name: no mention tells of them."""
        mark = read_mark(self.cursors.get("search"))
        reach = reach_from(mark, self.now, look_back=self.look_back, limit=SEARCH_REACH)
        taken = Taken()
        for query in _queries(self._roots_since(timedelta(days=self.settings.search_days)), self.user_id):
            pages = self.client.search(query, max_results=self.settings.page_size, **reach.parameters)
            taken.add(self._take("search", pages, map_post))
        self.new_cursors["search"] = str(_advanced(mark, reach, taken, self.now))
        self._note_gap("search", mark, SEARCH_REACH)

    def _quotes(self) -> None:
        for post_id in self._roots_since(timedelta(days=self.settings.quotes_days)):
            try:
                self._take("quotes", self.client.quotes(post_id, max_results=self.settings.page_size), map_post)
            except AccountError as error:
                if error.reason is not Reason.GONE:
                    raise
                # deleted since: it has no quotes to read, and the account itself is there
                self.roots.pop(post_id, None)
                self.new_cursors["roots"] = write_roots(self.roots)

    def _messages(self) -> None:
        """Direct messages know no since_id: pages are read until one holds a message that is known."""
        mark = read_mark(self.cursors.get("messages"))
        pages = self.client.messages(max_results=self.settings.message_page_size)
        taken = self._take("messages", self._until_known(pages, mark), map_message)
        fresh = self._fresh(mark)
        if taken.rows == 0 and fresh is not None and fresh.newest is not None:
            raise self._suspicious("X showed messages of the last days before, and now none at all")
        self.new_cursors["messages"] = str(_advanced(mark, Reach(start_time=self.now), taken, self.now))
        self._note_gap("messages", mark, MESSAGES_REACH)

    def _fresh(self, mark: Mark | None) -> Mark | None:
        """Leave out a newest row that may be missing for a good reason.

        Blocking its author or tidying the inbox takes rows away without a word. After a while that is believed.
        """
        if mark is None or (mark.newest_at is not None and mark.newest_at >= self.now - EXPECTED_AGAIN):
            return mark
        return replace(mark, newest=None, newest_at=None)

    def _believed(self, mark: Mark | None, taken: Taken) -> Mark | None:
        """Return the mark to go on from; an answer without the newest known post is believed only if that is gone.

        Raises:
            RetriableError: The post is there, so that the listing did not tell the truth.
        """
        if taken.rows or mark is None or mark.newest is None:
            return mark
        newest = str(mark.newest)
        body = self.client.look_up([newest])
        refused = any(str(e.get("resource_id", e.get("value"))) == newest for e in errors_of(body))
        edited = any(latest_version(row) not in (None, newest) for row in rows_of(body))
        if not refused and not edited:
            raise self._suspicious("X's list is empty, although the newest post known from it is still there")
        return replace(mark, newest=None, newest_at=None)

    def _suspicious(self, message: str) -> RetriableError:
        return RetriableError(message, platform=PLATFORM, reason=Reason.SUSPICIOUS_EMPTY, account=self.account)

    def _until_known(self, pages: Iterable[Body], mark: Mark | None) -> Iterator[Body]:
        for body in pages:
            yield body
            rows = rows_of(body)
            known = mark.newest if mark else None
            if known is not None and any((item_id(row) or known + 1) <= known for row in rows):
                return
            if mark is None and rows and self._all_before_look_back(body):
                return

    def _all_before_look_back(self, body: Body) -> bool:
        view = self._view()
        for row in rows_of(body):
            try:
                item = map_message(row, {}, view)
            except MalformedItemError:
                return False
            if item is None or item.published_at >= self.now - self.look_back:
                return False
        return True

    def _take(self, stream: str, pages: Iterable[Body], mapper: Mapper) -> Taken:
        """Map every row of every page, and say what there was."""
        taken = Taken()
        try:
            for body in pages:
                authors, view = authors_in(body), self._view()
                for row in rows_of(body):
                    taken.saw(row)
                    try:
                        self._add(mapper(row, authors, view))
                    except MalformedItemError:
                        taken.bad += 1
        finally:
            self._note_malformed(stream, taken.bad)
        return taken

    def _view(self) -> View:
        return View(account=self.account, own_ids=self.own_ids, roots=frozenset(self.roots))

    def _add(self, item: Item | None) -> None:
        """Keep an item; of two versions of an edited post, the newer."""
        if item is None:
            return
        held = self.items.get(item.external_id)
        if held is None or _version(item) >= _version(held):
            self.items[item.external_id] = item

    def _note_malformed(self, stream: str, count: int) -> None:
        if count:
            self.malformed += count
            self.troubles.append(Trouble(reason=Reason.MALFORMED, detail=f"{count} unreadable items", stream=stream))

    def _note_limit(self, stream: str, count: int, reachable: int) -> None:
        """At the service's limit it just stops, without a word: what lies beyond can never be read."""
        if count >= reachable:
            detail = f"X shows no more than the newest {reachable}; older ones may be missing"
            self.troubles.append(Trouble(reason=Reason.INCOMPLETE, detail=detail, stream=stream))

    def _note_gap(self, stream: str, mark: Mark | None, limit: timedelta) -> None:
        if has_gap(mark, self.now, limit=limit):
            detail = f"last read more than {limit.days} days ago, and X reaches no further back"
            self.troubles.append(Trouble(reason=Reason.INCOMPLETE, detail=detail, stream=stream))

    def _roots_since(self, age: timedelta) -> list[str]:
        return sorted((i for i, at in self.roots.items() if at >= self.now - age), key=int)


def _advanced(mark: Mark | None, reach: Reach, taken: Taken, now: datetime) -> Mark:
    """Return the next mark. After unreadable rows the next read overlaps at once: they may be readable by then."""
    following = mark_after(mark, reach, taken.newest, now)
    return replace(following, newest=None, newest_at=None) if taken.bad else following


def _version(item: Item) -> int:
    return int(item.extra.get("version_id", item.external_id))


def _queries(post_ids: list[str], user_id: str) -> Iterator[str]:
    """Ask for several conversations at once, as many as a query may hold; own replies come with the own posts."""
    for start in range(0, len(post_ids), QUERY_CONVERSATIONS):
        terms = " OR ".join(f"conversation_id:{i}" for i in post_ids[start : start + QUERY_CONVERSATIONS])
        yield f"({terms}) -from:{user_id}"


def _strikes_the_account(error: AdapterError) -> bool:
    """A dead token or spent credits end the fetch: every further call would say the same."""
    if isinstance(error, RetriableError):
        return error.reason is Reason.QUOTA
    return error.reason is Reason.UNAUTHORISED
