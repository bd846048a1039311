"""Gathering what one account had: items, the cursors that cover them, and every trouble on the way."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ParamSpec

import structlog

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AccountError, AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters._graph.errors import MissingObjectError, ends_the_fetch, incomplete_error
from watchdaemon_adapters._graph.notes import NOTES, Notes

log = structlog.get_logger(__name__)

OVERLAP = timedelta(hours=1)  # read again, for what the platform showed late
REMEMBERED_IDS = 3
P = ParamSpec("P")

_BEST_FIRST = (ItemKind.POST, ItemKind.VISITOR_POST, ItemKind.COMMENT, ItemKind.MESSAGE, ItemKind.MENTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stream's cursor: how far it was read completely.

    It depends on the platform's data alone, not on when we asked, so that an interrupted and repeated fetch ends with
    the same cursor as an undisturbed one. `ids` are a few of the newest, to ask for when a list is suddenly empty.
    """

    newest: datetime | None = None
    ids: tuple[str, ...] = ()

    def since(self, now: datetime, look_back: timedelta) -> datetime:
        """Return from when on things must be read: the look-back counted from the last complete read.

        After a week of downtime that is a week more, which is what would have been read meanwhile.
        """
        return min(self.newest or now, now) - look_back

    def advanced(self, seen: Iterable[tuple[datetime, str]], now: datetime) -> "Mark":
        """Return the mark after a complete read. What claims to be from the future does not move it past `now`."""
        newest_first = sorted(((at, key) for at, key in seen if at <= now), reverse=True)
        if not newest_first:
            # An empty list was read, too. The day's beginning will do, and is the same for a repeated fetch.
            empty_since = now.replace(hour=0, minute=0, second=0, microsecond=0)
            return self if self.newest is not None else Mark(newest=empty_since)
        newest = newest_first[0][0]
        if self.newest is not None and newest < self.newest:
            newest = self.newest
        return Mark(newest=newest, ids=tuple(key for _, key in newest_first[:REMEMBERED_IDS]))

    def encode(self) -> str:
        """Write it as the text that is stored."""
        newest = None if self.newest is None else self.newest.isoformat()
        return json.dumps({"newest": newest, "ids": list(self.ids)}, separators=(",", ":"))

    @staticmethod
    def decode(text: str | None) -> "Mark":
        """Read a stored mark; anything unreadable is no mark, and the stream is read from the look-back again."""
        try:
            stored = json.loads(text or "")
            newest, ids = stored["newest"], stored["ids"]
            moment = None if newest is None else datetime.fromisoformat(newest).astimezone(UTC)
            return Mark(newest=moment, ids=tuple(i for i in ids if isinstance(i, str))[:REMEMBERED_IDS])
        except (ValueError, TypeError, KeyError, OverflowError):
            return Mark()

    def newer_than(self, moment: datetime) -> bool:
        """Tell whether the stream was read past a moment for certain, overlap taken off."""
        return self.newest is not None and moment < self.newest - OVERLAP


@dataclass(slots=True)
class Collector:
    """One account's fetch in the making."""

    account: Account
    now: datetime
    look_back: timedelta
    cursors: Cursors
    notes: "Notes" = field(init=False)
    items: dict[str, Item] = field(default_factory=dict)
    advanced: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    malformed: int = 0

    def __post_init__(self) -> None:
        """Read what earlier fetches wrote down."""
        self.notes = Notes.decode(self.cursors.get(NOTES), self.now)

    def mark(self, stream: str) -> Mark:
        """Return how far the stream was read before."""
        return Mark.decode(self.cursors.get(stream))

    def mapped(self, stream: str, map_row: Callable[P, Item], *args: P.args, **kwargs: P.kwargs) -> Item | None:
        """Map a row; a malformed one is counted and left out."""
        try:
            return map_row(*args, **kwargs)
        except MalformedItemError as error:
            self.count_malformed(error, stream)
            return None

    def count_malformed(self, error: MalformedItemError, stream: str) -> None:
        """Count what broke the contract; one trouble a stream tells of the first."""
        self.malformed += 1
        if not any(t.reason is Reason.MALFORMED and t.stream == stream for t in self.troubles):
            self.note(error, stream)

    def add(self, item: Item) -> None:
        """Keep an item. What is a visitor's post may be listed as a mention too: then it is a visitor's post."""
        known = self.items.get(item.external_id)
        if known is None or _rank(item) < _rank(known):
            self.items[item.external_id] = item

    def note(self, error: AdapterError, stream: str | None) -> None:
        """Write a trouble down, once."""
        trouble = trouble_of(error, stream)
        if trouble not in self.troubles:
            self.troubles.append(trouble)

    def finish(self, stream: str, seen: Iterable[tuple[datetime, str]]) -> None:
        """The stream was read completely: its cursor may move."""
        self.advanced[stream] = self.mark(stream).advanced(seen, self.now).encode()

    def result(self, calls: int) -> FetchResult:
        """Return the final result: failed when not even one stream could be read."""
        if not self.troubles:
            coverage = Coverage.COMPLETE
        else:
            coverage = Coverage.PARTIAL if self.advanced or self.items else Coverage.FAILED
        if coverage is not Coverage.FAILED:
            self.notes.end_sweep(self.troubles)
            self.advanced[NOTES] = self.notes.encode()
        return FetchResult(
            account=self.account.key,
            coverage=coverage,
            items=tuple(self.items.values()),
            cursors=self.advanced,
            troubles=tuple(self.troubles),
            malformed=self.malformed,
            calls=calls,
        )


