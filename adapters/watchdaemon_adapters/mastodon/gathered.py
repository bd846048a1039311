"""What one fetch has gathered so far: the statuses that shall become items, and what went wrong."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Cursors, Trouble
from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, MalformedItemError, Reason, RetriableError
from watchdaemon_adapters.mastodon.client import MastodonClient, id_order
from watchdaemon_adapters.mastodon.mapping import View, is_boost, is_readable, map_status
from watchdaemon_adapters.mastodon.problems import PLATFORM, trouble_of
from watchdaemon_adapters.mastodon.rounds import Round, read_round
from watchdaemon_adapters.mastodon.settings import MastodonSettings
from watchdaemon_adapters.mastodon.tree import Tree


@dataclass(kw_only=True)
class Gathered:
    """One account's fetch while it goes on."""

    client: MastodonClient
    settings: MastodonSettings
    view: View
    user_id: str
    cursors: Cursors
    look_back: timedelta
    now: datetime
    tree: Tree = field(init=False)
    round: Round = field(init=False)
    rows: dict[str, Mapping[str, object]] = field(default_factory=dict)  # what shall become items
    quoting: set[str] = field(default_factory=set)  # those that are known to quote an own status
    new_cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)  # unreadable ones, by stream
    bad_ids: set[str] = field(default_factory=set)
    must_sweep: bool = False  # notifications were cleared: every conversation must be read
    _stream_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with an empty tree, or with what a round that broke off knew."""
        self.tree = Tree(own_ids=self.view.own_ids)
        self.round = read_round(self.cursors.get("round"), self.now)
        for member, anchor in self.round.places():
            self.tree.remember_below(member, anchor)

    @property
    def account(self) -> str:
        """The account's key."""
        return self.view.account

    def want(self, raw: object, stream: str, *, quotes_us: bool = False) -> str | None:
        """Take a status that shall become an item; returns its id. Boosts are passed over, the unreadable counted."""
        if is_boost(raw):
            return None
        status_id = self.tree.add(raw)
        if status_id is None or not isinstance(raw, dict):
            self.bad[stream] += 1
            return None
        if status_id not in self.rows or is_readable(raw):  # one that was read well elsewhere stays
            self.rows[status_id] = raw
        self._stream_of.setdefault(status_id, stream)
        if quotes_us:
            self.quoting.add(status_id)
        return status_id

    def items(self) -> tuple[Item, ...]:
        """Return everything gathered as items, oldest first. Call it once: what cannot be mapped is counted."""
        items = []
        for status_id in sorted(self.rows, key=id_order):
            place = self.tree.place(status_id)
            try:
                items.append(map_status(self.rows[status_id], place, self.view, quotes_us=status_id in self.quoting))
            except MalformedItemError:
                self.bad_ids.add(status_id)
                self.bad[self._stream_of[status_id]] += 1
        return tuple(sorted(items, key=lambda i: (i.published_at, i.external_id)))

    def note(self, error: AdapterError, stream: str | None) -> None:
        """Keep a trouble; the same one of the same stream once."""
        trouble = trouble_of(error, stream)
        if trouble not in self.troubles:
            self.troubles.append(trouble)

    def suspicious(self, message: str) -> RetriableError:
        """Return the error of an answer that cannot be the truth."""
        return RetriableError(message, platform=PLATFORM, reason=Reason.SUSPICIOUS_EMPTY, account=self.account)

    def incomplete(self, message: str) -> RetriableError:
        """Return the error of a reading that could not reach the end."""
        return RetriableError(message, platform=PLATFORM, reason=Reason.INCOMPLETE, account=self.account)


def strikes_the_account(error: AdapterError) -> bool:
    """Tell whether every further call would say the same: the token is dead, or the limit, which counts all calls."""
    return error.reason in (Reason.UNAUTHORISED, Reason.RATE_LIMITED)
