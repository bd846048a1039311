"""One account's fetch: stream after stream, each with a cursor and troubles of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters.x.client import Body, rows_of
from watchdaemon_adapters.x.gathering import Gathering, recent
from watchdaemon_adapters.x.listing import Listing
from watchdaemon_adapters.x.mapping import latest_version, map_post
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
from watchdaemon_adapters.x.problems import errors_of, trouble_of
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

# how long the newest known mention must come again when it is asked for
EXPECTED_AGAIN = timedelta(days=7)

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
    marks: dict[str, Mark | None] = field(default_factory=dict)

    def run(self) -> Iterator[FetchResult]:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        found = self.gathering
        found.roots = read_roots(found.cursors.get("roots"))
        for name, read in self._streams():
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
                self.has_complete_stream = True
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

    def _ask_mentions(self, wanted: Range) -> Iterator[Body]:
        found = self.gathering
        return found.client.mentions(found.user_id, max_results=found.settings.page_size, **wanted.parameters)

    def _confirm_silence(self, before: Mark | None, *, has_seen_anything: bool) -> None:
        """Do not take an empty list of mentions for quiet without a second opinion, at the least price.

        The search is asked for the same posts, which costs nothing where there are none. Only when no listing at all
        showed a single row, the newest known post is read once more (billed once a UTC day).

        Raises:
            RetriableError: It does not come although it is still there.
        """
        if self._search_finds_mentions(before) or has_seen_anything:
            return
        own = read_mark(self.gathering.cursors.get("own"))
        for mark, ask in ((before, self._ask_mentions), (own, self._ask_own)):
            if mark is None or mark.newest is None or mark.newest_at is None:
                continue
            # blocking its author takes a mention away without a word: after a while that is believed
            if mark.newest_at >= self.gathering.now - EXPECTED_AGAIN:
                self._prove("mentions", mark.newest, ask)
                return

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

    def _prove(self, stream: str, newest: int, ask: Callable[[Range], Iterator[Body]]) -> None:
        found = self.gathering
        if any(found.take(stream, body, map_post).rows for body in ask(Range(since_id=max(newest - 1, 0)))):
            return
        body = found.client.look_up([str(newest)])
        refused = any(str(e.get("resource_id", e.get("value"))) == str(newest) for e in errors_of(body))
        edited = any(latest_version(row) not in (None, str(newest)) for row in rows_of(body))
        if not refused and not edited:
            raise found.suspicious("X's lists are empty, although the newest post known from them is still there")

    # ---- replies that do not name the account ----------------------------------------------------------------------

    def _search(self) -> Iterator[None]:
        """Replies to own posts from which the replier took the account's name: no mention tells of them."""
        found = self.gathering
        before = read_mark(found.cursors.get("search"))
        if has_gap(before, found.now, limit=SEARCH_REACH):
            found.note_incomplete("search", "last read more than 7 days ago, and X's search reaches no further back")
        broken_off = read_round(found.cursors.get("searching"), found.now)
        if broken_off is not None:
            yield from self._search_round(before, broken_off)
            before = read_mark(found.new_cursors.get("search"))
        new = next_range(before, found.now, look_back=found.look_back, limit=SEARCH_REACH)
        yield from self._search_round(before, Round(new=new, begun_at=found.now, newest=self._newest(before)))

    def _search_round(self, before: Mark | None, current: Round) -> Iterator[None]:
        """Search every conversation once; what of a round is done is booked, so that one that breaks off goes on."""
        found = self.gathering
        roots = recent(found.roots, found.now - timedelta(days=found.settings.search_days))
        groups = [roots[start : start + QUERY_CONVERSATIONS] for start in range(0, len(roots), QUERY_CONVERSATIONS)]
        ranges = self._search_ranges(current.new, groups)
        late = self._search_gaps(before)
        if len(groups) * len(late) + sum(map(len, ranges)) <= SEARCHES:
            ranges = [[*of_group, *late] for of_group in ranges]
        mark, bad = before or Mark(read_at=found.now), 0
        for group, of_group in zip(groups, ranges, strict=True):
            query = f"({' OR '.join(f'conversation_id:{i}' for i in group)}) -from:{found.user_id}"
            for wanted in of_group:
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
        if not bad:
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

    def _search_ranges(self, new: Range, groups: Sequence[Sequence[str]]) -> list[list[Range]]:
        """Cut each group's search at the posts that other lists brought a moment ago, while that takes few calls."""
        known: dict[str, list[int]] = {}
        for post_id, (conversation, at) in self.gathering.places.items():
            if new.start is None or at > new.start:
                known.setdefault(conversation, []).append(post_id)
        cut = [between((i for root in group for i in known.get(root, [])), new) for group in groups]
        return cut if sum(map(len, cut)) <= SEARCHES else [[new] for _ in groups]

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
