"""Reading one Page, stream by stream: what is asked for, all at once where it goes, and what makes it complete."""

from dataclasses import replace
from datetime import datetime

import structlog

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, run_stream
from watchdaemon_adapters._graph.conversations import STREAM as MESSAGES
from watchdaemon_adapters._graph.conversations import Inbox, read_inbox
from watchdaemon_adapters._graph.courier import Spare
from watchdaemon_adapters._graph.errors import ReduceAmountError, ends_the_fetch
from watchdaemon_adapters._graph.mapping import folded_all
from watchdaemon_adapters._graph.posts import DOUBTFUL_COUNT, PostList, Seen, read_posts
from watchdaemon_adapters._graph.rounds import attempt, gather
from watchdaemon_adapters._graph.values import Row, child_of, optional_id, row_of, rows_of
from watchdaemon_adapters.facebook.comments import PHOTO_OF, PageCommentReader, PhotoCommentReader, is_alive
from watchdaemon_adapters.facebook.plans import ADVERTISEMENTS, COMMENTS, PHOTOS, POSTS, PagePlan, plans_of
from watchdaemon_adapters.facebook.settings import FacebookSettings
from watchdaemon_adapters.facebook.spelling import tail_of

log = structlog.get_logger(__name__)

MOST_POSTS = 100  # more at a time are refused (Page feed reference)
SPARE_POSTS = 5
PHOTOS_A_DAY = 50  # of each Page: every one is a question of its own

_REFUSALS = frozenset({Reason.PERMISSION, Reason.UNSUPPORTED, Reason.MALFORMED, Reason.GONE})


class PageReader:
    """Reads one Page into a collector: `ask` for all there is in one round, then `read` what came and what follows."""

    def __init__(self, client: GraphClient, collector: Collector, settings: FacebookSettings, spare: Spare) -> None:
        self._client = client
        self._spare = spare
        self._collector = collector
        self._settings = settings
        self._account = collector.account
        self._notes = collector.notes
        self._readers: dict[str, PageCommentReader] = {}
        self._firsts: dict[str, Row | AdapterError] = {}
        self._alone: set[str] = set()  # streams whose lists were asked for by themselves
        self._refused_together: AdapterError | None = None
        self._doubtful_from = DOUBTFUL_COUNT
        self._plans = [
            self._sized(plan)
            for plan in plans_of(settings)
            if not (plan.is_optional and self._notes.is_left_out(plan.stream))
            and (self._notes.is_sweep or not plan.is_daily)
        ]

    # ---- the first round -----------------------------------------------------------------------------------------

    async def ask(self) -> None:
        """Ask for everything at once; apart for what was refused before, and for conversations."""
        together = [] if self._notes.asks_apart else [p for p in self._plans if not self._must_be_alone(p)]
        apart = [p for p in self._plans if p not in together]
        self._alone = {p.stream for p in apart}
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
        if not isinstance(answer, AdapterError) and optional_id(answer) != self._account.native_id:
            answer = _no_page(self._account)
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

    def _must_be_alone(self, plan: PagePlan) -> bool:
        """Tell whether a list is asked for by itself.

        Whatever is left out of the answer passes for empty. So a list that never held anything is asked for alone the
        first time and once in a while after that, as far as this takes no further request.
        """
        if self._was_refused(plan):
            return True
        if plan.stream == PHOTOS or self._collector.mark(plan.comment_stream or plan.stream).ids:
            return False
        is_due = plan.stream not in self._notes.alone
        is_due = is_due or self._notes.is_due_alone(f"{self._account.native_id}/{plan.stream}")
        return is_due and self._spare.take()

    def _was_refused(self, plan: PagePlan) -> bool:
        return any(self._notes.was_refused(s) for s in (plan.stream, plan.comment_stream) if s is not None)

    def _sized(self, plan: PagePlan) -> PagePlan:
        limit = min(plan.limit, self._settings.page_size)
        if plan.edge in ("published_posts", "posts"):
            limit = min(MOST_POSTS, max(self._settings.page_size, self._notes.posts + SPARE_POSTS))
        return replace(plan, limit=max(1, min(limit, self._notes.fit or limit)))

    # ---- what came, and what follows -----------------------------------------------------------------------------

    async def read(self, *, is_proven: bool) -> None:
        """Read on from the first round. `is_proven`: the token is known to be the Page's own, silence may be true."""
        if not is_proven:
            self._doubtful_from = 0
        steps = [self._read_plan(plan) for plan in self._plans if plan.stream != PHOTOS]
        await gather(*steps, *([self._read_messages()] if self._reads_messages else []))
        for plan in self._plans:
            if plan.stream == PHOTOS:  # it needs to know the posts
                await run_stream(self._collector, PHOTOS, self._read_photos(plan))
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
            self._refuse(plan, error)
            return
        self._notes.read(plan.stream)
        if plan.stream in self._alone:
            self._notes.alone.add(plan.stream)
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
                if not is_known and (is_recent or is_alive(row_of(row), since)):
                    self._collector.add(post)
                    below.append((post, row_of(row)))
            if comments is not None:
                await comments.read_under(below)
        if plan.stream == POSTS:
            self._notes.posts = within
        return posts

    async def _read_photos(self, plan: PagePlan) -> None:
        """Read the comments under the single photos of posts with several; they are not among the post's own."""
        photos: list[tuple[Item, Row]] = []
        since = self._since(plan)
        try:
            async for rows in read_posts(self._client, self._collector, self._list(plan)):
                for row in rows:
                    post = self._collector.items.get(optional_id(row) or "") if isinstance(row, dict) else None
                    if post is not None and post.published_at >= since:
                        photos += [(photo, {}) for photo in _photos_in(row_of(row), post)]
        except AdapterError as error:
            self._refuse(plan, error)
            return
        self._notes.read(PHOTOS)
        reader = PhotoCommentReader(self._client, self._collector, PHOTOS, self._settings.comments_page_size)
        self._readers[PHOTOS] = reader
        reader.is_nested = False
        await reader.read_under(photos[:PHOTOS_A_DAY])
        reader.finish([])

    def _refuse(self, plan: PagePlan, error: AdapterError) -> None:
        """Book a list that the platform does not let the token read.

        What the app was never allowed is not covered, and `kinds` says so; what it could read before, or is promised
        without condition, is a trouble each time.
        """
        if ends_the_fetch(error) or isinstance(error, RetriableError) or error.reason not in _REFUSALS:
            raise error
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
            is_trusted=plan.stream == PHOTOS,
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


def _no_page(account: Account) -> RetriableError:
    """Return the error for an answer that is not about the Page: what it lacks is not known to be empty."""
    return RetriableError(
        f"{account.platform} answered a question about the page with something else",
        platform=account.platform,
        account=account.key,
        reason=Reason.MALFORMED,
    )


def _photos_in(row: Row, post: Item) -> list[Item]:
    """Return stand-ins for the photos of a post with several, to read comments under."""
    albums = [child_of(a, "subattachments") for a in rows_of(child_of(row, "attachments")) if isinstance(a, dict)]
    parts = [p for album in albums for p in rows_of(album) if isinstance(p, dict) and p.get("type") == "photo"]
    ids = [i for i in (optional_id(child_of(p, "target")) for p in parts) if i is not None]
    if len(ids) < 2:
        return []
    return [replace(post, external_id=i, thread_id=i, extra={PHOTO_OF: post.external_id}) for i in ids]


def _echo_key(comment: Item) -> tuple[str, datetime, str]:
    return (tail_of(comment.external_id), comment.published_at, comment.text)
