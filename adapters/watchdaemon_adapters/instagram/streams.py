"""Reading one Instagram account, stream by stream: what is asked for at once, and what makes it complete."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item
from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, refuse_false_loss, run_stream
from watchdaemon_adapters._graph.conversations import STREAM as MESSAGES
from watchdaemon_adapters._graph.conversations import Inbox, read_inbox
from watchdaemon_adapters._graph.courier import Spare
from watchdaemon_adapters._graph.errors import MissingObjectError, ReduceAmountError, ends_the_fetch
from watchdaemon_adapters._graph.mapping import folded_all
from watchdaemon_adapters._graph.paging import Edge, next_of, read_pages
from watchdaemon_adapters._graph.posts import DOUBTFUL_COUNT, CommentReader, PostList, Seen, read_posts
from watchdaemon_adapters._graph.rounds import attempt, gather
from watchdaemon_adapters._graph.values import (
    Row,
    child_of,
    count_of,
    is_list_missing,
    optional_id,
    optional_text,
    row_of,
    rows_of,
)
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
MOST_MEDIA = 100
MOST_ASKED = 50  # of a media's comments that came without replies, when replies are missing
SPARE_MEDIA = 5


class AccountReader:
    """Reads one account into a collector: `ask` for all there is in one round, then `read` what came and follows."""

    def __init__(
        self,
        client: GraphClient,
        collector: Collector,
        settings: InstagramSettings,
        spare: Spare,
        *,
        page_id: str | None,
    ) -> None:
        """Make a reader. No `page_id`, no messages."""
        self._client = client
        self._spare = spare
        self._alone: set[str] = set()  # streams whose lists were asked for by themselves
        self._collector = collector
        self._settings = settings
        self._page_id = page_id
        self._account = collector.account
        self._notes = collector.notes
        self._identity = Identity(account=collector.account)
        self._comments = MediaCommentReader(client, collector, COMMENTS, settings.comments_page_size)
        self._firsts: dict[str, Row | AdapterError] = {}
        self._refused_together: AdapterError | None = None

    # ---- the first round -----------------------------------------------------------------------------------------

    async def ask(self) -> None:
        """Ask for the account with all that hangs on it, and for its conversations.

        Raises:
            AccountError: GONE, when the platform does not show the account with this token.
            AdapterError: As the client does.
        """
        parts = [] if self._notes.asks_apart else [s for s in self._streams if not self._must_be_alone(s)]
        apart = {s: self._edge(s) for s in self._streams if s not in parts}
        self._alone = set(apart)
        if self._page_id is not None and MESSAGES in self._notes.readable:
            apart[MESSAGES] = self._inbox().edge  # a token that was the Page's own will be so now
        together, *rest = await gather(
            attempt(self._ask_together(parts)), *(attempt(edge.first(self._client)) for edge in apart.values())
        )
        self._firsts |= dict(zip(apart, rest, strict=True))
        if isinstance(together, AdapterError) and parts and _is_worth_asking_apart(together):
            if isinstance(together, ReduceAmountError):
                self._notes.remember_fit(max(1, self._list(POSTS).limit // 2))
            self._refused_together = together
            together, parts = await attempt(self._ask_together([])), []
        if isinstance(together, MissingObjectError):
            raise not_shown(self._account) from together
        if isinstance(together, AdapterError):
            raise together
        if optional_id(together) != self._account.native_id:
            raise not_shown(self._account)
        self._identity = Identity(account=self._account, username=optional_text(together, "username"))
        self._comments.identity = self._identity
        for stream in parts:
            edge = _EDGES[stream]
            # a list with nothing in it is left out
            self._firsts[stream] = {"data": []} if edge not in together else child_of(together, edge)

    async def _ask_together(self, streams: list[str]) -> Row:
        lists = [(_EDGES[s], self._list(s).limit, self._edge(s).params["fields"]) for s in streams]
        expansions = [f"{edge}.limit({limit}){{{fields}}}" for edge, limit, fields in lists]
        return await self._client.get(self._account.native_id, {"fields": ",".join(["id", "username", *expansions])})

    # ---- what came, and what follows -----------------------------------------------------------------------------

    async def read(self, *, is_page_token: bool) -> None:
        """Read on from the first round. `is_page_token`: the token was seen to be the linked Page's own."""
        steps = [run_stream(self._collector, POSTS, self._read_media(is_page_token=is_page_token))]
        if TAGS in self._streams:
            steps.append(run_stream(self._collector, TAGS, self._read_tags()))
        if self._page_id is not None:
            steps.append(run_stream(self._collector, MESSAGES, self._read_messages(is_page_token=is_page_token)))
        await gather(*steps)
        is_refusal = self._refused_together is not None and not isinstance(self._refused_together, RetriableError)
        if is_refusal and not any(self._was_refused(s) for s in self._streams):
            self._notes.apart_on = self._notes.today  # each list for itself is fine, all in one question is not

    async def _read_media(self, *, is_page_token: bool) -> None:
        """Read own media, and all comments and replies under those within the look-back.

        A number of comments with nothing behind it is doubted, and at once where the token is not known to be the
        Page's own.
        """
        since, comments = self._since(COMMENTS), self._comments
        posts: Seen = []
        within = 0
        async for rows in read_posts(self._client, self._collector, self._list(POSTS), comments):
            below: list[tuple[Item, Row]] = []
            for row in rows:
                media = self._collector.mapped(POSTS, map_media, row, self._account)
                if media is None:
                    continue
                posts.append((media.published_at, media.external_id))
                self._collector.add(media)
                if media.published_at >= since:
                    below.append((media, row_of(row)))
            within += len(below)
            await comments.read_under(below)
        self._notes.posts = within
        self._notes.read(POSTS)
        self._notes.alone |= self._alone & {POSTS}
        self._collector.finish(POSTS, posts)
        comments.finish(posts, doubtful_from=DOUBTFUL_COUNT if is_page_token else 1)

    async def _read_tags(self) -> None:
        """Read others' media that tag the account. A name in a stranger's comment cannot be seen by asking."""
        since = self._since(TAGS)
        tags: Seen = []
        try:
            async for rows in read_posts(self._client, self._collector, self._list(TAGS)):
                for row in rows:
                    tag = self._collector.mapped(TAGS, map_tag, row, self._account, self._identity)
                    if tag is None:
                        continue
                    tags.append((tag.published_at, tag.external_id))
                    if tag.published_at >= since:
                        self._collector.add(tag)
        except AccountError:
            self._notes.refuse(TAGS)
            raise
        self._notes.read(TAGS)
        self._notes.alone |= self._alone & {TAGS}
        self._collector.finish(TAGS, tags)

    async def _read_messages(self, *, is_page_token: bool) -> None:
        """Read direct messages by the linked Page."""
        if not is_page_token:
            raise AccountError(
                "direct messages need the token of the linked page (page_id)",
                platform=self._account.platform,
                account=self._account.key,
                reason=Reason.PERMISSION,
            )
        await read_inbox(self._client, self._collector, self._inbox(), first=self._firsts.get(MESSAGES))

    def _inbox(self) -> Inbox:
        return Inbox(
            page_id=self._page_id or "",
            platform="instagram",
            page_size=self._settings.page_size,
            reads_older=False,
            own_names=folded_all([self._identity.username or ""]),
            automatic=folded_all(self._settings.automatic_replies),
        )

    @property
    def _streams(self) -> list[str]:
        return [POSTS, TAGS] if self._settings.mentions else [POSTS]

    def _must_be_alone(self, stream: str) -> bool:
        """Tell whether a list is asked for by itself: one that never held anything is now and then, to be believed."""
        if self._was_refused(stream):
            return True
        if self._collector.mark(stream).ids:
            return False
        is_due = stream not in self._notes.alone or self._notes.is_due_alone(f"{self._account.native_id}/{stream}")
        return is_due and self._spare.take()

    def _was_refused(self, stream: str) -> bool:
        names = (POSTS, COMMENTS) if stream == POSTS else (stream,)
        return any(self._notes.was_refused(name) for name in names)

    def _since(self, stream: str) -> datetime:
        return self._collector.mark(stream).since(self._collector.now, self._collector.look_back)

    def _edge(self, stream: str) -> Edge:
        return self._list(stream).edge(self._comments if stream == POSTS else None)

    def _list(self, stream: str) -> PostList:
        limit = self._settings.page_size
        if stream == POSTS:
            limit = min(MOST_MEDIA, max(limit, self._notes.posts + SPARE_MEDIA))
        return PostList(
            stream=stream,
            path=f"{self._account.native_id}/{_EDGES[stream]}",
            fields=f"{MEDIA_FIELDS},comments_count" if stream == POSTS else MEDIA_FIELDS,
            time_key="timestamp",
            limit=min(limit, self._notes.fit or limit),
            since=self._since(COMMENTS if stream == POSTS else stream),
            can_be_doubted=stream == POSTS,  # others' media cannot be read by id
            first=self._firsts.get(stream),
        )


