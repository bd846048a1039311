"""One account's fetch: stream after stream, each with a cursor and troubles of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AccountError, AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.x.client import Body, XClient, rows_of
from watchdaemon_adapters.x.mapping import Author, View, authors_in, item_id, map_message, map_post
from watchdaemon_adapters.x.marks import (
    OVERLAP,
    Mark,
    has_gap,
    mark_after,
    reach_from,
    read_mark,
    read_roots,
    write_roots,
)
from watchdaemon_adapters.x.problems import trouble_of
from watchdaemon_adapters.x.settings import XSettings

# how far the service reaches, by its documentation of the timelines, of search and of messages
MENTIONS_REACHABLE = 800
OWN_POSTS_REACHABLE = 3200
SEARCH_REACH = timedelta(days=7)
MESSAGES_REACH = timedelta(days=30)

# a search query may have 512 characters; ten conversations with the longest ids stay well below
QUERY_LENGTH = 512
QUERY_CONVERSATIONS = 10

Mapper = Callable[[object, Mapping[str, Author], View], Item | None]


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
            newest, count = self._take("own", pages, map_post)
        finally:
            self._keep_roots()
        self.new_cursors["own"] = str(mark_after(mark, reach, newest, self.now))
        self._note_limit("own", count, OWN_POSTS_REACHABLE)

    def _keep_roots(self) -> None:
        """Remember own posts for as long as their conversations and quotes are read."""
        for item in self.items.values():
            if item.by_account and item.kind is ItemKind.POST:
                self.roots[item.external_id] = item.published_at
        oldest = self.now - SEARCH_REACH - OVERLAP
        self.roots = {post_id: at for post_id, at in self.roots.items() if at >= oldest}
        self.new_cursors["roots"] = write_roots(self.roots)

    def _mentions(self) -> None:
        mark = read_mark(self.cursors.get("mentions"))
        reach = reach_from(mark, self.now, look_back=self.look_back)
        pages = self.client.mentions(self.user_id, max_results=self.settings.page_size, **reach.parameters)
        newest, count = self._take("mentions", pages, map_post)
        self.new_cursors["mentions"] = str(mark_after(mark, reach, newest, self.now))
        self._note_limit("mentions", count, MENTIONS_REACHABLE)

    def _search(self) -> None:
        """Replies to own posts from which the replier took the account's name: no mention tells of them."""
        mark = read_mark(self.cursors.get("search"))
        reach = reach_from(mark, self.now, look_back=self.look_back, limit=SEARCH_REACH)
        newest: int | None = None
        for query in _queries(self._roots_since(timedelta(days=self.settings.search_days)), self.user_id):
            pages = self.client.search(query, max_results=self.settings.page_size, **reach.parameters)
            found, _ = self._take("search", pages, map_post)
            newest = max(filter(None, (newest, found)), default=None)
        self.new_cursors["search"] = str(mark_after(mark, reach, newest, self.now))
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
        newest, _ = self._take("messages", self._until_known(pages, mark), map_message)
        ids = [i for i in (mark.newest if mark else None, newest) if i is not None]
        self.new_cursors["messages"] = str(Mark(max(ids, default=None), self.now))
        self._note_gap("messages", mark, MESSAGES_REACH)

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

    def _take(self, stream: str, pages: Iterable[Body], mapper: Mapper) -> tuple[int | None, int]:
        """Map every row of every page; returns the newest id and how many rows there were."""
        newest: int | None = None
        count = bad = 0
        try:
            for body in pages:
                authors, view = authors_in(body), self._view()
                for row in rows_of(body):
                    count += 1
                    newest = max(filter(None, (newest, item_id(row))), default=None)
                    try:
                        self._add(mapper(row, authors, view))
                    except MalformedItemError:
                        bad += 1
        finally:
            self._note_malformed(stream, bad)
        return newest, count

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
