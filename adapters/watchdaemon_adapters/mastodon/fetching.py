"""One account's fetch: stream after stream, each with a cursor and troubles of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from watchdaemon.domain.fetch import Coverage, FetchResult, Trouble
from watchdaemon.domain.item import Item
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters.mastodon.client import id_order
from watchdaemon_adapters.mastodon.gathered import Gathered, strikes_the_account
from watchdaemon_adapters.mastodon.listings import Messages, Notifications, OwnStatuses
from watchdaemon_adapters.mastodon.marks import read_pending, write_pending
from watchdaemon_adapters.mastodon.threads import STREAM, OwnThreads

STREAMS = frozenset({"notifications", "own", "messages", STREAM, "quotes", "pending"})


@dataclass
class Fetch:
    """Reads notifications, own statuses, direct messages, conversations and quotes, in that order."""

    found: Gathered
    me: Mapping[str, object]
    _complete: set[str] = field(default_factory=set)
    _asked_again: set[str] = field(default_factory=set)
    _is_ended: bool = False

    def run(self) -> FetchResult:
        """Read every stream; what strikes the account as a whole ends it, what strikes a stream does not."""
        notifications, own, messages = Notifications(self.found), OwnStatuses(self.found), Messages(self.found)
        threads = OwnThreads(self.found, own.rows)
        # own statuses before conversations: they say which are the account's
        self._try("notifications", notifications.read)
        self._try("own", lambda: own.read(self.me))
        self._try("messages", messages.read)
        if "own" in self._complete:
            self._try(STREAM, threads.read)
            self._try("quotes", threads.read_quotes)
        # last: most of these have been settled by now, in the conversations they belong to
        before = read_pending(self.found.cursors.get("pending"))
        pending = {i for i in self.found.round.unknown(before) if i not in self.found.rows}
        self._try("pending", lambda: self._read_again(sorted(pending)))
        unsettled = self._settle()
        items = self.found.items()
        # what a reading has that was broken off is kept, and the next one goes on from there
        self._keep("notifications", notifications.cursor())
        self._keep("pending", write_pending((pending - self._asked_again) | (unsettled - own.rows.keys())))
        self._keep("messages", messages.cursor() if messages.has_begun else None)
        if "own" in self._complete:
            self._keep("threads", threads.cursor(unsettled))
        self._keep("round", self._round(threads, is_whole=not unsettled and threads.is_whole))
        for stream, count in sorted(self.found.bad.items()):
            trouble = Trouble(reason=Reason.MALFORMED, detail=f"{count} unreadable items", stream=stream)
            self.found.troubles += [trouble] if count else []
        return self._result(items)

    def _round(self, threads: OwnThreads, *, is_whole: bool) -> str | None:
        """Return what the next fetch may go on with; nothing, when there is nothing to go on with."""
        if is_whole and not self._is_ended and self._complete >= STREAMS:
            return "" if self.found.cursors.get("round") else None
        threads.book(self.found.round)
        return str(self.found.round)

    def _try(self, stream: str, read: Callable[[], None]) -> None:
        if self._is_ended:
            return
        try:
            read()
        except AdapterError as error:
            self._is_ended = strikes_the_account(error)
            self.found.note(error, None if self._is_ended else stream)
        else:
            self._complete.add(stream)

    def _read_again(self, pending: Sequence[str]) -> None:
        """Read the statuses again of which an earlier fetch could not tell where they stand."""
        for status_id, raw in self.found.client.look_up(pending):
            self._asked_again.add(status_id)
            if raw is not None:
                self.found.want(raw, "pending")

    def _settle(self) -> set[str]:
        """Ask where those statuses stand of which nothing read so far has told; returns those not settled."""
        unsettled = set()
        for status_id in sorted(self.found.rows, key=id_order):
            if self.found.tree.is_settled(status_id) or self._is_private_and_known(status_id):
                continue
            if self._is_ended:
                unsettled.add(status_id)
                continue
            try:
                context = self.found.client.context(status_id)
            except AdapterError as error:
                # Its item comes all the same, under what it answers; a later fetch puts it where it belongs.
                unsettled.add(status_id)
                self._is_ended = True
                self.found.note(error, None if strikes_the_account(error) else STREAM)
                continue
            self.found.tree.add_context(status_id, context)
            for raw in context.ancestors if context is not None else ():
                above = self.found.tree.add(raw)
                if above is not None and self.found.tree.is_own(above):
                    self.found.want(raw, STREAM)
        return unsettled

    def _is_private_and_known(self, status_id: str) -> bool:
        """Tell whether a direct message's own chain is known to its first one, whatever public post is above that."""
        tree = self.found.tree
        if not tree.nodes[status_id].is_direct:
            return False
        first = tree.nodes.get(tree.direct_top(status_id))
        return first is not None and (first.parent is None or first.parent in tree.nodes)

    def _keep(self, name: str, mark: object) -> None:
        if mark is not None:
            self.found.new_cursors[name] = str(mark)

    def _result(self, items: tuple[Item, ...]) -> FetchResult:
        found = self.found
        coverage = Coverage.COMPLETE
        if found.troubles:
            coverage = Coverage.PARTIAL if self._complete or items else Coverage.FAILED
        return FetchResult(
            account=found.account,
            coverage=coverage,
            items=items,
            cursors=found.new_cursors,
            troubles=tuple(found.troubles),
            malformed=found.bad.total(),
            calls=found.client.calls,
        )