class MediaCommentReader(CommentReader):
    """Comments under a media: top-level ones, each with its replies."""

    def __init__(self, client: GraphClient, collector: Collector, stream: str, page_size: int) -> None:
        super().__init__(client, collector, stream, page_size)
        self.identity = Identity(account=collector.account)
        self._fields = f"{COMMENT_FIELDS},replies.limit({self._page_size}){{{REPLY_FIELDS}}}"

    @property
    def expansion(self) -> str:
        """The comments as a field of a media, with their replies."""
        return f"comments.limit({self._page_size}){{{self._fields}}}"

    async def find(self, post: Item, row: Row) -> AsyncIterator[Item]:
        """Yield the comments under a media, and the replies to each.

        What came with the media is taken always. What follows it is read when the number of comments moved, and
        with every day's first fetch: a deletion and a new comment leave the number as it was.
        """
        counted = count_of(row, "comments_count")
        self.counted += counted
        nested = child_of(row, "comments")
        if "comments" not in row and self.is_nested and "comments_count" in row and not counted:
            return  # an expansion with nothing in it is left out, and the number agrees
        notes = self._collector.notes
        has_moved = notes.counts.get(post.external_id) != counted
        found: dict[str, Item] = {}
        unreadable = self._collector.malformed
        async for item in self._below(post, nested, follows=notes.is_sweep or has_moved):
            found[item.external_id] = item
            yield item
        unshown = counted - len(found) - (self._collector.malformed - unreadable)
        if has_moved and unshown > notes.counts.get(_unshown(post), 0):
            async for item in self._missing(post, found, counted, was_nested=bool(nested)):
                yield item
            notes.remember_count(_unshown(post), unshown)
        notes.remember_count(post.external_id, counted)

    async def _below(self, post: Item, nested: Row, *, follows: bool) -> AsyncIterator[Item]:
        async for comment in self._rows(f"{post.external_id}/comments", self._fields, nested, follows=follows):
            item = self._collector.mapped(COMMENTS, map_comment, comment, self._account, self.identity, post)
            if item is None:
                continue
            yield item
            if "replies" in row_of(comment):  # left out: there are none
                replies = child_of(row_of(comment), "replies")
                async for reply in self._replies(post, item.external_id, replies, follows=follows):
                    yield reply

    async def _missing(
        self, post: Item, found: dict[str, Item], counted: int, *, was_nested: bool
    ) -> AsyncIterator[Item]:
        """Look for comments that are counted and were not shown: the lists inside others may end too early.

        What is not found here either is hidden from everybody, and not looked for again before more are missing.
        """
        if was_nested:
            async for item in self._below(post, {}, follows=True):
                found[item.external_id] = item
                yield item
        answered = list(dict.fromkeys(i.parent_id for i in found.values() if i.parent_id is not None))
        others = [i.external_id for i in found.values() if i.parent_id is None and i.external_id not in answered]
        for comments in (answered, others[:MOST_ASKED]):
            if len(found) >= counted:
                return
            for replies in await gather(*(self._all_replies(post, comment_id) for comment_id in comments)):
                for reply in replies:
                    found[reply.external_id] = reply
                    yield reply

    async def _all_replies(self, post: Item, comment_id: str) -> list[Item]:
        return [reply async for reply in self._replies(post, comment_id, {}, follows=True)]

    async def _replies(self, media: Item, comment_id: str, nested: Row, *, follows: bool) -> AsyncIterator[Item]:
        try:
            async for reply in self._rows(f"{comment_id}/replies", REPLY_FIELDS, nested, follows=follows):
                item = self._collector.mapped(
                    COMMENTS, map_comment, reply, self._account, self.identity, media, comment_id
                )
                if item is not None:
                    yield item
        except MissingObjectError:  # the comment was deleted while we were reading? The others stand
            await refuse_false_loss(self._collector, comment_id, self._read_id)

    async def _rows(self, path: str, fields: str, nested: Row, *, follows: bool) -> AsyncIterator[object]:
        """Yield what came nested and what follows it; where nothing came, ask the edge itself."""
        step: Mapping[str, str] = {}
        platform, account = self._account.platform, self._account.key
        if not is_list_missing(nested):
            for row in rows_of(nested):
                yield row
            following = next_of(nested, platform=platform, account=account)
            if following is None or not follows:
                return
            step = following
        edge = Edge(path=path, params={"fields": fields}, limit=self._page_size)
        async for page in read_pages(self._client, edge, platform=platform, account=account, start=step):
            for row in page.rows:
                yield row


_EDGES = {POSTS: "media", TAGS: "tags"}


def _unshown(media: Item) -> str:
    """Name what is remembered of a media: so many of its comments are counted and did not come with it."""
    return f"{media.external_id}/unshown"


def not_shown(account: Account) -> AccountError:
    """Return the error for an account that the platform does not show with this token."""
    return AccountError(
        "the account is gone, or the token does not open it",
        platform=account.platform,
        account=account.key,
        reason=Reason.GONE,
    )


def _is_worth_asking_apart(error: AdapterError) -> bool:
    return not ends_the_fetch(error) and not isinstance(error, MissingObjectError)
