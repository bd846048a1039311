"""Reads a listing of posts range by range, so that a read that breaks off, or is killed, goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters.x.client import Body
from watchdaemon_adapters.x.gathering import Gathering, Page
from watchdaemon_adapters.x.mapping import map_post
from watchdaemon_adapters.x.marks import Mark, Range, noted

Ask = Callable[[Range], Iterator[Body]]

# what may end a read in the middle without casting doubt on the pages that came before
_BROKEN_OFF = frozenset({Reason.OUTAGE, Reason.RATE_LIMITED, Reason.QUOTA, Reason.UNAUTHORISED})

# how long a row that cannot be read is asked for again; the fetch is partial as long
UNREADABLE_KEPT = timedelta(days=7)


class Listing:
    """One stream's listing. What it puts into the cursors is always safe to store with the items gathered so far."""

    def __init__(self, stream: str, gathering: Gathering, mark: Mark | None, ask: Ask) -> None:
        self._stream = stream
        self._gathering = gathering
        self._ask = ask
        self._again: list[Range] = []  # ranges with rows that could not be read
        self._has_looked = True
        self.mark = mark or Mark(read_at=gathering.now)
        self.rows = 0

    def read(self, newest: Range, late: Sequence[Range] = ()) -> Iterator[None]:
        """Read what is new, what broke off earlier, and then the gaps; yields wherever a piece may be stored.

        A gap that cannot be read now is looked through another time: no more than that is missing.

        Raises:
            AdapterError: A range could not be read to its end; the cursor keeps how far it came.
        """
        todo = [newest, *self.mark.rest]
        for number, wanted in enumerate(todo):
            yield from self._range(wanted, tuple(todo[number + 1 :]))
        try:
            for gap in late:
                yield from self._range(gap, ())
        except RetriableError as error:
            if error.reason is Reason.QUOTA:
                raise
            self._has_looked = False
        self.mark = replace(self.mark, rest=tuple(self._again), read_at=self._gathering.now)
        self.save()

    def looked(self) -> None:
        """Book that all gaps of the day were looked through."""
        if self._has_looked:
            self.mark = replace(self.mark, looked_on=self._gathering.now.astimezone(UTC).date())
            self.save()

    def save(self) -> None:
        """Put the mark into the new cursors."""
        self._gathering.new_cursors[self._stream] = str(self.mark)

    def _range(self, wanted: Range, later: tuple[Range, ...]) -> Iterator[None]:
        """Read one range page by page; after each, what is left below it is in the mark's `rest`."""
        left, seen, is_bad = wanted, Page(), False
        try:
            for body in self._ask(wanted):
                page = self._gathering.take(self._stream, body, map_post)
                self.rows += page.rows
                seen.seen |= page.seen
                is_bad = is_bad or page.bad > 0
                seen.is_newest_first &= page.is_newest_first and not is_bad and _is_below(page, left)
                self.mark = noted(self.mark, page.seen, self._gathering.now)
                left = self._left(wanted, seen)
                if seen.seen:
                    self.mark = replace(self.mark, rest=(left, *self._again, *later))
                    self.save()
                yield
        except AdapterError as error:
            if seen.seen or wanted in self.mark.rest:
                left = left if error.reason in _BROKEN_OFF else _bounded(wanted, seen)
                self.mark = replace(self.mark, rest=(left, *self._again, *later))
                self.save()
            raise
        if is_bad:
            self._note_unreadable(_bounded(wanted, seen))
        self.mark = replace(self.mark, rest=(*self._again, *later))

    def _left(self, wanted: Range, seen: Page) -> Range:
        """Return what of a range is still to be read: all of it, unless it came newest first and could be read."""
        oldest = seen.oldest
        return wanted.below(oldest) if seen.is_newest_first and oldest is not None else _bounded(wanted, seen)

    def _note_unreadable(self, wanted: Range) -> None:
        since = wanted.unreadable_since or self._gathering.now
        if since > self._gathering.now - UNREADABLE_KEPT:
            self._again.append(replace(wanted, unreadable_since=since))


def _bounded(wanted: Range, seen: Page) -> Range:
    """Close a range above: what is newer than its rows is the next read's."""
    if wanted.until_id is not None or not seen.seen:
        return wanted
    return wanted.below(max(seen.seen) + 1)


def _is_below(page: Page, left: Range) -> bool:
    return left.until_id is None or all(i < left.until_id for i in page.seen)
