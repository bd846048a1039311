"""Comments under a Page's posts, videos and photos: flat lists, newest first; only their beginning may be new."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from watchdaemon.domain.item import Item, ItemKind
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import Collector, Mark, suspicious
from watchdaemon_adapters._graph.paging import Edge, Page, next_of, read_pages
from watchdaemon_adapters._graph.posts import CommentReader
from watchdaemon_adapters._graph.values import Row, child_of, count_of, is_list_missing, optional_moment, rows_of
from watchdaemon_adapters.facebook.mapping import COMMENT_FIELDS, map_comment, settle_threads
from watchdaemon_adapters.facebook.spelling import Speller, tail_of

MOST_COMMENTS = 100  # at a time, where they are asked for by themselves
PHOTO_OF = "photo_of"
"""In the `extra` of what stands for a photo while its comments are read: the post it stands in."""


class PageCommentReader(CommentReader):
    """Comments under a Page's or a visitor's post: all levels in one flat list, newest first."""

    def __init__(self, client: GraphClient, collector: Collector, stream: str, page_size: int) -> None:
        super().__init__(client, collector, stream, page_size)
        self._shows_nested = False  # whether any post came with comments inside, or with the word that there are none
        self._silent: list[tuple[Item, Row]] = []
        self._speller = Speller(collector.notes, stream, collector.account.native_id, self._mark)

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
        """Find each reply's top-level comment; under a visitor's post everything is one thread.

        Every comment gets the id by which it is stored, however the Graph spells it this time.
        """
        by_tail: dict[str, Item] = {}
        for comment in found:
            tail = tail_of(comment.external_id)
            key = by_tail[tail].external_id if tail in by_tail else self._spelled(post, comment)
            is_top = comment.thread_id == comment.external_id
            by_tail[tail] = replace(comment, external_id=key, thread_id=key if is_top else comment.thread_id)
        comments = list(by_tail.values())
        if post.kind is ItemKind.POST:
            return settle_threads(comments, lambda parent: self._speller.spelled(post, parent, None))
        return [self._hung(post, comment, by_tail) for comment in comments]

    def _spelled(self, post: Item, comment: Item) -> str:
        return self._speller.spelled(post, comment.external_id, comment.published_at)

    def _hung(self, post: Item, comment: Item, by_tail: Mapping[str, Item]) -> Item:
        """Spell the parent of a comment under a visitor's post as it is stored."""
        parent = comment.parent_id
        if parent is None or parent == post.external_id:
            return comment
        known = by_tail.get(tail_of(parent))
        return replace(comment, parent_id=known.external_id if known else self._speller.spelled(post, parent, None))

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
        depth = _Depth(self._mark)
        step: Mapping[str, str] = {}
        came = shown = counted = 0
        if self.is_nested and "comments" not in row:
            self._silent.append((post, row))
            return
        nested = child_of(row, "comments")
        if not is_list_missing(nested):
            self._shows_nested = True
            rows, counted = rows_of(nested), count_of(child_of(nested, "summary"), "total_count")
            self.counted += counted
            shown = len(rows)
            yield rows
            following = next_of(nested, platform=self._account.platform, account=self._account.key)
            if self._is_known(depth, rows) or (following is None and self._is_all(post, row, rows, counted)):
                return
            step = following or {}
            came, shown = shown, shown if step else 0  # without a step all of it is asked for again
        async for page in self._pages(post, step, shown=shown, counted=counted):
            yield page
            if self._is_known(depth, page):
                return
        if counted and not step:
            self._collector.notes.remember_count(post.external_id, counted - came)

    def _is_known(self, depth: "_Depth", rows: list[object]) -> bool:
        """Tell whether all that follows was read before.

        The newest come first, and replies stand among them by their own time. So once such a list has come down to
        what was there the last time, the rest is known; whether the order holds is seen in the times themselves. What
        changed further down shows in the day's first fetch, which reads all of it.
        """
        return depth.is_reached_by(rows) and not self._collector.notes.is_sweep

    def _is_all(self, post: Item, row: Row, rows: list[object], counted: int) -> bool:
        """Tell whether a list without a next page is all there is.

        What is counted beyond its rows is hidden from everybody, or left out here: the list itself is asked for when
        that is more than the last time. No row at all, where some are counted, is worth a question once a day and when
        the post changed.
        """
        if counted <= len(rows):
            return True
        if rows:
            return counted - len(rows) <= self._collector.notes.counts.get(post.external_id, 0)
        updated_at = optional_moment(row, "updated_time")
        is_unchanged = updated_at is not None and self._mark.newer_than(updated_at)
        return is_unchanged and not self._collector.notes.is_sweep

    async def _pages(
        self, post: Item, step: Mapping[str, str], *, shown: int, counted: int
    ) -> AsyncIterator[list[object]]:
        """Yield pages to the list's end, and past an end that comes before all that are counted.

        Args:
            post: Whose comments.
            step: Where to begin.
            shown: So many came before that place.
            counted: So many there are, as far as is known.
        """
        is_first = not step
        tried: set[str | None] = {None}
        while True:
            last = None
            async for page in self._pages_from(post, step):
                if is_first and not page.rows and not page.summary:
                    # the number is asked for and always given, except to a token that does not see the comments
                    raise suspicious(self._collector, "a list of comments is empty and does not say how many there are")
                counted = max(counted, count_of(page.summary, "total_count"))
                self.counted += counted if is_first else 0
                is_first, last, shown = False, page, shown + len(page.rows)
                yield page.rows
            if last is None or not last.rows or shown >= counted or last.after in tried:
                return
            tried.add(last.after)
            step = {"after": str(last.after)}

    def _pages_from(self, post: Item, step: Mapping[str, str]) -> AsyncIterator[Page]:
        edge = Edge(
            path=f"{post.external_id}/comments",
            params={"fields": COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological", "summary": "true"},
            limit=MOST_COMMENTS,
        )
        return read_pages(self._client, edge, platform=self._account.platform, account=self._account.key, start=step)


class _Depth:
    """How far down a list, newest first, was followed."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self._last: datetime | None = None
        self._is_sorted = True

    def is_reached_by(self, rows: list[object]) -> bool:
        """Take in rows; tell whether the list came down to what was known before, in order all the way."""
        for row in rows:
            at = optional_moment(row, "created_time") if isinstance(row, dict) else None
            if at is None or (self._last is not None and at > self._last):
                self._is_sorted = False
            else:
                self._last = at
        return self._is_sorted and self._last is not None and self._mark.newer_than(self._last)


class PhotoCommentReader(PageCommentReader):
    """Comments under the single photos of a post: they belong to the post."""

    def settled(self, post: Item, found: list[Item]) -> Iterable[Item]:
        """Find each reply's top-level comment, and hang all on the post."""
        return [replace(c, root_id=post.extra.get(PHOTO_OF)) for c in super().settled(post, found)]


def is_alive(row: Row, since: datetime) -> bool:
    """Tell whether something was said lately under a post that is older than the look-back."""
    comments = [c for c in rows_of(child_of(row, "comments")) if isinstance(c, dict)]
    return any(at >= since for c in comments if (at := optional_moment(c, "created_time")) is not None)
