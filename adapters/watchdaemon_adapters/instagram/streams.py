"""Reading one Instagram account, stream by stream: what is asked for, and what makes it complete."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from watchdaemon.domain.item import Item
from watchdaemon.errors import AccountError, Reason
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector
from watchdaemon_adapters._graph.conversations import STREAM as MESSAGES
from watchdaemon_adapters._graph.conversations import Inbox, read_inbox
from watchdaemon_adapters._graph.mapping import folded_all
from watchdaemon_adapters._graph.paging import Edge, next_of, read_pages
from watchdaemon_adapters._graph.posts import DOUBTFUL_COUNT, CommentReader, PostList, Seen, read_posts
from watchdaemon_adapters._graph.values import Row, child_of, count_of, is_list_missing, row_of, rows_of
from watchdaemon_adapters.instagram.mapping import (
    COMMENT_FIELDS,
    MEDIA_FIELDS,
    REPLY_FIELDS,
    Identity,
    map_comment,
    map_media,
    map_tag,
)
from watchdaemon_adapters.instagram.settings import InstagramSettings

POSTS = "posts"
COMMENTS = "comments"
TAGS = "tags"


class AccountReader:
    """Reads one account into a collector."""

    def __init__(
        self,
        client: GraphClient,
        collector: Collector,
        settings: InstagramSettings,
        identity: Identity,
        *,
        page_id: str | None,
        is_page_token: bool,
    ) -> None:
        """Make a reader. No `page_id`, no messages; `is_page_token`: the token was seen to be that Page's own."""
        self._client = client
        self._collector = collector
        self._settings = settings
        self._identity = identity
        self._page_id = page_id
        self._is_page_token = is_page_token
        self._account = collector.account

    def streams(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the streams in the order in which they are read."""
        chosen: list[tuple[str, Callable[[], None]]] = [(POSTS, self._read_media)]
        if self._settings.mentions:
            chosen.append((TAGS, self._read_tags))
        if self._settings.messages and self._page_id is not None:
            chosen.append((MESSAGES, self._read_messages))
        return chosen

    def _read_media(self) -> None:
        """Read own media, and all comments and replies under those within the look-back.

        The number of comments is only a hint (a deletion and a new comment leave it as it was), so all are read. But a
        number with nothing behind it is doubted, and at once where the token is not known to be the Page's own.
        """
        comments = MediaCommentReader(self._client, self._collector, self._settings, self._identity)
        since = self._since(COMMENTS)
        posts: Seen = []
        wanted = self._list(POSTS, "media", f"{MEDIA_FIELDS},comments_count", since)
        for row in read_posts(self._client, self._collector, wanted, comments):
            media = self._collector.mapped(POSTS, map_media, row, self._account)
            if media is None:
                continue
            posts.append((media.published_at, media.external_id))
            self._collector.add(media)
            if media.published_at >= since:
                comments.read_under(media, row_of(row))
        self._collector.finish(POSTS, posts)
        comments.finish(posts, doubtful_from=DOUBTFUL_COUNT if self._is_page_token else 1)

    def _read_tags(self) -> None:
        """Read others' media that tag the account. A name in a stranger's comment cannot be seen by asking."""
        since = self._since(TAGS)
        tags: Seen = []
        for row in read_posts(self._client, self._collector, self._list(TAGS, "tags", MEDIA_FIELDS, since)):
            tag = self._collector.mapped(TAGS, map_tag, row, self._account, self._identity)
            if tag is None:
                continue
            tags.append((tag.published_at, tag.external_id))
            if tag.published_at >= since:
                self._collector.add(tag)
        self._collector.finish(TAGS, tags)

    def _read_messages(self) -> None:
        """Read direct messages by the linked Page."""
        if not self._is_page_token:
            raise AccountError(
                "direct messages need the token of the linked page (page_id)",
                platform=self._account.platform,
                account=self._account.key,
                reason=Reason.PERMISSION,
            )
        inbox = Inbox(
            page_id=self._page_id or "",
            platform="instagram",
            page_size=self._settings.page_size,
            reads_older=False,
            own_names=folded_all([self._identity.username or ""]),
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
            time_key="timestamp",
            limit=self._settings.page_size,
            since=since,
            can_be_doubted=stream == POSTS,  # others' media cannot be read by id
        )


class MediaCommentReader(CommentReader):
    """Comments under a media: top-level ones, each with its replies."""

    def __init__(
        self, client: GraphClient, collector: Collector, settings: InstagramSettings, identity: Identity
    ) -> None:
        super().__init__(client, collector, COMMENTS, settings.comments_page_size)
        self._identity = identity
        self._fields = f"{COMMENT_FIELDS},replies.limit({self._page_size}){{{REPLY_FIELDS}}}"

    @property
    def expansion(self) -> str:
        """The comments as a field of a media, with their replies."""
        return f"comments.limit({self._page_size}){{{self._fields}}}"

    def find(self, post: Item, row: Row) -> Iterator[Item]:
        """Yield all comments under a media, and the replies to each."""
        counted = count_of(row, "comments_count")
        self.counted += counted
        nested = child_of(row, "comments")
        if is_list_missing(nested) and self.is_nested and not counted:
            return  # an expansion with nothing in it is left out, and the number agrees
        for comment in self._rows(f"{post.external_id}/comments", self._fields, nested):
            item = self._collector.mapped(COMMENTS, map_comment, comment, self._account, self._identity, post)
            if item is not None:
                yield item
                yield from self._replies(post, item, child_of(row_of(comment), "replies"))

    def _replies(self, media: Item, comment: Item, nested: Row) -> Iterator[Item]:
        if is_list_missing(nested):
            return  # left out: there are none
        for reply in self._rows(f"{comment.external_id}/replies", REPLY_FIELDS, nested):
            item = self._collector.mapped(
                COMMENTS, map_comment, reply, self._account, self._identity, media, comment.external_id
            )
            if item is not None:
                yield item

    def _rows(self, path: str, fields: str, nested: Row) -> Iterator[object]:
        """Yield what came nested and what follows it; where nothing came, ask the edge itself."""
        step: Mapping[str, str] = {}
        if not is_list_missing(nested):
            yield from rows_of(nested)
            following = next_of(nested)
            if following is None:
                return
            step = following
        edge = Edge(path=path, params={"fields": fields}, limit=self._page_size)
        platform, account = self._account.platform, self._account.key
        for page in read_pages(self._client, edge, platform=platform, account=account, start=step):
            yield from page.rows
