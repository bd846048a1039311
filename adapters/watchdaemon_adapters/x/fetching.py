"""One account's fetch: stream after stream, each with a cursor and troubles of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters.x.client import Body, rows_of
from watchdaemon_adapters.x.gathering import Gathering, recent
from watchdaemon_adapters.x.identity import must_be
from watchdaemon_adapters.x.listing import Listing
from watchdaemon_adapters.x.mapping import item_id, map_post, parse_time
from watchdaemon_adapters.x.marks import (
    OVERLAP,
    Mark,
    Range,
    between,
    gaps,
    has_gap,
    next_range,
    noted,
    read_mark,
    read_roots,
    write_roots,
)
from watchdaemon_adapters.x.messages import read_messages
from watchdaemon_adapters.x.problems import trouble_of
from watchdaemon_adapters.x.quotes import read_quotes
from watchdaemon_adapters.x.rounds import Round, read_round

# how far the service reaches, by its documentation of the timelines and of search
MENTIONS_REACHABLE = 800
OWN_POSTS_REACHABLE = 3200
SEARCH_REACH = timedelta(days=7)

# a search query may have 512 characters: ten conversations with the longest ids stay well below
QUERY_CONVERSATIONS = 10
# how many searches one fetch may be cut into, so that no post comes a second time
SEARCHES = 60

# so many items are handed over at once; a fetch that is killed loses no more than these
PIECE = 500

Stream = Callable[[], Iterator[None]]


@dataclass(kw_only=True)
class Fetch:
    """One account's fetch, in pieces."""

    gathering: Gathering
    has_messages: bool
    has_complete_stream: bool = False
    has_items: bool = False
    calls_told: int = 0
    has_all_own: bool = False
    has_all_mentions: bool = False  # their list was read to its end, or …
    lowest_mention: tuple[int, datetime | None] | None = None  # … down to this one, where X stops

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
                ends_all = _strikes_the_account(error)
                found.troubles.append(trouble_of(error, None if ends_all else name))
                if ends_all:
                    break
            else:
                # A stream that had nothing to ask (no own post, so no quotes) has seen nothing.
                self.has_complete_stream = self.has_complete_stream or found.client.calls > calls
                self.has_all_own = self.has_all_own or name == "own"
            if len(found.items) >= PIECE:
                yield self._piece()
        yield self._last_piece()

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
        rows = found.rows
        listing = Listing("mentions", found, before, self._ask_mentions)
        yield from self._read(listing, "mentions", MENTIONS_REACHABLE)
        if listing.rows == 0:
            try:
                self._confirm_silence(before, has_seen_anything=rows > 0)
            except AdapterError:
                found.new_cursors.pop("mentions", None)
                raise
            yield
        self.has_all_mentions = True
        if listing.rows < MENTIONS_REACHABLE:
            self.lowest_mention = None

    def _ask_mentions(self, wanted: Range) -> Iterator[Body]:
        found = self.gathering
        for body in found.client.mentions(found.user_id, max_results=found.settings.page_size, **wanted.parameters):
            if wanted.until_id is None:  # what is new, not a gap further down
                for row in rows_of(body):
                    self._note_mention(row)
            yield body

    def _note_mention(self, row: object) -> None:
        post_id = item_id(row)
        if isinstance(row, dict) and post_id and (self.lowest_mention is None or post_id < self.lowest_mention[0]):
            self.lowest_mention = post_id, parse_time(row.get("created_at"))

    def _confirm_silence(self, before: Mark | None, *, has_seen_anything: bool) -> None:
        """Do not take an empty list of mentions for quiet without a second opinion; none of it costs a post.

        The search is asked for the same posts, which costs nothing where there are none. When no listing at all showed
        a single row, the token is asked about (a user is billed once a UTC day, and this day's was read already).

        Raises:
            AccountError: The token is dead, or another account's.
        """
        found = self.gathering
        if not (self._search_finds_mentions(before) or has_seen_anything or found.is_proven):
            must_be(found.user_id, found.client.me(), account=found.account)

    def _search_finds_mentions(self, before: Mark | None) -> bool:
        found = self.gathering
        if found.handle is None or not found.settings.search_days:
            return False
        above = next_range(before, found.now, look_back=found.look_back, limit=SEARCH_REACH)
        query = f"@{found.handle} -from:{found.user_id}"
        rows = 0
        try:
            for body in found.client.search(query, max_results=found.settings.page_size, **above.parameters):
                rows += found.take("mentions", body, map_post).rows
        except AdapterError as error:
            if _strikes_the_account(error):
                raise
        return rows > 0

    # ---- replies that do not name the account ----------------------------------------------------------------------

    def _search(self) -> Iterator[None]:
        """Replies to own posts from which the replier took the account's name: no mention tells of them."""
        found = self.gathering
        before = read_mark(found.cursors.get("search"))
        if has_gap(before, found.now, limit=SEARCH_REACH):
            found.note_incomplete("search", "last read more than 7 days ago, and X's search reaches no further back")
        broken_off = read_round(found.cursors.get("searching"), found.now, reach=SEARCH_REACH)
        # while searches break off, late-comers can wait: they must not keep what is new from being searched to its end
        late = self._search_gaps(before) if broken_off is None else []
        if broken_off is not None:
            try:
                yield from self._search_round(before, broken_off, late)
            except AdapterError as error:
                if error.reason is not Reason.INTERNAL:
                    raise
                # what it began with is out of the search's reach by now: a new round begins within it
            else:
                before = read_mark(found.new_cursors.get("search")) or before
        new = next_range(before, found.now, look_back=found.look_back, limit=SEARCH_REACH)
        yield from self._search_round(before, Round(new=new, begun_at=found.now, newest=self._newest(before)), late)

    def _search_round(self, before: Mark | None, current: Round, late: Sequence[Range]) -> Iterator[None]:
        """Search every conversation once; what of a round is done is booked, so that one that breaks off goes on."""
        found = self.gathering
        roots = recent(found.roots, found.now - timedelta(days=found.settings.search_days))
        mark, bad = before or Mark(read_at=found.now), 0
        for query, wanted in self._searches(roots, current.new, late):
            left = current.left_of(query, wanted)
            if left is None:
                continue
            for body in found.client.search(query, max_results=found.settings.page_size, **left.parameters):
                page = found.take("search", body, map_post)
                mark, bad = noted(mark, page.seen, found.now), bad + page.bad
                current.read(query, wanted, page.oldest if page.is_newest_first and not bad else None)
                found.new_cursors["searching"] = str(current)
                yield
            current.done(query, wanted)
        # under an own post that could not be listed nothing was searched for: it is not over yet
        if not bad and self.has_all_own:
            newest, newest_at = max(current.newest, (mark.newest or 0, mark.newest_at), key=lambda n: n[0])
            mark = replace(mark, newest=newest or None, newest_at=newest_at, read_at=found.now)
            found.new_cursors["search"] = str(replace(mark, looked_on=found.now.date()))
        found.new_cursors["searching"] = ""

    def _newest(self, before: Mark | None) -> tuple[int, datetime | None]:
        """Return the newest post that is known: when all is searched up to now, the next search begins above it."""
        found = self.gathering
        marks = [before, *(read_mark(found.new_cursors.get(name)) for name in ("own", "mentions"))]
        known = [(m.newest, m.newest_at) for m in marks if m is not None and m.newest is not None]
        return max(known, key=lambda n: n[0], default=(0, None))

    def _searches(self, roots: Sequence[str], new: Range, late: Sequence[Range]) -> list[tuple[str, Range]]:
        """Return what to search for, and in which piece of the last days.

        What other lists brought a moment ago is not to be sent again: each group of conversations is cut at those posts
        while that takes few calls, and else the account's name is left out of the search.
        """
        groups = [roots[start : start + QUERY_CONVERSATIONS] for start in range(0, len(roots), QUERY_CONVERSATIONS)]
        queries = [self._query(group) for group in groups]
        known: dict[str, list[int]] = {}
        for post_id, (conversation, at) in self.gathering.places.items():
            if new.start is None or at > new.start:
                known.setdefault(conversation, []).append(post_id)
        cut = [between((i for root in group for i in known.get(root, [])), new) for group in groups]
        searches = [(query, piece) for query, pieces in zip(queries, cut, strict=True) for piece in pieces]
        if len(searches) > SEARCHES:
            searches = [search for query in queries for search in self._beside_mentions(query, new)]
        gaps_too = [*searches, *((query, gap) for query in queries for gap in late)]
        return gaps_too if len(gaps_too) <= SEARCHES else searches

    def _query(self, roots: Sequence[str]) -> str:
        return f"({' OR '.join(f'conversation_id:{i}' for i in roots)}) -from:{self.gathering.user_id}"

    def _beside_mentions(self, query: str, new: Range) -> list[tuple[str, Range]]:
        """Leave out what names the account, as far down as the list of mentions was read: all of that is known."""
        handle, lowest = self.gathering.handle, self.lowest_mention
        if handle is None or not self.has_all_mentions:
            return [(query, new)]
        unnamed = f"{query} -@{handle}"
        if lowest is None:
            return [(unnamed, new)]
        post_id, at = lowest
        is_above = new.start is None or (at is not None and at > new.start)
        if not is_above or post_id <= (new.since_id or 0):
            return [(unnamed, new)] if at is not None else [(query, new)]
        return [(unnamed, Range(since_id=post_id, until_id=new.until_id)), (query, new.below(post_id))]

    def _search_gaps(self, before: Mark | None) -> list[Range]:
        """Return the gaps to look through: what came by other lists is known, too."""
        if before is None:
            return []
        found = self.gathering
        others = [m for name in ("own", "mentions") if (m := read_mark(found.cursors.get(name))) is not None]
        known = {i: at for mark in (*others, before) for i, at in mark.known.items()}
        return gaps(replace(before, known=known), found.now, limit=SEARCH_REACH)


def _strikes_the_account(error: AdapterError) -> bool:
    """A dead token or spent credits end the fetch: every further call would say the same."""
    if isinstance(error, RetriableError):
        return error.reason is Reason.QUOTA
    return error.reason is Reason.UNAUTHORISED
