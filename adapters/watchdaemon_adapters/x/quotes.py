"""Quotes of own posts: a list for each post that knows no ``since_id``; a post that nobody quoted costs nothing.

A post with quotes would have them sent, and billed, again each time. So from its first quote on a post's quotes are
searched for (``quotes_of_tweet_id``, above the newest known one), once the search was seen to show a quote that is
known; where it does not, the list is read on in its smallest pages.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon_adapters.x.client import rows_of
from watchdaemon_adapters.x.gathering import Gathering
from watchdaemon_adapters.x.mapping import item_id, map_post
from watchdaemon_adapters.x.marks import MARGIN, Range, between, write_roots
from watchdaemon_adapters.x.searching import SEARCH_REACH

STREAM = "quotes"
SEARCHED = "quote-search"
"""The cursor that says whether the search shows quotes, and on which day that was seen."""

# the smallest page there is: with quotes that are known on it, all of it is billed again
SMALL_PAGE = 10
# X allows 75 calls in 15 minutes; the rest comes first next time
CALLS_A_FETCH = 60
# so many of the newest known quotes are kept, to look between for late-comers once a day
KNOWN_KEPT = 10
# a search that did not show a known quote is tried again after this
TRIED_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One own post: when its quotes were read last and in full, and the newest of them, newest first."""

    read_at: datetime
    read_whole_at: datetime
    known: tuple[int, ...] = ()

    @property
    def newest(self) -> int:
        """The newest known quote, 0 when there is none."""
        return self.known[0] if self.known else 0


def read_quotes(found: Gathering) -> Iterator[None]:
    """Read the quotes of own posts that are young, the one longest unread first; yields after each.

    Raises:
        AdapterError: X did not answer; the posts read before it are booked.
    """
    books = _read_books(found.cursors.get(STREAM))
    young = [i for i, at in found.roots.items() if at >= found.now - timedelta(days=found.settings.quotes_days)]
    never = datetime.min.replace(tzinfo=UTC)
    young.sort(key=lambda i: (books[i].read_at if i in books else never, -int(i)))
    books = {i: books[i] for i in young if i in books}
    if len(young) > CALLS_A_FETCH:
        found.note_incomplete(STREAM, f"{len(young)} posts to ask about and {CALLS_A_FETCH} calls: the rest comes next")
    for post_id in young[:CALLS_A_FETCH]:
        try:
            book = _read_one(found, post_id, books.get(post_id))
        except AccountError as error:
            if error.reason is not Reason.GONE:
                raise
            # deleted since: it has no quotes to read, and the account itself is there
            found.roots.pop(post_id, None)
            found.new_cursors["roots"] = write_roots(found.roots)
            continue
        if book is not None:
            books[post_id] = book
        found.new_cursors[STREAM] = _write_books(books)
        yield


def _read_one(found: Gathering, post_id: str, book: Quoted | None) -> Quoted | None:
    """Read a post's quotes; None when some were unreadable before any was known."""
    if book is not None and book.known and _shows_quotes(found) and _is_within_reach(found, post_id):
        try:
            return _search_one(found, post_id, book)
        except AdapterError as error:
            if isinstance(error, (RetriableError, AccountError)):
                raise
            _book_search(found, shows=False)  # not understood any more
    read = _list_one(found, post_id, book)
    if read is not None and read.known and SEARCHED not in found.new_cursors and not _is_tried(found):
        _try_search(found, post_id, read.newest)
    return read


# ---- the list ----------------------------------------------------------------------------------------------------


def _list_one(found: Gathering, post_id: str, book: Quoted | None) -> Quoted | None:
    """Read the list of a post's quotes down to the known ones, and all of it once a UTC day."""
    is_whole = book is None or not book.known or not _is_today(found, book.read_whole_at)
    known = book.known if book is not None else ()
    seen: set[int] = set()
    bad = 0
    size = found.settings.page_size if is_whole else SMALL_PAGE
    for body in found.client.quotes(post_id, max_results=size):
        page = found.take(STREAM, body, map_post)
        seen, bad = seen | set(page.seen), bad + page.bad
        if not is_whole and known and any(i <= known[0] for i in page.seen):
            break
    if bad:
        return book
    whole_at = found.now if is_whole or book is None else book.read_whole_at
    return Quoted(read_at=found.now, read_whole_at=whole_at, known=_newest_of({*known, *seen}))


