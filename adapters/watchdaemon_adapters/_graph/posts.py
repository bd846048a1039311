"""Lists of posts with comments inside, and the comments' own bookkeeping: the same on Pages and on Instagram."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime

from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, refuse_false_loss, refuse_sudden_emptiness, suspicious
from watchdaemon_adapters._graph.errors import MissingObjectError, ends_the_fetch
from watchdaemon_adapters._graph.paging import Edge, Page, StopWhenOld, read_pages
from watchdaemon_adapters._graph.rounds import gather
from watchdaemon_adapters._graph.values import Row, optional_moment

DOUBTFUL_COUNT = 3  # so many comments counted and none shown is no deletion or two: the token does not see them

Seen = list[tuple[datetime, str]]
"""When and which: what a stream's cursor is made of."""


class CommentReader(ABC):
    """Reads the comments under a list's posts, and keeps count of whether that went well."""

    def __init__(self, client: GraphClient, collector: Collector, stream: str, page_size: int) -> None:
        """Make a reader whose troubles and cursor are those of `stream`."""
        self.is_nested = True  # whether the rows that come now were asked for with `expansion`
        self.counted = 0  # comments the platform says there are
        self.found: list[Item] = []
        self._client = client
        self._collector = collector
        self._stream = stream
        self._page_size = page_size
        self._account = collector.account
        self._mark = collector.mark(stream)
        self._is_whole = True
        self._is_refused = False
        self._seen: Seen = []

    @property
    @abstractmethod
    def expansion(self) -> str:
        """The comments as a field of a post."""

    @abstractmethod
    def find(self, post: Item, row: Row) -> AsyncIterator[Item]:
        """Yield all comments under a post that may be new, beginning with those that came inside its row."""

    async def read_under(self, posts: Iterable[tuple[Item, Row]]) -> None:
        """Keep the comments under posts, side by side; what was found before a trouble is kept as well."""
        is_nested = self.is_nested
        if not self._is_refused:
            await gather(*(self._read_under(post, row, is_nested=is_nested) for post, row in posts))

    async def _read_under(self, post: Item, row: Row, *, is_nested: bool) -> None:
        found: list[Item] = []
        self.is_nested = is_nested
        try:
            await self._find_into(found, post, row)
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
                self.found.append(item)
                self._seen.append((item.published_at, item.external_id))

    async def _find_into(self, found: list[Item], post: Item, row: Row) -> None:
        try:
            async for item in self.find(post, row):
                found.append(item)  # noqa: PERF401 - one by one: a comprehension would lose them with the first trouble
        except MissingObjectError:  # the post was deleted while we were reading?
            await refuse_false_loss(self._collector, post.external_id, self._read_id)

    async def _read_id(self, key: str) -> Row:
        return await self._client.get(key, {"fields": "id"})

    def give_up(self, error: AdapterError) -> None:
        """Note that the token may not read comments at all; no further ones are asked for."""
        self._is_whole, self._is_refused = False, True
        self._collector.note(error, self._stream)
        self._collector.notes.refuse(self._stream)

    def finish(self, posts: Seen, *, doubtful_from: int = DOUBTFUL_COUNT) -> None:
        """Move the cursor, if everything was read and may be believed."""
        if self._is_whole and not self._seen and self.counted >= doubtful_from:
            self._is_whole = False
            message = f"{self.counted} comments are counted, and none is shown"
            self._collector.note(suspicious(self._collector, message), self._stream)
        if self._is_whole:
            self._collector.finish(self._stream, [*posts, *self._seen])
        if not self._is_refused:
            self._collector.notes.read(self._stream)

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
    first: Row | AdapterError | None = None  # the first page, where it came with other things
    is_trusted: bool = False  # another stream makes sure of the list's order

    def edge(self, comments: CommentReader | None) -> Edge:
        """Return the list with comments inside, where wanted; without them as the way out when that is too much."""
        plain = {"fields": self.fields}
        if comments is None:
            return Edge(path=self.path, params=plain, limit=self.limit)
        fields = f"{self.fields},{comments.expansion}"
        return Edge(path=self.path, params={"fields": fields}, lean=plain, limit=self.limit)


async def read_posts(
    client: GraphClient, collector: Collector, wanted: PostList, comments: CommentReader | None = None
) -> AsyncIterator[list[object]]:
    """Yield a list's rows page by page, with comments inside where wanted, until nothing of interest follows.

    Raises:
        RetriableError: With SUSPICIOUS_EMPTY, after the last row, when the list is empty and must not be.
        AdapterError: As the client does.
    """
    notes = collector.notes
    stop = StopWhenOld(
        wanted.since,
        is_thorough=notes.is_sweep and not wanted.is_trusted,
        is_unsorted=not wanted.is_trusted and notes.is_unsorted(wanted.stream),
    )
    is_empty = True
    async for page in _pages(client, collector, wanted, comments):
        is_empty = is_empty and not page.rows
        if comments is not None:
            comments.is_nested = not page.is_lean
        if page.limit < wanted.limit:
            notes.remember_fit(page.limit)
        yield page.rows
        if stop.is_enough([optional_moment(r, wanted.time_key) if isinstance(r, dict) else None for r in page.rows]):
            break
    notes.note_order(wanted.stream, is_sorted=stop.is_sorted)
    if is_empty and wanted.can_be_doubted:
        mark = collector.mark(wanted.stream)
        await refuse_sudden_emptiness(collector, mark, wanted.stream, lambda known: client.get(known, {"fields": "id"}))


async def _pages(
    client: GraphClient, collector: Collector, wanted: PostList, comments: CommentReader | None
) -> AsyncIterator[Page]:
    """Yield the pages with comments inside; without them, where the token may see the posts alone."""
    account = collector.account
    platform, edge = account.platform, wanted.edge(comments)
    is_begun = False
    try:
        async for page in read_pages(client, edge, platform=platform, account=account.key, first=wanted.first):
            is_begun = True
            yield page
    except AdapterError as error:
        is_known = collector.notes.was_refused(wanted.stream)  # without comments too
        if is_begun or is_known or comments is None or error.reason is not Reason.PERMISSION:
            raise
        refusal = error
    else:
        return
    async for page in read_pages(client, wanted.edge(None), platform=platform, account=account.key):
        if not is_begun:
            is_begun = True
            comments.give_up(refusal)  # the posts may be seen, so it is the comments that may not
        yield page
