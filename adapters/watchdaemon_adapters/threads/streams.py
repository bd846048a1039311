"""Reading one Threads profile, stream by stream: what is asked for, and what makes it complete."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from watchdaemon.domain.item import Item
from watchdaemon_adapters._graph.paging import StopWhenOld
from watchdaemon_adapters._graph.values import child_of, optional_id, optional_moment, row_of
from watchdaemon_adapters.threads.below import COMMENTS, HeldReader, ReplyReader
from watchdaemon_adapters.threads.client import ThreadsClient
from watchdaemon_adapters.threads.collect import Collector, Seen
from watchdaemon_adapters.threads.mapping import (
    MENTION_FIELDS,
    POST_FIELDS,
    REPLY_FIELDS,
    Identity,
    map_mention,
    map_own_answer,
    map_post,
)
from watchdaemon_adapters.threads.paging import ListReader
from watchdaemon_adapters.threads.settings import ThreadsSettings

POSTS = "posts"
MENTIONS = "mentions"


class AccountReader:
    """Reads one profile into a collector."""

    def __init__(
        self,
        client: ThreadsClient,
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
        replies = ReplyReader(self._lists, self._collector, self._identity)
        held = HeldReader(self._lists, self._collector, self._identity) if self._settings.approvals else None
        since = min(self._collector.since(POSTS), self._collector.since(COMMENTS))
        posts: Seen = []
        is_empty = True
        for row in self._since("me/threads", POST_FIELDS, since, limit=self._settings.page_size):
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
            self._collector.refuse_sudden_emptiness(POSTS, self._client)
        self._collector.finish(POSTS, posts)
        replies.finish(posts)
        if held is not None:
            held.finish()
        self._collector.is_round_over = replies.is_whole and (held is None or held.is_whole)

    def _read_mentions(self) -> None:
        """Read public posts that name the account, and the account's own answers to them.

        The conversation of somebody else's post cannot be read, but what the account itself wrote there can.
        """
        since = self._collector.since(MENTIONS)
        seen: Seen = []
        mentioned: dict[str, Item] = {}
        for row in self._since("me/mentions", MENTION_FIELDS, since):
            mention = self._collector.mapped(MENTIONS, map_mention, row, self._account, self._identity)
            if mention is None:
                continue
            seen.append((mention.published_at, mention.external_id))
            # A reply below an own post that names us, too, stands there already.
            if mention.published_at >= since and mention.external_id not in self._collector.items:
                mentioned[mention.external_id] = mention
                self._collector.add(mention)
        if any(not m.by_account for m in mentioned.values()):
            self._read_own_answers(mentioned, since)
        self._collector.finish(MENTIONS, seen)

    def _read_own_answers(self, mentioned: Mapping[str, Item], since: datetime) -> None:
        for row in self._since("me/replies", REPLY_FIELDS, since):
            mention_id = _stands_under(row, mentioned)
            if mention_id is None:
                continue
            answer = self._collector.mapped(MENTIONS, map_own_answer, row, self._account, mention_id)
            if answer is not None:
                self._collector.add(answer)

    def _since(self, path: str, fields: str, since: datetime, *, limit: int | None = None) -> Iterator[object]:
        """Yield a list's rows until there are only old ones."""
        stop = StopWhenOld(since)
        for rows in self._lists.read(path, {"fields": fields}, limit=limit):
            yield from rows
            if stop.is_enough(_moments(rows)):
                return


def _moments(rows: Sequence[object]) -> list[datetime | None]:
    return [optional_moment(row, "timestamp") if isinstance(row, dict) else None for row in rows]


def _stands_under(row: object, mentioned: Mapping[str, Item]) -> str | None:
    """Return the mention that one of the account's own replies stands under, if it is one of these."""
    if not isinstance(row, dict):
        return None
    above = [optional_id(child_of(row, name)) for name in ("replied_to", "root_post")]
    return next((key for key in above if key in mentioned), None)
