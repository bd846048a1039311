"""Reading one Page, stream by stream: what is asked for, all at once where it goes, and what makes it complete."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, run_stream, suspicious
from watchdaemon_adapters._graph.conversations import STREAM as MESSAGES
from watchdaemon_adapters._graph.conversations import Inbox, read_inbox
from watchdaemon_adapters._graph.errors import ReduceAmountError, ends_the_fetch
from watchdaemon_adapters._graph.mapping import folded_all
from watchdaemon_adapters._graph.paging import Edge, next_of, read_pages
from watchdaemon_adapters._graph.posts import DOUBTFUL_COUNT, CommentReader, PostList, Seen, read_posts
from watchdaemon_adapters._graph.rounds import attempt, gather
from watchdaemon_adapters._graph.values import (
    Row,
    child_of,
    count_of,
    is_list_missing,
    optional_moment,
    row_of,
    rows_of,
)
from watchdaemon_adapters.facebook.mapping import (
    COMMENT_FIELDS,
    LIVE_FIELDS,
    MENTION_FIELDS,
    POST_FIELDS,
    REEL_FIELDS,
    VISITOR_POST_FIELDS,
    map_comment,
    map_live,
    map_mention,
    map_post,
    map_reel,
    map_visitor_post,
    settle_threads,
    tail_of,
)
from watchdaemon_adapters.facebook.settings import FacebookSettings

log = structlog.get_logger(__name__)

POSTS = "posts"
COMMENTS = "comments"
VISITOR_POSTS = "visitor_posts"
TAGGED = "tagged"
REELS = "reels"
LIVE_VIDEOS = "live_videos"
ADVERTISEMENTS = "advertisements"

MOST_POSTS = 100  # more at a time are refused (Page feed reference)
FEWER = 10  # of lists that are short on nearly every Page
SPARE_POSTS = 5

_REFUSALS = frozenset({Reason.PERMISSION, Reason.UNSUPPORTED, Reason.MALFORMED, Reason.GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlan:
    """One list of a Page, as part of the question for everything or for itself."""

    stream: str
    edge: str
    fields: str
    map_row: Callable[[object, Account], Item]
    time_key: str = "created_time"
    comment_stream: str | None = None  # whose cursor the comments below it move; None: they are not read
    keeps_old: bool = False  # own posts tell when the account was last active
    is_optional: bool = False  # not every app may read it: where it never could, that is no trouble of each day
    limit: int = FEWER
    can_be_doubted: bool = True


def plans_of(settings: FacebookSettings) -> list[PagePlan]:
    """Return the lists that the settings want, the most important first."""
    wanted = {
        VISITOR_POSTS: settings.visitor_posts,
        TAGGED: settings.mentions,
        REELS: settings.reels,
        LIVE_VIDEOS: settings.live_videos,
        ADVERTISEMENTS: settings.advertisements,
    }
    return [plan for plan in _PLANS if wanted.get(plan.stream, True)]


_PLANS = (
    PagePlan(
        stream=POSTS,
        edge="published_posts",
        fields=POST_FIELDS,
        map_row=map_post,
        comment_stream=COMMENTS,
        keeps_old=True,
    ),
    PagePlan(
        stream=VISITOR_POSTS,
        edge="visitor_posts",
        fields=VISITOR_POST_FIELDS,
        map_row=map_visitor_post,
        comment_stream=VISITOR_POSTS,
    ),
    PagePlan(stream=TAGGED, edge="tagged", fields=MENTION_FIELDS, map_row=map_mention),
    PagePlan(
        stream=REELS,
        edge="video_reels",
        fields=REEL_FIELDS,
        map_row=map_reel,
        comment_stream=REELS,
        keeps_old=True,
        is_optional=True,
    ),
    PagePlan(
        stream=LIVE_VIDEOS,
        edge="live_videos",
        fields=LIVE_FIELDS,
        map_row=map_live,
        time_key="creation_time",
        comment_stream=LIVE_VIDEOS,
        keeps_old=True,
        is_optional=True,
    ),
    PagePlan(
        stream=ADVERTISEMENTS,
        edge="ads_posts",
        fields=POST_FIELDS,
        map_row=map_post,
        comment_stream=ADVERTISEMENTS,
        keeps_old=True,
        is_optional=True,
        can_be_doubted=False,  # advertisements come and go
    ),
)


class PageReader:
    """Reads one Page into a collector: `ask` for all there is in one round, then `read` what came and what follows."""

    def __init__(self, client: GraphClient, collector: Collector, settings: FacebookSettings) -> None:
        self._client = client
        self._collector = collector
        self._settings = settings
        self._account = collector.account
        self._notes = collector.notes
        self._readers: dict[str, PageCommentReader] = {}
        self._firsts: dict[str, Row | AdapterError] = {}
        self._refused_together: AdapterError | None = None
        self._doubtful_from = DOUBTFUL_COUNT
        self._plans = [
            self._sized(plan)
            for plan in plans_of(settings)
            if not (plan.is_optional and self._notes.is_left_out(plan.stream))
        ]

    # ---- the first round -----------------------------------------------------------------------------------------

    async def ask(self) -> None:
        """Ask for everything at once; apart for what was refused before, and for conversations."""
        together = [] if self._notes.asks_apart else [p for p in self._plans if not self._was_refused(p)]
        apart = [p for p in self._plans if p not in together] if not self._notes.asks_apart else list(self._plans)
        answers = await gather(
            *([attempt(self._ask_together(together))] if together else []),
            *(attempt(self._list(p).edge(self._comments(p)).first(self._client)) for p in apart),
            *([attempt(self._inbox.edge.first(self._client))] if self._reads_messages else []),
        )
        if together:
            self._take_together(together, answers.pop(0))
        names = [p.stream for p in apart] + ([MESSAGES] if self._reads_messages else [])
        self._firsts |= dict(zip(names, answers, strict=True))

    async def _ask_together(self, plans: list[PagePlan]) -> Row:
        expansions = [
            f"{p.edge}.limit({p.limit}){{{self._list(p).edge(self._comments(p)).params['fields']}}}" for p in plans
        ]
        return await self._client.get(self._account.native_id, {"fields": ",".join(["id", *expansions])})

    def _take_together(self, plans: list[PagePlan], answer: Row | AdapterError) -> None:
        if isinstance(answer, AdapterError):
            if ends_the_fetch(answer):
                self._firsts |= {p.stream: answer for p in plans}
                return
            if isinstance(answer, ReduceAmountError):
                self._notes.remember_fit(max(1, plans[0].limit // 2))
                self._plans = [self._sized(p) for p in self._plans]
            self._refused_together = answer
            return
        for plan in plans:
            # a list with nothing in it is left out
            self._firsts[plan.stream] = {"data": []} if plan.edge not in answer else child_of(answer, plan.edge)

    def _was_refused(self, plan: PagePlan) -> bool:
        return any(self._notes.was_refused(s) for s in (plan.stream, plan.comment_stream) if s is not None)

    def _sized(self, plan: PagePlan) -> PagePlan:
        limit = plan.limit
        if plan.stream == POSTS:
            limit = min(MOST_POSTS, max(self._settings.page_size, self._notes.posts + SPARE_POSTS))
        limit = min(limit, self._notes.fit or limit)
        return replace(plan, limit=max(1, min(limit, self._settings.page_size) if plan.stream != POSTS else limit))

    # ---- what came, and what follows -----------------------------------------------------------------------------

    async def read(self, *, is_proven: bool) -> None:
        """Read on from the first round. `is_proven`: the token is known to be the Page's own, silence may be true."""
        if not is_proven:
            self._doubtful_from = 0
        steps = [self._read_plan(plan) for plan in self._plans]
        await gather(*steps, *([self._read_messages()] if self._reads_messages else []))
        self._drop_echoes()
        is_refusal = self._refused_together is not None and not isinstance(self._refused_together, RetriableError)
        if is_refusal and not any(self._was_refused(p) for p in plans_of(self._settings)):
            self._notes.apart_on = self._notes.today  # each list for itself is fine, all of them in one question is not

    async def _read_plan(self, plan: PagePlan) -> None:
        await run_stream(self._collector, plan.stream, self._read_posts(plan))

    async def _read_posts(self, plan: PagePlan) -> None:
        """Read a list of posts, and the comments and replies under those within the look-back.

        A Page has no list of all its comments: they are read under each post.
        """
        comments = self._comments(plan)
        try:
            posts = await self._read_rows(plan, comments)
        except AdapterError as error:
            if ends_the_fetch(error) or isinstance(error, RetriableError) or error.reason not in _REFUSALS:
                raise
            self._refuse(plan, error)
            return
        self._notes.read(plan.stream)
        if comments is None or plan.comment_stream != plan.stream:
            self._collector.finish(plan.stream, posts)
        if comments is not None:
            await comments.doubt_silence()
            is_doubtful = plan.stream == POSTS and bool(posts)
            comments.finish(posts, doubtful_from=self._doubtful_from if is_doubtful else DOUBTFUL_COUNT)

    async def _read_rows(self, plan: PagePlan, comments: "PageCommentReader | None") -> Seen:
        since = self._since(plan)
        posts: Seen = []
        within = 0
        async for rows in read_posts(self._client, self._collector, self._list(plan), comments):
            below: list[tuple[Item, Row]] = []
            for row in rows:
                post = self._collector.mapped(plan.stream, plan.map_row, row, self._account)
                if post is None:
                    continue
                posts.append((post.published_at, post.external_id))
                is_known = plan.stream == ADVERTISEMENTS and post.external_id in self._collector.items
                is_recent = post.published_at >= since
                within += is_recent
                if plan.keeps_old or is_recent:
                    self._collector.add(post)
                if not is_known and (is_recent or _is_alive(row_of(row), since)):
                    self._collector.add(post)
                    below.append((post, row_of(row)))
            if comments is not None:
                await comments.read_under(below)
        if plan.stream == POSTS:
            self._notes.posts = within
        return posts

    def _refuse(self, plan: PagePlan, error: AdapterError) -> None:
        """Book a list that the platform does not let the token read.

        What the app was never allowed is not covered, and `kinds` says so; what it could read before, or is promised
        without condition, is a trouble each time.
        """
        self._notes.refuse(plan.stream)
        if plan.is_optional and plan.stream not in self._notes.readable:
            log.info(
                "graph.not_allowed",
                platform=self._account.platform,
                account=self._account.key,
                stream=plan.stream,
                reason=error.reason.value,
            )
            return
        raise error

    def _drop_echoes(self) -> None:
        """Leave out comments on reels, live videos and advertisements that are shown under a post as well.

        The two differ in the first part of their id alone.
        """
        main = self._readers.get(COMMENTS)
        shown = {_echo_key(c): c.external_id for c in main.found} if main else {}
        for stream, reader in self._readers.items():
            for comment in reader.found if stream != COMMENTS else ():
                if shown.get(_echo_key(comment), comment.external_id) != comment.external_id:
                    self._collector.items.pop(comment.external_id, None)

    async def _read_messages(self) -> None:
        first = self._firsts.get(MESSAGES)
        await run_stream(self._collector, MESSAGES, read_inbox(self._client, self._collector, self._inbox, first=first))

    @property
    def _reads_messages(self) -> bool:
        return self._settings.messages and self._account.extra.get(MESSAGES) != "off"

    @property
    def _inbox(self) -> Inbox:
        return Inbox(
            page_id=self._account.native_id,
            platform="messenger",
            page_size=self._settings.page_size,
            reads_older=True,
            automatic=folded_all(self._settings.automatic_replies),
        )

    def _since(self, plan: PagePlan) -> datetime:
        mark = self._collector.mark(plan.comment_stream or plan.stream)
        return mark.since(self._collector.now, self._collector.look_back)

    def _list(self, plan: PagePlan) -> PostList:
        return PostList(
            stream=plan.stream,
            path=f"{self._account.native_id}/{plan.edge}",
            fields=plan.fields,
            time_key=plan.time_key,
            limit=plan.limit,
            since=self._since(plan),
            can_be_doubted=plan.can_be_doubted,
            first=self._firsts.get(plan.stream),
        )

    def _comments(self, plan: PagePlan) -> "PageCommentReader | None":
        if plan.comment_stream is None:
            return None
        if plan.comment_stream not in self._readers:
            page_size = self._settings.comments_page_size
            self._readers[plan.comment_stream] = PageCommentReader(
                self._client, self._collector, plan.comment_stream, page_size
            )
        return self._readers[plan.comment_stream]