async def run_stream(collector: Collector, name: str, read: Awaitable[None]) -> None:
    """Read one stream. Its trouble is its own, unless it strikes the account as a whole."""
    try:
        await read
    except AdapterError as error:
        collector.note(error, None if ends_the_fetch(error) else name)


def trouble_of(error: AdapterError, stream: str | None) -> Trouble:
    """Write an error as a trouble."""
    return Trouble(
        reason=error.reason,
        detail=str(error),
        stream=stream,
        retry_after=error.retry_after if isinstance(error, RetriableError) else None,
        needs_person=isinstance(error, AccountError),
        cause_key=error.cause_key,
    )


def failed_result(account: Account, error: AdapterError, calls: int) -> FetchResult:
    """Return the result of an account that could not be fetched at all."""
    return FetchResult(account=account.key, coverage=Coverage.FAILED, troubles=(trouble_of(error, None),), calls=calls)


def internal_error(account: Account, error: Exception) -> AdapterError:
    """Turn a fault of our own into one account's trouble; logs where it was, never its text (it may quote an item)."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    log.error(
        "adapter.fault",
        platform=account.platform,
        account=account.key,
        error=type(error).__name__,
        file=place.tb_frame.f_code.co_filename.rpartition("/")[2] if place else None,
        line=place.tb_lineno if place else None,
    )
    return AdapterError(
        f"a fault in the {account.platform} adapter ({type(error).__name__}); the log says where",
        platform=account.platform,
        account=account.key,
        reason=Reason.INTERNAL,
    )


async def refuse_sudden_emptiness(
    collector: Collector, mark: Mark, stream: str, read: Callable[[str], Awaitable[Mapping[str, object]]]
) -> None:
    """Raise when a list is empty whose known members can still be read.

    When they are gone too the emptiness is true: somebody cleared the page.

    Args:
        collector: The fetch in hand.
        mark: How far the stream was read before.
        stream: The stream's name.
        read: Reads one object by its id.

    Raises:
        RetriableError: With reason SUSPICIOUS_EMPTY.
    """
    for known in mark.ids:
        try:
            await read(known)
        except MissingObjectError:
            continue
        raise suspicious(collector, f"the list of {stream} is empty, but what was in it is still there")


async def refuse_false_loss(
    collector: Collector, key: str, read: Callable[[str], Awaitable[Mapping[str, object]]]
) -> None:
    """Raise when an object whose list was answered by "no such object" is there all the same.

    "No such object" means gone or not visible; what hangs on an object that was listed a moment ago is only known to be
    gone when the object is.

    Raises:
        RetriableError: With reason INCOMPLETE.
    """
    try:
        await read(key)
    except MissingObjectError:
        return
    account = collector.account
    message = "what hangs on something that is still there could not be read"
    raise incomplete_error(message, platform=account.platform, account=account.key)


def _rank(item: Item) -> int:
    return _BEST_FIRST.index(item.kind) if item.kind in _BEST_FIRST else len(_BEST_FIRST)


def suspicious(collector: Collector, message: str) -> RetriableError:
    """Return the error for an answer that is too empty to be believed."""
    account = collector.account
    return RetriableError(message, platform=account.platform, account=account.key, reason=Reason.SUSPICIOUS_EMPTY)
