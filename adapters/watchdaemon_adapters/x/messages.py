"""Direct messages: no ``since_id``, every message read is billed, and 15 calls in 15 minutes are all there are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from watchdaemon.errors import AdapterError, MalformedItemError, Reason
from watchdaemon_adapters.x.client import Body, rows_of
from watchdaemon_adapters.x.gathering import Gathering
from watchdaemon_adapters.x.mapping import item_id, map_message

STREAM = "messages"

# how far back X shows messages
REACH = timedelta(days=30)
# after so long a backlog is likely, and fewer calls are worth more than a few messages read twice
BACKLOG_AFTER = timedelta(days=2)
LARGEST_PAGE = 100
# how long the newest known message must be there again; later, somebody may have tidied the inbox
EXPECTED_AGAIN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMark:
    """The newest message that is known, and where a read that hit the limit goes on."""

    newest: int | None = None
    newest_at: datetime | None = None
    read_at: datetime
    token: str | None = None  # the page a long read goes on with …
    top: int | None = None  # … and the newest message it had begun with
    top_at: datetime | None = None

    def __str__(self) -> str:
        """Write it as a cursor."""
        times = [t.timestamp() if t else None for t in (self.newest_at, self.read_at, self.top_at)]
        return json.dumps([self.newest, self.token, self.top, *times], separators=(",", ":"))


def read_message_mark(text: str | None) -> MessageMark | None:
    """Read a cursor back; one that cannot be read counts as none."""
    try:
        newest, token, top, *times = json.loads(text or "")
        newest_at, read_at, top_at = (None if t is None else datetime.fromtimestamp(t, UTC) for t in times)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None
    numbers = all(n is None or (isinstance(n, int) and n >= 0) for n in (newest, top))
    if read_at is None or not numbers or not (token is None or isinstance(token, str)):
        return None
    return MessageMark(newest=newest, newest_at=newest_at, read_at=read_at, token=token, top=top, top_at=top_at)


def read_messages(found: Gathering) -> Iterator[None]:
    """Read what came since the newest known message; yields wherever a piece may be stored.

    One message is read first: when it is the known one (billed once a UTC day), there is nothing new.

    Raises:
        AdapterError: It could not be read to its end. At the rate limit, the page to go on with is kept.
    """
    mark = read_message_mark(found.cursors.get(STREAM))
    reading = _Reading(found, mark)
    if mark is not None and mark.token is not None:
        yield from reading.go_on()
    yield from reading.newest()
    if mark is not None and mark.read_at < found.now - REACH:
        found.note_incomplete(STREAM, "last read more than 30 days ago, and X reaches no further back")


class _Reading:
    def __init__(self, found: Gathering, mark: MessageMark | None) -> None:
        self._found = found
        self._is_first = mark is None
        self._mark = mark or MessageMark(read_at=found.now)
        self._has_unreadable = False

    def go_on(self) -> Iterator[None]:
        """Finish the read that hit the limit."""
        mark = self._mark
        try:
            yield from self._pages(LARGEST_PAGE, token=mark.token)
        except AdapterError as error:
            if error.reason not in (Reason.INTERNAL, Reason.INCOMPLETE, Reason.MALFORMED):
                raise
            # the page is not known any more, or leads round in a circle: everything is read from the top
            self._keep(replace(mark, token=None, top=None, top_at=None))
            return
        mark = self._mark
        self._keep(replace(mark, newest=mark.top, newest_at=mark.top_at, token=None, top=None, top_at=None))

    def newest(self) -> Iterator[None]:
        """Read from the top down to what is known."""
        found, mark = self._found, self._mark
        if mark.newest is not None and self._is_quiet():
            self._keep(replace(mark, read_at=found.now))
            yield
            return
        has_backlog = self._is_first or mark.read_at < found.now - BACKLOG_AFTER
        yield from self._pages(LARGEST_PAGE if has_backlog else found.settings.message_page_size)
        mark = self._mark
        if mark.top is not None and not self._has_unreadable:  # else they are read again: they may be readable by then
            mark = replace(mark, newest=mark.top, newest_at=mark.top_at)
        self._keep(replace(mark, read_at=found.now, token=None, top=None, top_at=None))

    def _is_quiet(self) -> bool:
        """Tell whether the newest message is the one that is known.

        Raises:
            RetriableError: There was one some days ago, and now there is none at all.
        """
        found, mark = self._found, self._mark
        body = next(found.client.messages(max_results=1), {})
        rows = rows_of(body)
        if not rows:
            if mark.newest_at is not None and mark.newest_at >= found.now - EXPECTED_AGAIN:
                raise found.suspicious("X showed messages of the last days before, and now none at all")
            return True
        number = item_id(rows[0])
        is_known = number is not None and mark.newest is not None and number <= mark.newest
        if is_known:
            found.rows += 1  # it proves that the token still reads the inbox
        return is_known

    def _pages(self, size: int, token: str | None = None) -> Iterator[None]:
        """Read pages down to what is known; the pages' sizes stay the same, as a token may count pages."""
        found = self._found
        start = {"pagination_token": token} if token else {}
        for body in found.client.messages(max_results=size, **start):
            page = found.take(STREAM, body, map_message)
            self._has_unreadable = self._has_unreadable or page.bad > 0
            self._note_top(max(page.seen.items(), default=None, key=lambda seen: seen[0]))
            known = self._mark.newest
            if known is not None and any(i <= known for i in page.seen):
                break
            if known is None and page.rows and self._is_before_look_back(body):
                break
            meta = body.get("meta")
            following = meta.get("next_token") if isinstance(meta, dict) else None
            if isinstance(following, str) and size == LARGEST_PAGE:
                self._keep(replace(self._mark, token=following))
            yield

    def _note_top(self, newest: tuple[int, datetime | None] | None) -> None:
        if newest is not None and (self._mark.top is None or newest[0] > self._mark.top):
            self._mark = replace(self._mark, top=newest[0], top_at=newest[1])

    def _is_before_look_back(self, body: Body) -> bool:
        found = self._found
        try:
            items = [map_message(row, {}, found.view) for row in rows_of(body)]
        except MalformedItemError:
            return False
        return all(i is not None and i.published_at < found.now - found.look_back for i in items)

    def _keep(self, mark: MessageMark) -> None:
        self._mark = mark
        self._found.new_cursors[STREAM] = str(mark)
