"""Reading one Page, stream by stream: what is asked for, in which order, and what makes it complete."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from watchdaemon.domain.item import Item, ItemKind
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, suspicious
from watchdaemon_adapters._graph.conversations import STREAM as MESSAGES
from watchdaemon_adapters._graph.conversations import Inbox, read_inbox
from watchdaemon_adapters._graph.mapping import folded_all
from watchdaemon_adapters._graph.paging import Edge, Page, next_of, read_pages
from watchdaemon_adapters._graph.posts import CommentReader, PostList, Seen, read_posts
from watchdaemon_adapters._graph.values import Row, child_of, count_of, row_of, rows_of
from watchdaemon_adapters.facebook.mapping import (
    COMMENT_FIELDS,
    MENTION_FIELDS,
    POST_FIELDS,
    VISITOR_POST_FIELDS,
    map_comment,
    map_mention,
    map_post,
    map_visitor_post,
    settle_threads,
)
from watchdaemon_adapters.facebook.settings import FacebookSettings

POSTS = "posts"
COMMENTS = "comments"
VISITOR_POSTS = "visitor_posts"
TAGGED = "tagged"


class PageReader:
    """Reads one Page into a collector."""

    def __init__(self, client: GraphClient, collector: Collector, settings: FacebookSettings) -> None:
        self._client = client
        self._collector = collector
        self._settings = settings
        self._account = collector.account

    def streams(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the streams in the order in which they are read."""
        chosen: list[tuple[str, Callable[[], None]]] = [(POSTS, self._read_posts)]
        if self._settings.visitor_posts:
            chosen.append((VISITOR_POSTS, self._read_visitor_posts))
        if self._settings.mentions:
            chosen.append((TAGGED, self._read_tagged))
        if self._settings.messages:
            chosen.append((MESSAGES, self._read_messages))
        return chosen

    def _read_posts(self) -> None:
        """Read own posts, and all comments and replies under those within the look-back.

        A Page has no list of all its comments. They are read under each post, and whole each time: only so an edit, a
        hidden comment and a late reply deep down show themselves. Older own posts come along without their comments:
        they tell when the account was last active.
        """
        comments = self._comments(COMMENTS)
        since = self._since(COMMENTS)
        posts: Seen = []
        wanted = self._list(POSTS, "published_posts", POST_FIELDS, since)
        for row in read_posts(self._client, self._collector, wanted, comments):
            post = self._collector.mapped(POSTS, map_post, row, self._account)
            if post is None:
                continue
            posts.append((post.published_at, post.external_id))
            self._collector.add(post)
            if post.published_at >= since:
                comments.read_under(post, row_of(row))
        self._collector.finish(POSTS, posts)
        comments.finish(posts)

    def _read_visitor_posts(self) -> None:
        """Read posts by others on the Page, with the Page's answers under them."""
        comments = self._comments(VISITOR_POSTS)
        since = self._since(VISITOR_POSTS)
        posts: Seen = []
        wanted = self._list(VISITOR_POSTS, "visitor_posts", VISITOR_POST_FIELDS, since)
        for row in read_posts(self._client, self._collector, wanted, comments):
            post = self._collector.mapped(VISITOR_POSTS, map_visitor_post, row, self._account)
            if post is None:
                continue
            posts.append((post.published_at, post.external_id))
            if post.published_at >= since:
                self._collector.add(post)
                comments.read_under(post, row_of(row))
        comments.finish(posts)

    def _read_tagged(self) -> None:
        """Read public posts that tag the Page."""
        since = self._since(TAGGED)
        posts: Seen = []
        for row in read_posts(self._client, self._collector, self._list(TAGGED, "tagged", MENTION_FIELDS, since)):
            post = self._collector.mapped(TAGGED, map_mention, row, self._account)
            if post is None:
                continue
            posts.append((post.published_at, post.external_id))
            if post.published_at >= since:
                self._collector.add(post)
        self._collector.finish(TAGGED, posts)

    def _read_messages(self) -> None:
        """Read Messenger."""
        inbox = Inbox(
            page_id=self._account.native_id,
            platform="messenger",
            page_size=self._settings.page_size,
            reads_older=True,
            automatic=folded_all(self._settings.automatic_replies),
        )
        read_inbox(self._client, self._collector, inbox)

    def _since(self, stream: str) -> datetime:
        return self._collector.mark(stream).since(self._collector.now, self._collector.look_back)

    def _list(self, stream: str, edge: str, fields: str, since: datetime) -> PostList:
        return PostList(
            stream=stream,
            path=f"{self._account.native_id}/{edge}",
            fields=fields,
            time_key="created_time",
            limit=self._settings.page_size,
            since=since,
        )

    def _comments(self, stream: str) -> "PageCommentReader":
        return PageCommentReader(self._client, self._collector, stream, self._settings.comments_page_size)


class PageCommentReader(CommentReader):
    """Comments under a Page's or a visitor's post: all levels in one flat list."""

    @property
    def expansion(self) -> str:
        """The comments as a field of a post: all levels, flat, newest first, with their number."""
        modifiers = f".filter(stream).order(reverse_chronological).summary(true).limit({self._page_size})"
        return f"comments{modifiers}{{{COMMENT_FIELDS}}}"

    def find(self, post: Item, row: Row) -> Iterator[Item]:
        """Yield all comments under a post. Its newest come first, but nothing hangs on that: all pages are read."""
        for comment in self._rows(post, row):
            item = self._collector.mapped(self._stream, map_comment, comment, self._account, post)
            if item is not None:
                yield item

    def settled(self, post: Item, found: list[Item]) -> Iterable[Item]:
        """Find each reply's top-level comment; under a visitor's post everything is one thread."""
        return settle_threads(found) if post.kind is ItemKind.POST else found

    def _rows(self, post: Item, row: Row) -> Iterator[object]:
        nested = child_of(row, "comments")
        step: Mapping[str, str] = {}
        if child_of(nested, "summary"):
            self.counted += count_of(child_of(nested, "summary"), "total_count")
            yield from rows_of(nested)
            following = next_of(nested)
            if following is None:
                return
            step = following
        edge = Edge(
            path=f"{post.external_id}/comments",
            params={"fields": COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological", "summary": "true"},
            limit=self._page_size,
        )
        platform, account = self._account.platform, self._account.key
        for number, page in enumerate(read_pages(self._client, edge, platform=platform, account=account, start=step)):
            if number == 0 and not step:
                self._believe(page)
            yield from page.rows

    def _believe(self, page: Page) -> None:
        """Refuse an empty list that does not even say that there are none.

        The number is asked for and always given, except to a token that does not see the comments.
        """
        if not page.summary and not page.rows:
            raise suspicious(self._collector, "a list of comments is empty and does not say how many there are")
        self.counted += count_of(page.summary, "total_count")
