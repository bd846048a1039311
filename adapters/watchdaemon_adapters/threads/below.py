"""What stands below own posts: replies on every level, and replies that wait for approval."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.errors import MissingObjectError, incomplete_error
from watchdaemon_adapters._graph.values import Row, optional_id
from watchdaemon_adapters.threads.collect import Collector, Seen, ends_the_fetch
from watchdaemon_adapters.threads.mapping import PENDING_FIELDS, REPLY_FIELDS, Identity, map_reply, top_levels
from watchdaemon_adapters.threads.paging import ListReader
from watchdaemon_adapters.threads.rounds import Place

COMMENTS = "comments"
APPROVALS = "approvals"
SWEEP = "sweep"
"""A cursor of its own: the day (UTC) on which every conversation was last read, whatever the posts said of theirs."""


class BelowReader(ABC):
    """Reads one list below one post after another, and keeps count of whether that went well."""

    stream: str

    def __init__(self, lists: ListReader, collector: Collector, identity: Identity) -> None:
        self.is_whole = True
        self._is_refused = False
        self._is_asked = False  # whether the platform was asked for the list below a post
        self._lists = lists
        self._collector = collector
        self._identity = identity
        self._seen: Seen = []
        self._today = collector.now.date().isoformat()
        self._is_sweep = collector.cursors.get(SWEEP) != self._today

    @abstractmethod
    def rows(self, post: Item, row: Row) -> Iterator[list[object]]:
        """Yield the pages of the list below a post."""

    def read_under(self, post: Item, row: Row) -> None:
        """Keep all that stands below a post; what was found before a trouble is kept as well."""
        if self._is_refused or self._collector.round.is_read(self.stream, post.external_id):
            return
        found: list[object] = []
        malformed, is_read = self._collector.malformed, False
        self._is_asked = False
        try:
            self._read_into(found, post, row)
            is_read = True
        except AdapterError as error:
            self.is_whole = False
            if ends_the_fetch(error):
                raise
            self._is_refused = error.reason is Reason.PERMISSION  # the token may read none: no more are asked for
            self._collector.note(error, self.stream)
        finally:
            self._keep(found, post, is_read=is_read)
            # what could not be read is looked at again, or the next fetch would not know of it
            if is_read and self._is_asked and self._collector.malformed == malformed:
                self._collector.round.book(self.stream, post.external_id)

    def _read_into(self, found: list[object], post: Item, row: Row) -> None:
        try:
            for page in self.rows(post, row):
                found += page
        except MissingObjectError:
            if self._lists.is_there(post.external_id):  # or it was deleted while we were reading
                message = "what hangs on something that is still there could not be read"
                account = self._collector.account
                raise incomplete_error(message, platform=account.platform, account=account.key) from None

    def _keep(self, rows: list[object], post: Item, *, is_read: bool) -> None:
        tops = self.tops(rows, post, is_read=is_read)
        for row in rows:
            if isinstance(row, dict) and optional_id(row) == post.external_id:
                continue  # a conversation that begins with the post itself
            item = self._collector.mapped(
                self.stream, map_reply, row, self._collector.account, self._identity, post, tops
            )
            if item is not None:
                self._collector.add(item)
                self._seen.append((item.published_at, item.external_id))

    def tops(self, rows: list[object], post: Item, *, is_read: bool) -> dict[str, str]:  # noqa: ARG002 - see below
        """Return which top-level replies these stand under."""
        return top_levels(rows, post.external_id)


class ReplyReader(BelowReader):
    """Replies on every level.

    A post says whether it has any; that is believed except once a day, when every conversation is read.
    """

    stream = COMMENTS

    def __init__(self, lists: ListReader, collector: Collector, identity: Identity) -> None:
        super().__init__(lists, collector, identity)
        self._goes_on = not collector.round.is_fresh
        self._spoken_of = 0  # posts that say they have replies
        self._known: dict[str, str] = {}  # of the conversation that is gone on with
        self._after: str | None = None  # the cursor of the conversation's next page

    def rows(self, post: Item, row: Row) -> Iterator[list[object]]:
        """Yield the pages of the conversation."""
        says = row.get("has_replies")
        self._spoken_of += says is True
        if says is False and not self._is_sweep:
            return
        self._is_asked = True
        self._after = None
        place = self._collector.round.place
        if place is not None and place.post_id == post.external_id:
            self._known, self._collector.round.place = place.tops, None
            try:
                yield from self._pages(post, place.after)
            except AdapterError as error:
                if error.reason is not Reason.INCOMPLETE:
                    raise
            else:
                return
        yield from self._pages(post, None)

    def _pages(self, post: Item, after: str | None) -> Iterator[list[object]]:
        """Yield the pages after a cursor, the oldest replies first: what comes meanwhile is found at the end."""
        self._after = after
        params: Mapping[str, str] = {"fields": REPLY_FIELDS, "reverse": "false"}
        for page, end in self._lists.read_from(after, f"{post.external_id}/conversation", params):
            self._after = end
            yield page

    def tops(self, rows: list[object], post: Item, *, is_read: bool) -> dict[str, str]:
        """Return which top-level replies these stand under; remember it where the conversation broke off."""
        tops = top_levels(rows, post.external_id, self._known)
        if self._after is not None and not is_read and self._is_readable(rows):
            self._collector.round.place = Place(post_id=post.external_id, after=self._after, tops=tops)
        self._known, self._after = {}, None
        return tops

    def _is_readable(self, rows: list[object]) -> bool:
        return all(isinstance(row, dict) and optional_id(row) is not None for row in rows)

    def finish(self, posts: Seen) -> None:
        """Move the cursors, if everything was read and may be believed."""
        if self.is_whole and not self._seen and self._spoken_of and not self._goes_on:
            self.is_whole = False
            message = f"{self._spoken_of} posts say that they have replies, and none is shown"
            self._collector.note(self._collector.suspicious(message), self.stream)
        if self.is_whole:
            self._collector.finish(self.stream, [*posts, *self._seen])
            self._collector.advanced[SWEEP] = self._today


class HeldReader(BelowReader):
    """Replies that wait for approval, below posts that ask for it.

    Which posts do is nowhere said, but a post either has such a queue from the beginning or never. One that was found
    to have none is asked again only in the daily sweep.
    """

    stream = APPROVALS

    def __init__(self, lists: ListReader, collector: Collector, identity: Identity) -> None:
        super().__init__(lists, collector, identity)
        self._known_without = frozenset() if self._is_sweep else _decode(collector.cursors.get(APPROVALS))
        self._without: set[str] = set()

    def rows(self, post: Item, row: Row) -> Iterator[list[object]]:  # noqa: ARG002 - a post says nothing of its queue
        """Yield the pages of the queue."""
        if post.external_id in self._known_without:
            self._without.add(post.external_id)
            return
        self._is_asked = True
        try:
            yield from self._lists.read(f"{post.external_id}/pending_replies", {"fields": PENDING_FIELDS})
        except MissingObjectError:
            self._without.add(post.external_id)
        except AdapterError as error:
            if isinstance(error, RetriableError) or error.reason not in (Reason.MALFORMED, Reason.UNSUPPORTED):
                raise
            self._without.add(post.external_id)  # the platform knows no such list here

    def finish(self) -> None:
        """Remember which posts have no queue."""
        if self.is_whole:
            self._collector.advanced[APPROVALS] = json.dumps({"without": sorted(self._without)}, separators=(",", ":"))


def _decode(text: str | None) -> frozenset[str]:
    try:
        without = json.loads(text or "")["without"]
        return frozenset(key for key in without if isinstance(key, str))
    except (ValueError, TypeError, KeyError):
        return frozenset()
