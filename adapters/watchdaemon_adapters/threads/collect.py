"""Gathering what one profile had: items, the cursors that cover them, and every trouble on the way."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ParamSpec

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult, Trouble
from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, MalformedItemError, RateLimitedError, Reason, RetriableError
from watchdaemon_adapters._graph.collect import Mark, trouble_of
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters.threads.client import ThreadsClient
from watchdaemon_adapters.threads.rounds import Round, read_round

P = ParamSpec("P")

ROUND = "round"

Seen = list[tuple[datetime, str]]
"""When and which: what a stream's cursor is made of."""

_ENDS_THE_FETCH = frozenset({Reason.UNAUTHORISED, Reason.NO_CREDENTIAL, Reason.QUOTA})


@dataclass(slots=True)
class Collector:
    """One account's fetch in the making."""

    account: Account
    now: datetime
    look_back: timedelta
    cursors: Cursors
    items: dict[str, Item] = field(default_factory=dict)
    advanced: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    malformed: int = 0
    round: Round = field(init=False)
    is_round_over: bool = False  # everything below own posts was read

    def __post_init__(self) -> None:
        """Go on with a round that broke off, or begin one."""
        self.round = read_round(self.cursors.get(ROUND), self.now)

    def mark(self, stream: str) -> Mark:
        """Return how far the stream was read before."""
        return Mark.decode(self.cursors.get(stream))

    def since(self, stream: str) -> datetime:
        """Return from when on the stream must be read: the look-back, counted from the last complete read."""
        return self.mark(stream).since(self.now, self.look_back)

    def mapped(self, stream: str, map_row: Callable[P, Item], *args: P.args, **kwargs: P.kwargs) -> Item | None:
        """Map a row; a malformed one is counted and left out, and one trouble a stream tells of the first."""
        try:
            return map_row(*args, **kwargs)
        except MalformedItemError as error:
            self.malformed += 1
            if not any(t.reason is Reason.MALFORMED and t.stream == stream for t in self.troubles):
                self.note(error, stream)
            return None

    def add(self, item: Item) -> None:
        """Keep an item. The first to bring an id wins: a reply below an own post may be listed as a mention, too."""
        self.items.setdefault(item.external_id, item)

    def note(self, error: AdapterError, stream: str | None) -> None:
        """Write a trouble down, once."""
        trouble = trouble_of(error, stream)
        if trouble not in self.troubles:
            self.troubles.append(trouble)

    def finish(self, stream: str, seen: Iterable[tuple[datetime, str]]) -> None:
        """The stream was read completely: its cursor may move."""
        self.advanced[stream] = self.mark(stream).advanced(seen, self.now).encode()

    def refuse_sudden_emptiness(self, stream: str, client: ThreadsClient) -> None:
        """Raise when a list is empty whose known members can still be read.

        When they are gone too the emptiness is true: somebody cleared the profile.

        Raises:
            RetriableError: With reason SUSPICIOUS_EMPTY.
        """
        for known in self.mark(stream).ids:
            try:
                client.get(known, {"fields": "id"})
            except MissingObjectError:
                continue
            raise self.suspicious(f"the list of {stream} is empty, but what was in it is still there")

    def suspicious(self, message: str) -> RetriableError:
        """Return the error for an answer that is too empty to be believed."""
        return RetriableError(
            message, platform=self.account.platform, account=self.account.key, reason=Reason.SUSPICIOUS_EMPTY
        )

    def result(self, calls: int) -> FetchResult:
        """Return the final result: failed when not even one stream could be read."""
        if not self.troubles:
            coverage = Coverage.COMPLETE
        else:
            coverage = Coverage.PARTIAL if self.advanced or self.items else Coverage.FAILED
        if not self.is_round_over and not self.round.is_fresh:
            self.advanced[ROUND] = str(self.round)
        elif self.cursors.get(ROUND):
            self.advanced[ROUND] = ""
        return FetchResult(
            account=self.account.key,
            coverage=coverage,
            items=tuple(self.items.values()),
            cursors=self.advanced,
            troubles=tuple(self.troubles),
            malformed=self.malformed,
            calls=calls,
        )


def run_streams(collector: Collector, streams: Sequence[tuple[str, Callable[[], None]]]) -> None:
    """Read the streams in order. One stream's trouble is its own, unless it strikes the account as a whole."""
    for name, read in streams:
        try:
            read()
        except AdapterError as error:
            if ends_the_fetch(error):
                collector.note(error, None)
                return
            collector.note(error, name)


def ends_the_fetch(error: AdapterError) -> bool:
    """Tell whether the account's other questions would fare no better (or make it worse, when throttled)."""
    return error.reason in _ENDS_THE_FETCH or isinstance(error, RateLimitedError) or error.cause_key is not None