# ---- the search --------------------------------------------------------------------------------------------------


def _search_one(found: Gathering, post_id: str, book: Quoted) -> Quoted:
    """Search for quotes above the newest known one; once a UTC day between the known ones, too."""
    is_whole = not _is_today(found, book.read_whole_at)
    oldest = book.known[-1] if len(book.known) >= KNOWN_KEPT else int(post_id)  # older ones were forgotten
    above = Range(since_id=oldest if is_whole else book.newest)
    seen: set[int] = set()
    bad = 0
    for wanted in between(book.known, above):
        query = f"quotes_of_tweet_id:{post_id}"
        for body in found.client.search(query, max_results=found.settings.page_size, **wanted.parameters):
            page = found.take(STREAM, body, map_post)
            seen, bad = seen | set(page.seen), bad + page.bad
    if bad:
        return book
    whole_at = found.now if is_whole else book.read_whole_at
    return replace(book, read_at=found.now, read_whole_at=whole_at, known=_newest_of({*book.known, *seen}))


def _try_search(found: Gathering, post_id: str, quote_id: int) -> None:
    """See whether the search shows a quote that was read this moment, and is thus not billed a second time."""
    exactly = Range(since_id=quote_id - 1, until_id=quote_id + 1).parameters
    try:
        body = next(found.client.search(f"quotes_of_tweet_id:{post_id}", max_results=SMALL_PAGE, **exactly), {})
    except AdapterError as error:
        if isinstance(error, RetriableError) or error.reason is Reason.UNAUTHORISED:
            raise
        _book_search(found, shows=False)
        return
    _book_search(found, shows=quote_id in map(item_id, rows_of(body)))


def _shows_quotes(found: Gathering) -> bool:
    return _search_state(found).startswith("yes ")


def _is_tried(found: Gathering) -> bool:
    """Tell whether the search is known to show quotes, or was seen not to a short while ago."""
    word, _, day = _search_state(found).partition(" ")
    try:
        return word == "yes" or found.now.date() - date.fromisoformat(day) < TRIED_AGAIN
    except ValueError:
        return False


def _search_state(found: Gathering) -> str:
    return found.new_cursors.get(SEARCHED, found.cursors.get(SEARCHED, ""))


def _book_search(found: Gathering, *, shows: bool) -> None:
    found.new_cursors[SEARCHED] = f"{'yes' if shows else 'no'} {found.now.date().isoformat()}"


def _is_within_reach(found: Gathering, post_id: str) -> bool:
    return found.roots[post_id] > found.now - SEARCH_REACH + MARGIN


def _is_today(found: Gathering, at: datetime) -> bool:
    return at.date() == found.now.astimezone(UTC).date()


def _newest_of(ids: set[int]) -> tuple[int, ...]:
    return tuple(sorted(ids, reverse=True)[:KNOWN_KEPT])


def _read_books(text: str | None) -> dict[str, Quoted]:
    """Read the cursor back; what cannot be read is asked for again."""
    try:
        rows = json.loads(text or "{}")
        return {
            post_id: Quoted(
                read_at=datetime.fromtimestamp(read_at, UTC),
                read_whole_at=datetime.fromtimestamp(whole_at, UTC),
                known=_newest_of({int(i) for i in known}),
            )
            for post_id, (read_at, whole_at, known) in rows.items()
        }
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return {}


def _write_books(books: dict[str, Quoted]) -> str:
    rows = {
        i: [int(b.read_at.timestamp()), int(b.read_whole_at.timestamp()), b.known] for i, b in sorted(books.items())
    }
    return json.dumps(rows, separators=(",", ":"))
