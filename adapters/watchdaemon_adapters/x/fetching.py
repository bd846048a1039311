"""One account's fetch: stream after stream, each with a cursor and troubles of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters.x.client import Body, rows_of
from watchdaemon_adapters.x.gathering import Gathering
from watchdaemon_adapters.x.listing import Listing
from watchdaemon_adapters.x.mapping import item_id, map_post, parse_time
from watchdaemon_adapters.x.marks import (
    OVERLAP,
    Mark,
    Range,
    gaps,
    next_range,
    read_mark,
    read_roots,
    write_roots,
)
from watchdaemon_adapters.x.messages import read_messages
from watchdaemon_adapters.x.problems import trouble_of
from watchdaemon_adapters.x.quotes import read_quotes
from watchdaemon_adapters.x.searching import SEARCH_REACH, Search
from watchdaemon_adapters.x.silence import book_sound, confirm_silence

# how far the service reaches, by its documentation of the timelines
MENTIONS_REACHABLE = 800
OWN_POSTS_REACHABLE = 3200

# so many items are handed over at once; a fetch that is killed loses no more than these
PIECE = 500

# cursors that a silence may not move before it is believed: what was hidden is still to be read
_SILENT = ("own", "messages", "mentions", "search", "searching", "searched", "quotes")

Stream = Callable[[], Iterator[None]]


@dataclass(kw_only=True)
class Fetch:
    """One account's fetch, in pieces."""

    gathering: Gathering
    has_messages: bool
    has_complete_stream: bool = False
    has_items: bool = False
    calls_told: int = 0
    has_all_mentions: bool = False  # their list was read to its end; all of them are known, or …
    lowest_mention: tuple[int, datetime | None] | None = None  # … surely those down to this one

    def run(self) -> Iterator[FetchResult]:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        found = self.gathering
        found.roots = read_roots(found.cursors.get("roots"))
        for name, read in self._streams():
            calls = found.client.calls
            try:
                for _ in read():
                    if len(found.items) >= PIECE:
                        yield self._piece()
            except AdapterError as error:
                if self._is_struck_by(error, name):
                    break
            else:
                # A stream that had nothing to ask (no own post, so no quotes) has seen nothing.
                self.has_complete_stream = self.has_complete_stream or found.client.calls > calls
            if len(found.items) >= PIECE:
                yield self._piece()
        else:
            self._judge_silence()
        yield self._last_piece()

    def _is_struck_by(self, error: AdapterError, stream: str | None) -> bool:
        """Note a trouble; tell whether it ends the fetch."""
        ends_all = _strikes_the_account(error)
        self.gathering.troubles.append(trouble_of(error, None if ends_all else stream))
        return ends_all

    def _judge_silence(self) -> None:
        """Not one row in any list: believed only when something speaks for it."""
        found = self.gathering
        if found.rows:
            book_sound(found)
            return
        try:
            confirm_silence(found)
        except AdapterError as error:
            self.has_complete_stream = False
            self._is_struck_by(error, None)
            for name in _SILENT:
                found.new_cursors.pop(name, None)

    def _streams(self) -> Iterator[tuple[str, Stream]]:
        """Own posts first: they say which conversations are the account's. Mentions after whatever proves the token."""
        settings = self.gathering.settings
        yield "own", self._own
        if self.has_messages:
            yield "messages", lambda: read_messages(self.gathering)
        yield "mentions", self._mentions
        if settings.search_days:
            yield "search", self._search
        if settings.quotes_days:
            yield "quotes", lambda: read_quotes(self.gathering)

    # ---- results ---------------------------------------------------------------------------------------------------

    def _piece(self) -> FetchResult:
        """Hand over what there is so far; the troubles come with the last piece."""
        found = self.gathering
        found.new_cursors["authors"] = str(found.authors)
        calls, self.calls_told = found.client.calls - self.calls_told, found.client.calls
        self.has_items = self.has_items or bool(found.items)
        result = FetchResult(
            account=found.account,
            coverage=Coverage.COMPLETE,
            items=tuple(sorted(found.items.values(), key=lambda i: (i.published_at, i.external_id))),
            cursors=dict(found.new_cursors),
            calls=calls,
            is_final=False,
        )
        found.items.clear()
        return result

    def _last_piece(self) -> FetchResult:
        last, coverage, troubles = self._piece(), Coverage.COMPLETE, self.gathering.all_troubles()
        if troubles:
            coverage = Coverage.PARTIAL if self.has_complete_stream or self.has_items else Coverage.FAILED
        return replace(
            last,
            coverage=coverage,
            troubles=troubles,
            malformed=self.gathering.malformed,
            is_final=True,
        )

    # ---- own posts and answers -------------------------------------------------------------------------------------

    def _own(self) -> Iterator[None]:
        found = self.gathering
        listing = Listing("own", found, read_mark(found.cursors.get("own")), self._ask_own)
        try:
            # no piece is handed over before all are there: the roots of its answers may stand further down
            for _ in self._read(listing, "own", OWN_POSTS_REACHABLE):
                pass
        finally:
            self._keep_roots()
        yield

    def _ask_own(self, wanted: Range) -> Iterator[Body]:
        found = self.gathering
        return found.client.own_posts(found.user_id, max_results=found.settings.page_size, **wanted.parameters)

    def _keep_roots(self) -> None:
        """Remember own posts for as long as what stands under them is read, and place own replies under them."""
        found = self.gathering
        for item in found.items.values():
            if item.by_account and item.kind is ItemKind.POST:
                found.roots[item.external_id] = item.published_at
        oldest = found.now - max(found.look_back, SEARCH_REACH) - OVERLAP
        found.roots = {post_id: at for post_id, at in found.roots.items() if at >= oldest}
        found.new_cursors["roots"] = write_roots(found.roots)
        # newest first: an own reply was mapped before the own post above it was known
        for item in list(found.items.values()):
            if item.kind is ItemKind.COMMENT and item.thread_id in found.roots:
                found.items[item.external_id] = replace(item, root_id=item.thread_id)

    def _read(self, listing: Listing, stream: str, reachable: int) -> Iterator[None]:
        """Read a timeline: what is new, and the gaps in which something may have turned up late."""
        found = self.gathering
        before = read_mark(found.cursors.get(stream))
        late = gaps(before, found.now)
        yield from listing.read(next_range(before, found.now, look_back=found.look_back), late)
        if before is None or late:
            listing.looked()
        if listing.rows >= reachable:
            # at the service's limit it just stops, without a word: what lies beyond can never be read
            found.note_incomplete(stream, f"X shows no more than the newest {reachable}; older ones may be missing")

    # ---- mentions --------------------------------------------------------------------------------------------------

    def _mentions(self) -> Iterator[None]:
        found = self.gathering
        before = read_mark(found.cursors.get("mentions"))
        listing = Listing("mentions", found, before, self._ask_mentions)
        yield from self._read(listing, "mentions", MENTIONS_REACHABLE)
        if listing.rows == 0:
            try:
                self._search_for_mentions(before)
            except AdapterError:
                found.new_cursors.pop("mentions", None)
                raise
            yield
        self._judge_mentions(before, listing)

    def _judge_mentions(self, before: Mark | None, listing: Listing) -> None:
        """Say down to where every mention is known, now that the list was read to its end.

        A list that was begun by an earlier fetch may have ended there where X stops: only a list that this fetch read
        alone, and that was short, holds them all.
        """
        is_whole = before is None and listing.rows < MENTIONS_REACHABLE
        if is_whole:
            self.lowest_mention = None
        elif self.lowest_mention is None and before is not None and before.newest is not None:
            self.lowest_mention = before.newest, before.newest_at
        self.has_all_mentions = is_whole or self.lowest_mention is not None

    def _ask_mentions(self, wanted: Range) -> Iterator[Body]:
        found = self.gathering
        before = read_mark(found.cursors.get("mentions"))
        # what is new, and what broke off below it, but not a gap further down
        is_in_sequence = wanted.until_id is None or (before is not None and wanted in before.rest)
        for body in found.client.mentions(found.user_id, max_results=found.settings.page_size, **wanted.parameters):
            if is_in_sequence:
                for row in rows_of(body):
                    self._note_mention(row)
            yield body

    def _note_mention(self, row: object) -> None:
        post_id = item_id(row)
        if isinstance(row, dict) and post_id and (self.lowest_mention is None or post_id < self.lowest_mention[0]):
            self.lowest_mention = post_id, parse_time(row.get("created_at"))

    def _search_for_mentions(self, before: Mark | None) -> None:
        """Do not take an empty list of mentions for quiet without a second opinion.

        The search is asked for the same posts, which costs nothing where there are none.

        Raises:
            AdapterError: What strikes the account; where the search alone fails, the list's word stands.
        """
        found = self.gathering
        if found.handle is None or not found.settings.search_days:
            return
        above = next_range(before, found.now, look_back=found.look_back, limit=SEARCH_REACH)
        query = f"@{found.handle} -from:{found.user_id}"
        try:
            for body in found.client.search(query, max_results=found.settings.page_size, **above.parameters):
                found.take("mentions", body, map_post)
        except AdapterError as error:
            if _strikes_the_account(error):
                raise

    def _search(self) -> Iterator[None]:
        """Replies to own posts from which the replier took the account's name: no mention tells of them."""
        search = Search(
            found=self.gathering, has_all_mentions=self.has_all_mentions, lowest_mention=self.lowest_mention
        )
        yield from search.read()


def _strikes_the_account(error: AdapterError) -> bool:
    """A dead token or spent credits end the fetch: every further call would say the same."""
    if isinstance(error, RetriableError):
        return error.reason is Reason.QUOTA
    return error.reason is Reason.UNAUTHORISED