class PageCommentReader(CommentReader):
    """Comments under a Page's or a visitor's post: all levels in one flat list, newest first."""

    def __init__(self, client: GraphClient, collector: Collector, stream: str, page_size: int) -> None:
        super().__init__(client, collector, stream, page_size)
        self._shows_nested = False  # whether any post came with comments inside, or with the word that there are none
        self._silent: list[tuple[Item, Row]] = []

    @property
    def expansion(self) -> str:
        """The comments as a field of a post: all levels, flat, newest first, with their number."""
        modifiers = f".filter(stream).order(reverse_chronological).summary(true).limit({self._page_size})"
        return f"comments{modifiers}{{{COMMENT_FIELDS}}}"

    async def find(self, post: Item, row: Row) -> AsyncIterator[Item]:
        """Yield the comments under a post that may be new or may have changed."""
        async for rows in self._rows(post, row):
            for comment in rows:
                item = self._collector.mapped(self._stream, map_comment, comment, self._account, post)
                if item is not None:
                    yield item

    def settled(self, post: Item, found: list[Item]) -> Iterable[Item]:
        """Find each reply's top-level comment; under a visitor's post everything is one thread."""
        return settle_threads(found) if post.kind is ItemKind.POST else found

    async def doubt_silence(self) -> None:
        """Make sure that posts which came without comments have none, where not one came with any.

        Once a day, and whenever some were there the last time.

        A field without data is left out; so would one be that is not understood. One post asked for by itself tells
        the two apart.
        """
        notes, mark = self._collector.notes, f"{self._stream}/nested"
        was_shown = mark in notes.readable
        if self._shows_nested:
            notes.readable.add(mark)
        if self._shows_nested or not self._silent or self._is_refused or not (notes.is_sweep or was_shown):
            return
        self.is_nested = False
        newest = max(self._silent, key=lambda pair: pair[0].published_at)
        before = len(self.found)
        await self.read_under([newest])
        if len(self.found) > before:
            await self.read_under(pair for pair in self._silent if pair is not newest)

    async def _rows(self, post: Item, row: Row) -> AsyncIterator[list[object]]:
        step: Mapping[str, str] = {}
        nested = row.get("comments")
        if self.is_nested and nested is None:
            self._silent.append((post, row))
            return
        if isinstance(nested, dict) and not is_list_missing(nested):
            self._shows_nested = True
            rows, counted = rows_of(nested), count_of(child_of(nested, "summary"), "total_count")
            self.counted += counted
            yield rows
            following = next_of(nested, platform=self._account.platform, account=self._account.key)
            if self._is_enough(row, nested, counted, has_more=following is not None):
                return
            step = following or {}
        async for page in self._pages(post, step):
            yield page

    def _is_enough(self, row: Row, nested: Row, counted: int, *, has_more: bool) -> bool:
        """Tell whether what came with the post is all that may be new under it.

        The newest come first, and replies stand among them by their own time. So once such a list has come down to
        what was there the last time, the rest is known; whether the order holds is seen in the times themselves. What
        changed further down shows in the day's first fetch, which reads all of it.
        """
        rows, is_sweep = rows_of(nested), self._collector.notes.is_sweep
        moments = [optional_moment(r, "created_time") for r in rows if isinstance(r, dict)]
        times = [m for m in moments if m is not None]
        is_ordered = bool(times) and len(times) == len(rows) and times == sorted(times, reverse=True)
        if not is_sweep and is_ordered and self._mark.newer_than(times[-1]):
            return True
        if has_more:
            return False
        if rows or not counted:
            return True  # there is no next page: what is counted beyond is hidden from everybody
        updated_at = optional_moment(row, "updated_time")
        return not (is_sweep or updated_at is None or not self._mark.newer_than(updated_at))

    async def _pages(self, post: Item, step: Mapping[str, str]) -> AsyncIterator[list[object]]:
        edge = Edge(
            path=f"{post.external_id}/comments",
            params={"fields": COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological", "summary": "true"},
            limit=self._page_size,
        )
        platform, account = self._account.platform, self._account.key
        is_first = not step
        async for page in read_pages(self._client, edge, platform=platform, account=account, start=step):
            if is_first and not page.rows and not page.summary:
                # the number is asked for and always given, except to a token that does not see the comments
                raise suspicious(self._collector, "a list of comments is empty and does not say how many there are")
            self.counted += count_of(page.summary, "total_count") if is_first else 0
            is_first = False
            yield page.rows


def _is_alive(row: Row, since: datetime) -> bool:
    """Tell whether something was said lately under a post that is older than the look-back."""
    times: Iterator[datetime | None] = (
        optional_moment(c, "created_time") for c in rows_of(child_of(row, "comments")) if isinstance(c, dict)
    )
    return any(at is not None and at >= since for at in times)


def _echo_key(comment: Item) -> tuple[str, datetime, str]:
    return (tail_of(comment.external_id), comment.published_at, comment.text)
