"""Reading one Threads profile, stream by stream: what is asked for, and what makes it complete."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, refuse_sudden_emptiness
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.paging import StopWhenOld
from watchdaemon_adapters._graph.posts import CommentReader, Seen
from watchdaemon_adapters._graph.values import Row, child_of, optional_id, optional_moment, row_of
from watchdaemon_adapters.threads.mapping import (
    MENTION_FIELDS,
    PENDING_FIELDS,
    POST_FIELDS,
    REPLY_FIELDS,
    Identity,
    map_mention,
    map_own_answer,
    map_post,
    map_reply,
    top_levels,
)
from watchdaemon_adapters.threads.paging import ListReader
from watchdaemon_adapters.threads.settings import ThreadsSettings

POSTS = "posts"
COMMENTS = "comments"
APPROVALS = "approvals"
MENTIONS = "mentions"
SWEEP = "sweep"
"""A cursor of its own: the day (UTC) on which every conversation was last read, whatever the posts said of theirs."""


class AccountReader:
    """Reads one profile into a collector."""

    def __init__(
        self,
        client: GraphClient,
        lists: ListReader,
        collector: Collector,
        settings: ThreadsSettings,
        identity: Identity,
    ) -> None:
        self._client = client
        self._lists = lists
        self._collector = collector
        self._settings = settings
        self._identity = identity
        self._account = collector.account

    def streams(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the streams in the order in which they are read."""
        chosen: list[tuple[str, Callable[[], None]]] = [(POSTS, self._read_posts)]
        if self._settings.mentions:
            chosen.append((MENTIONS, self._read_mentions))
        return chosen

    def _read_posts(self) -> None:
        """Read own posts, and what stands under those within the look-back, held replies too."""
        replies = ReplyReader(self._client, self._lists, self._collector, self._identity)
        held = (
            HeldReader(self._client, self._lists, self._collector, self._identity) if self._settings.approvals else None
        )
        since = min(self._since(POSTS), self._since(COMMENTS))
        posts: Seen = []
        is_empty = True
        for row in self._post_rows(since):
            is_empty = False
            post = self._collector.mapped(POSTS, map_post, row, self._account)
            if post is None:
                continue
            posts.append((post.published_at, post.external_id))
            self._collector.add(post)
            if post.published_at >= since:
                replies.read_under(post, row_of(row))
                if held is not None:
                    held.read_under(post, row_of(row))
        if is_empty:
            mark = self._collector.mark(POSTS)
            refuse_sudden_emptiness(self._collector, mark, POSTS, lambda key: self._client.get(key, {"fields": "id"}))
        self._collector.finish(POSTS, posts)
        replies.finish(posts, doubtful_from=1)  # a post that says it has replies, and no reply anywhere
        if held is not None:
            held.finish(posts)

    def _post_rows(self, since: datetime) -> Iterator[object]:
        stop = StopWhenOld(since)
        for rows in self._lists.read("me/threads", {"fields": POST_FIELDS}, limit=self._settings.page_size):
            yield from rows
            if stop.is_enough(_moments(rows)):
                return

    def _read_mentions(self) -> None:
        """Read public posts that name the account, and the account's own answers to them.

        The conversation of somebody else's post cannot be read, but what the account itself wrote there can.
        """
        since = self._since(MENTIONS)
        seen: Seen = []
        mentioned: dict[str, Item] = {}
        stop = StopWhenOld(since)
        for rows in self._lists.read("me/mentions", {"fields": MENTION_FIELDS}):
            for row in rows:
                mention = self._collector.mapped(MENTIONS, map_mention, row, self._account, self._identity)
                if mention is None:
                    continue
                seen.append((mention.published_at, mention.external_id))
                # A reply below an own post that names us, too, stands there already.
                if mention.published_at >= since and mention.external_id not in self._collector.items:
                    mentioned[mention.external_id] = mention
                    self._collector.add(mention)
            if stop.is_enough(_moments(rows)):
                break
        if any(not m.by_account for m in mentioned.values()):
            self._read_own_answers(mentioned, since)
        self._collector.finish(MENTIONS, seen)

    def _read_own_answers(self, mentioned: dict[str, Item], since: datetime) -> None:
        stop = StopWhenOld(since)
        for rows in self._lists.read("me/replies", {"fields": REPLY_FIELDS}):
            for row in rows:
                mention_id = _stands_under(row, mentioned)
                if mention_id is None:
                    continue
                answer = self._collector.mapped(MENTIONS, map_own_answer, row, self._account, mention_id)
                if answer is not None:
                    self._collector.add(answer)
            if stop.is_enough(_moments(rows)):
                return

    def _since(self, stream: str) -> datetime:
        return self._collector.mark(stream).since(self._collector.now, self._collector.look_back)


