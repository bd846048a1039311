"""Lists of posts with comments inside, and the comments' own bookkeeping: the same on Pages and on Instagram."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, ends_the_fetch, refuse_sudden_emptiness, suspicious
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.paging import Edge, Page, StopWhenOld, read_pages
from watchdaemon_adapters._graph.values import Row, optional_moment

DOUBTFUL_COUNT = 3  # so many comments counted and none shown is no deletion or two: the token does not see them

Seen = list[tuple[datetime, str]]
"""When and which: what a stream's cursor is made of."""


class CommentReader(ABC):
    """Reads the comments under one post after another, and keeps count of whether that went well."""

    def __init__(self, client: GraphClient, collector: Collector, stream: str, page_size: int) -> None:
        """Make a reader whose troubles and cursor are those of `stream`."""
        self.is_nested = True  # whether the rows that come now were asked for with `expansion`
        self.counted = 0  # comments the platform says there are
        self._client = client
        self._collector = collector
        self._stream = stream
        self._page_size = page_size
        self._account = collector.account
        self._is_whole = True
        self._is_refused = False
        self._seen: Seen = []

    @property
    @abstractmethod
    def expansion(self) -> str:
        """The comments as a field of a post."""

    @abstractmethod
    def find(self, post: Item, row: Row) -> Iterator[Item]:
        """Yield all comments under a post, beginning with those that came inside its row."""

    def read_under(self, post: Item, row: Row) -> None:
        """Keep all comments under a post; what was found before a trouble is kept as well."""
        if self._is_refused:
            return
        found: list[Item] = []
        try:
            for item in self.find(post, row):
                found.append(item)  # noqa: PERF402 - one by one: `extend` would lose them all with the first trouble
        except MissingObjectError:
            pass  # the post was deleted while we were reading
        except AdapterError as error:
            self._is_whole = False
            if ends_the_fetch(error):
                raise
            if error.reason is Reason.PERMISSION:
                self.give_up(error)
            else:
                self._collector.note(error, self._stream)
        finally:
            for item in self.settled(post, found):
                self._collector.add(item)
                self._seen.append((item.published_at, item.external_id))

    def give_up(self, error: AdapterError) -> None:
        """Note that the token may not read comments at all; no further ones are asked for."""
        self._is_whole, self._is_refused = False, True
        self._collector.note(error, self._stream)

    def finish(self, posts: Seen, *, doubtful_from: int = DOUBTFUL_COUNT) -> None:
        """Move the cursor, if everything was read and may be believed."""
        if self._is_whole and not self._seen and self.counted >= doubtful_from:
            self._is_whole = False
            message = f"{self.counted} comments are counted, and none is shown"
            self._collector.note(suspicious(self._collector, message), self._stream)
        if self._is_whole:
            self._collector.finish(self._stream, [*posts, *self._seen])

    def settled(self, post: Item, found: list[Item]) -> Iterable[Item]:  # noqa: ARG002 - a hook, with what it may need
        """Return the comments of one post with what only shows when all are there."""
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PostList:
    """Which list of posts to read, and how."""

    stream: str
    path: str
    fields: str
    time_key: str  # the Graph's "created_time", Instagram's "timestamp"
    limit: int
    since: datetime
    can_be_doubted: bool = True  # whether its members can be read by id, to tell true emptiness from false


def read_posts(
    client: GraphClient, collector: Collector, wanted: PostList, comments: CommentReader | None = None
) -> Iterator[object]:
    """Yield a list's rows, with comments inside where wanted, until there is nothing of interest any more.

    Raises:
        RetriableError: With SUSPICIOUS_EMPTY, after the last row, when the list is empty and must not be.
        AdapterError: As the client does.
    """
    stop = StopWhenOld(wanted.since)
    is_empty = True
    for page in _pages(client, collector, wanted, comments):
        is_empty = is_empty and not page.rows
        if comments is not None:
            comments.is_nested = not page.is_lean
        yield from page.rows
        if stop.is_enough([optional_moment(r, wanted.time_key) if isinstance(r, dict) else None for r in page.rows]):
            break
    if is_empty and wanted.can_be_doubted:
        mark = collector.mark(wanted.stream)
        refuse_sudden_emptiness(collector, mark, wanted.stream, lambda known: client.get(known, {"fields": "id"}))


def _pages(
    client: GraphClient, collector: Collector, wanted: PostList, comments: CommentReader | None
) -> Iterator[Page]:
    """Yield the pages with comments inside; without them, where the token may see the posts alone."""
    account = collector.account
    plain = Edge(path=wanted.path, params={"fields": wanted.fields}, limit=wanted.limit)
    if comments is None:
        yield from read_pages(client, plain, platform=account.platform, account=account.key)
        return
    fields = f"{wanted.fields},{comments.expansion}"
    nested = Edge(path=wanted.path, params={"fields": fields}, lean=plain.params, limit=wanted.limit)
    is_begun = False
    try:
        for page in read_pages(client, nested, platform=account.platform, account=account.key):
            is_begun = True
            yield page
    except AdapterError as error:
        if is_begun or error.reason is not Reason.PERMISSION:
            raise
        comments.give_up(error)
        yield from read_pages(client, plain, platform=account.platform, account=account.key)
