"""Quotes of own posts: one call a post, no ``since_id``; a post that nobody quoted costs nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon.errors import AccountError, Reason
from watchdaemon_adapters.x.gathering import Gathering
from watchdaemon_adapters.x.mapping import map_post
from watchdaemon_adapters.x.marks import write_roots

STREAM = "quotes"

# the smallest page there is: with quotes that are known on it, all of it is billed again
SMALL_PAGE = 10
# X allows 75 calls in 15 minutes; the rest comes first next time
CALLS_A_FETCH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One own post: when its quotes were read last and in full, and the newest of them."""

    read_at: datetime
    read_whole_at: datetime
    newest: int | None = None


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
    """Read a post's quotes down to the known ones, and all of them once a UTC day; None when some were unreadable."""
    is_whole = book is None or book.newest is None or book.read_whole_at.date() != found.now.astimezone(UTC).date()
    known = (book.newest if book else None) or 0
    newest, bad = known, 0
    size = found.settings.page_size if is_whole else SMALL_PAGE
    for body in found.client.quotes(post_id, max_results=size):
        page = found.take(STREAM, body, map_post)
        newest, bad = max(newest, *page.seen, 0), bad + page.bad
        if not is_whole and any(i <= known for i in page.seen):
            break
    if bad:
        return book
    whole_at = found.now if is_whole or book is None else book.read_whole_at
    return Quoted(read_at=found.now, read_whole_at=whole_at, newest=newest or None)


def _read_books(text: str | None) -> dict[str, Quoted]:
    """Read the cursor back; what cannot be read is asked for again."""
    try:
        rows = json.loads(text or "{}")
        return {
            post_id: Quoted(
                read_at=datetime.fromtimestamp(read_at, UTC),
                read_whole_at=datetime.fromtimestamp(whole_at, UTC),
                newest=None if newest is None else int(newest),
            )
            for post_id, (read_at, whole_at, newest) in rows.items()
        }
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return {}


def _write_books(books: dict[str, Quoted]) -> str:
    rows = {
        i: [int(b.read_at.timestamp()), int(b.read_whole_at.timestamp()), b.newest] for i, b in sorted(books.items())
    }
    return json.dumps(rows, separators=(",", ":"))