class ReplyReader(CommentReader):
    """Replies below a post, on every level.

    A post says whether it has any; that is believed except once a day, when every conversation is read.
    """

    def __init__(self, client: GraphClient, lists: ListReader, collector: Collector, identity: Identity) -> None:
        super().__init__(client, collector, COMMENTS, page_size=0)
        self._lists = lists
        self._identity = identity
        self._today = collector.now.date().isoformat()
        self._is_sweep = collector.cursors.get(SWEEP) != self._today

    @property
    def expansion(self) -> str:
        """Nothing: Threads documents no expansion of a post's replies."""
        return ""

    def find(self, post: Item, row: Row) -> Iterator[Item]:
        """Yield all replies below a post; what came before a trouble as well."""
        says = row.get("has_replies")
        if says is False and not self._is_sweep:
            return
        self.counted += says is True
        rows: list[object] = []
        trouble: AdapterError | None = None
        try:
            for page in self._lists.read(
                f"{post.external_id}/conversation", {"fields": REPLY_FIELDS, "reverse": "true"}
            ):
                rows += page
        except AdapterError as error:
            trouble = error
        yield from replies_of(rows, post, self._collector, COMMENTS, self._identity)
        if trouble is not None:
            raise trouble

    def finish(self, posts: Seen, *, doubtful_from: int = 1) -> None:
        """Move the cursors, if everything was read and may be believed."""
        super().finish(posts, doubtful_from=doubtful_from)
        if self._is_whole:
            self._collector.advanced[SWEEP] = self._today


class HeldReader(CommentReader):
    """Replies that wait for approval, below posts that ask for it.

    Which posts do is nowhere said, but a post either has such a queue from the beginning or never. One that was found
    to have none is asked again only in the daily sweep.
    """

    def __init__(self, client: GraphClient, lists: ListReader, collector: Collector, identity: Identity) -> None:
        super().__init__(client, collector, APPROVALS, page_size=0)
        self._lists = lists
        self._identity = identity
        self._today = collector.now.date().isoformat()
        is_sweep = collector.cursors.get(SWEEP) != self._today
        self._known_without = frozenset() if is_sweep else _decode(collector.cursors.get(APPROVALS))
        self._without: set[str] = set()

    @property
    def expansion(self) -> str:
        """Nothing: Threads documents no expansion of them."""
        return ""

    def find(self, post: Item, row: Row) -> Iterator[Item]:  # noqa: ARG002 - a post says nothing of its queue
        """Yield the replies below a post that are not approved."""
        if post.external_id in self._known_without:
            self._without.add(post.external_id)
            return
        rows: list[object] = []
        try:
            for page in self._lists.read(f"{post.external_id}/pending_replies", {"fields": PENDING_FIELDS}):
                rows += page
        except MissingObjectError:
            self._without.add(post.external_id)
        except AdapterError as error:
            if isinstance(error, RetriableError) or error.reason not in (Reason.MALFORMED, Reason.UNSUPPORTED):
                raise
            self._without.add(post.external_id)  # the platform knows no such list here
        yield from replies_of(rows, post, self._collector, APPROVALS, self._identity)

    def finish(self, posts: Seen, *, doubtful_from: int = 1) -> None:  # noqa: ARG002 - nothing is counted here
        """Remember which posts have no queue."""
        if self._is_whole:
            self._collector.advanced[APPROVALS] = json.dumps({"without": sorted(self._without)}, separators=(",", ":"))


def replies_of(rows: list[object], post: Item, collector: Collector, stream: str, identity: Identity) -> Iterator[Item]:
    """Map the replies below one post; the post itself, if it is among them, is left out."""
    tops = top_levels(rows, post.external_id)
    for row in rows:
        if isinstance(row, dict) and optional_id(row) == post.external_id:
            continue
        item = collector.mapped(stream, map_reply, row, collector.account, identity, post, tops)
        if item is not None:
            yield item


def _moments(rows: Sequence[object]) -> list[datetime | None]:
    return [optional_moment(row, "timestamp") if isinstance(row, dict) else None for row in rows]


def _stands_under(row: object, mentioned: Mapping[str, Item]) -> str | None:
    """Return the mention that one of the account's own replies stands under, if it is one of these."""
    if not isinstance(row, dict):
        return None
    above = [optional_id(child_of(row, name)) for name in ("replied_to", "root_post")]
    return next((key for key in above if key in mentioned), None)


def _decode(text: str | None) -> frozenset[str]:
    try:
        without = json.loads(text or "")["without"]
        return frozenset(key for key in without if isinstance(key, str))
    except (ValueError, TypeError, KeyError):
        return frozenset()
