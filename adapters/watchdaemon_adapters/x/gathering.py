"""What one fetch of an account gathers: items, troubles and counts, whichever listing they come from."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Cursors, Trouble
from watchdaemon.domain.item import Item
from watchdaemon.errors import MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.x.authors import AuthorBook
from watchdaemon_adapters.x.client import Body, XClient, rows_of
from watchdaemon_adapters.x.mapping import Author, View, author_id, authors_in, item_id, parse_time
from watchdaemon_adapters.x.problems import PLATFORM
from watchdaemon_adapters.x.settings import XSettings

Mapper = Callable[[object, Mapping[str, Author], View], Item | None]


@dataclass
class Page:
    """What a page of a listing held: the ids and times of its rows, and how many rows could not be read."""

    seen: dict[int, datetime | None] = field(default_factory=dict)
    rows: int = 0
    bad: int = 0
    is_newest_first: bool = True

    @property
    def oldest(self) -> int | None:
        """The lowest id."""
        return min(self.seen, default=None)


@dataclass(kw_only=True)
class Gathering:
    """What a fetch needs, and what it has gathered so far."""

    client: XClient
    settings: XSettings
    account: str
    user_id: str
    own_ids: frozenset[str]
    cursors: Cursors
    look_back: timedelta
    now: datetime
    authors: AuthorBook
    handle: str | None = None
    me: Mapping[str, object] | None = None  # whose token it is, where this fetch has asked already
    roots: dict[str, datetime] = field(default_factory=dict)  # the account's own recent posts
    items: dict[str, Item] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)  # the newest version that was seen of an edited post
    new_cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)  # by id (below zero: it has none), and in which stream
    rows: int = 0
    places: dict[int, tuple[str, datetime]] = field(default_factory=dict)  # citizens' posts: conversation and time

    @property
    def view(self) -> View:
        """Whose eyes the listings are read with."""
        return View(account=self.account, own_ids=self.own_ids, roots=frozenset(self.roots))

    def take(self, stream: str, body: Body, mapper: Mapper) -> Page:
        """Map every row of a page, and say what there was.

        Raises:
            RetriableError: The names of those who wrote could not be looked up; the rows shall be read again.
        """
        page, rows = Page(), [self._known_author(stream, row) for row in rows_of(body)]
        self.authors.learn(authors_in(body))
        self.authors.find(filter(None, (author_id(row) for row in rows)), self.client)
        previous: int | None = None
        for row in rows:
            number = item_id(row)
            if number is not None:
                page.is_newest_first &= previous is None or number < previous
                previous = number
                page.seen[number] = parse_time(row.get("created_at")) if isinstance(row, dict) else None
            try:
                self._add(mapper(row, self.authors.authors, self.view), number)
            except MalformedItemError:
                page.bad += 1
                self.unreadable[number or -len(self.unreadable) - 1] = stream
        page.rows = len(rows)
        self.rows += page.rows
        return page

    def _known_author(self, stream: str, row: object) -> object:
        """Whatever stands on the account's own timeline is the account's, also where the author is missing."""
        if stream == "own" and isinstance(row, dict) and author_id(row) not in self.own_ids:
            return {**row, "author_id": self.user_id}
        return row

    def _add(self, item: Item | None, number: int | None) -> None:
        """Keep an item; of two versions of an edited post, the newer."""
        if item is None:
            return
        version = int(item.extra.get("version_id", item.external_id))
        if version < self.versions.get(item.external_id, version):
            return
        if item.extra:
            self.versions[item.external_id] = version
        self.items[item.external_id] = item
        if not item.by_account:  # own ones are in no search
            self.places[number or version] = (item.thread_id, item.edited_at or item.published_at)

    @property
    def malformed(self) -> int:
        """How many items could not be read."""
        return len(self.unreadable)

    def all_troubles(self) -> tuple[Trouble, ...]:
        """Return the troubles, those of unreadable items one for each stream."""
        counts = Counter(self.unreadable.values())
        unreadable = [
            Trouble(reason=Reason.MALFORMED, detail=f"{count} unreadable items", stream=stream)
            for stream, count in counts.items()
        ]
        return (*self.troubles, *unreadable)

    def note_incomplete(self, stream: str, detail: str) -> None:
        """Say that a listing ended before everything was seen."""
        self.troubles.append(Trouble(reason=Reason.INCOMPLETE, detail=detail, stream=stream))

    def suspicious(self, message: str) -> RetriableError:
        """Return the error of an answer that is empty and should not be."""
        return RetriableError(message, platform=PLATFORM, reason=Reason.SUSPICIOUS_EMPTY, account=self.account)


def recent(times: Mapping[str, datetime], since: datetime) -> Sequence[str]:
    """Return the ids from `since` on, newest first."""
    return sorted((i for i, at in times.items() if at >= since), key=int, reverse=True)
