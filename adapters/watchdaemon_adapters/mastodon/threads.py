"""The conversations that the account's own statuses are in: which are due, and what stands in them.

Notifications tell of replies that name the account, as long as nobody filtered, muted or dismissed them; replies
without its name they never tell of. The contexts of own statuses show both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watchdaemon.errors import AccountError, AdapterError, Reason
from watchdaemon_adapters.mastodon.client import Context, as_id, id_order
from watchdaemon_adapters.mastodon.gathered import Gathered, strikes_the_account
from watchdaemon_adapters.mastodon.mapping import parse_time
from watchdaemon_adapters.mastodon.marks import Own, Reading, Threads, is_doubtful, read_threads, why_due
from watchdaemon_adapters.mastodon.rounds import Round
from watchdaemon_adapters.mastodon.tree import children_of, count_of

STREAM = "threads"

# The most descendants one context gives to a token's owner (docs.joinmastodon.org, methods/statuses, "context").
CONTEXT_LIMIT = 4096

# How many further contexts may be spent on one conversation that is longer than that.
DEEPER_READINGS = 50

# So many contexts that cannot be read, and the next ones are left for the next fetch.
FAILURES_ALLOWED = 3


@dataclass
class OwnThreads:
    """Reads what is due, and remembers what it saw."""

    found: Gathered
    rows: Mapping[str, Mapping[str, object]]  # own statuses of the look-back, by id
    _before: Threads | None = None
    _readings: dict[str, Reading] = field(default_factory=dict)
    _members: dict[str, set[str]] = field(default_factory=dict)  # what was read below each anchor
    _unread: set[str] = field(default_factory=set)  # due, and not read
    _failures: int = 0

    def read(self) -> None:
        """Read the conversations that are due, those that waited longest first."""
        self._before = read_threads(self.found.cursors.get("threads"))
        own = [i for i in sorted(self.rows, key=id_order) if not self.found.tree.nodes[i].is_direct]
        for status_id in self.rows:
            known = self._before.own.get(status_id) if self._before else None
            if known is not None:
                self.found.tree.remember(status_id, known.top, is_top_own=known.is_top_own)
        due = self._due(self._anchors(own))
        self._unread = set(due)
        for anchor in due:
            if self._anchor(anchor) != anchor and self._anchor(anchor) in self._members:
                self._unread.discard(anchor)  # what was read meanwhile has shown that it stands in that conversation
            elif self._failures < FAILURES_ALLOWED:
                self._read_safely(anchor)
        for status_id in own:  # answers whose conversation no reading of this fetch has told of
            if not self.found.tree.is_settled(status_id) and self._failures < FAILURES_ALLOWED:
                self._read_safely(status_id)

    def _anchors(self, own: Iterable[str]) -> dict[str, list[str]]:
        """Group own statuses by what their conversation is read by: the own post it began with, else each itself."""
        anchors: dict[str, list[str]] = {}
        for status_id in own:
            anchors.setdefault(self._anchor(status_id), []).append(status_id)
        return anchors

    def _anchor(self, status_id: str) -> str:
        top = self.found.tree.top(status_id)
        return top if self.found.tree.is_own(top) else status_id

    def _due(self, anchors: Mapping[str, list[str]]) -> list[str]:
        due = []
        for anchor, members in anchors.items():
            reading = self._before.readings.get(anchor) if self._before is not None else None
            has_replies = any(self._replies(m) for m in members) or (reading is not None and reading.seen > 0)
            if reading is None and self._before is not None and not has_replies and anchor in self.rows:
                # New since the last fetch, and nobody has replied: the sweep will see whether that is so.
                self._readings[anchor] = Reading(read_at=self.found.now, newest_at=self._written_at(anchor))
                continue
            has_moved = any(self._replies(m) != self._replies_before(m) for m in members)
            if reading is not None and anchor in self.found.round.members and not (has_moved or reading.is_unfinished):
                self._readings[anchor] = reading  # by an earlier fetch of this round
                continue
            why = why_due(
                reading,
                has_moved=has_moved,
                has_replies=has_replies,
                now=self.found.now,
                sweep=timedelta(0) if self.found.must_sweep else timedelta(hours=self.found.settings.sweep_hours),
                lively=timedelta(days=self.found.settings.lively_days),
            )
            if why is not None:
                due.append((reading.read_at.timestamp() if reading else 0.0, anchor))
            elif reading is not None:
                self._readings[anchor] = reading
        return [anchor for _, anchor in sorted(due, key=lambda d: (d[0], id_order(d[1])))]

    def _replies(self, status_id: str) -> int:
        return count_of(self.rows[status_id], "replies_count")

    def _replies_before(self, status_id: str) -> int:
        known = self._before.own.get(status_id) if self._before is not None else None
        return known.replies if known is not None else 0

    def _written_at(self, status_id: str) -> datetime:
        return parse_time(self.rows[status_id].get("created_at")) or self.found.now

    # ---- reading one conversation ----------------------------------------------------------------------------------

    def _read_safely(self, anchor: str) -> None:
        """Read a conversation; one that cannot be read does not keep the others from being read."""
        self._unread.add(anchor)
        try:
            self._read(anchor)
        except AdapterError as error:
            if strikes_the_account(error):
                raise
            self._failures += 1
            self.found.note(error, STREAM)
        else:
            self._unread.discard(anchor)

    def _read(self, anchor: str) -> None:
        context = self.found.client.context(anchor)
        self.found.tree.add_context(anchor, context)
        if context is None:
            return  # deleted a moment ago
        known = self._before.readings.get(anchor) if self._before is not None else None
        if self._is_suspicious(anchor, context, known):
            doubted_at = known.doubted_at if known is not None and known.doubted_at else self.found.now
            if known is not None:
                self._readings[anchor] = replace(known, is_unfinished=True, doubted_at=doubted_at)
            self.found.note(self.found.suspicious("replies are missing that the instance counts"), STREAM)
            return
        below = [*context.descendants]
        if len(below) >= CONTEXT_LIMIT:
            below += self._deeper(anchor, below)
        self._keep(anchor, context, below)

    def _is_suspicious(self, anchor: str, context: Context, known: Reading | None) -> bool:
        """Tell whether a conversation that held something is empty now, although replies are counted.

        Blocking everybody who replied looks the same; so it is believed after a while.
        """
        had = known is not None and known.seen > 0
        counted = anchor in self.rows and self._replies(anchor) > 0
        doubted_at = known.doubted_at if known is not None else None
        return had and counted and not context.descendants and is_doubtful(doubted_at, self.found.now)

    def _keep(self, anchor: str, context: Context, below: list[object]) -> None:
        found = self.found
        members = [found.want(raw, STREAM) for raw in below]
        for raw in context.ancestors:
            status_id = found.tree.add(raw)
            if status_id is not None and found.tree.is_own(status_id):
                found.want(raw, STREAM)  # an own post from before the look-back, that what is new stands under
        times = [at for raw in below if isinstance(raw, dict) and (at := parse_time(raw.get("created_at"))) is not None]
        if anchor in self.rows:
            times.append(self._written_at(anchor))
        self._members[anchor] = {m for m in members if m is not None}
        self._readings[anchor] = Reading(
            read_at=found.now,
            newest_at=max(times, default=found.now),
            seen=len(below),
            is_unfinished=context.is_growing or len(self._members[anchor]) < len(members),
        )

    def _deeper(self, anchor: str, below: list[object]) -> list[object]:
        """Read on where the instance stopped: below the statuses that count more replies than were shown."""
        found: dict[str, object] = {}
        seen = {i for i in map(self.found.tree.add, below) if i is not None}
        asked: set[str] = {anchor}
        while holes := [h for h in _holes([*below, *found.values()]) if h not in asked]:
            if len(asked) > DEEPER_READINGS:
                break
            asked.add(holes[0])
            context = self.found.client.context(holes[0])
            self.found.tree.add_context(holes[0], context)
            for raw in context.descendants if context is not None else ():
                status_id = self.found.tree.add(raw)
                if status_id is not None and status_id not in seen:
                    seen.add(status_id)
                    found[status_id] = raw
        counted = count_of(self.rows[anchor], "replies_count") if anchor in self.rows else 0
        if holes or counted > children_of([*below, *found.values()]).get(anchor, 0):
            message = f"a conversation is longer than the {CONTEXT_LIMIT} replies that the instance shows"
            self.found.note(self.found.incomplete(message), STREAM)
        return list(found.values())

    # ---- quotes ----------------------------------------------------------------------------------------------------

    def read_quotes(self) -> None:
        """Read the quotes of own statuses where their counter moved, and wherever a conversation was read anyway.

        Instances before 4.5 count none and know no such call.
        """
        for status_id in sorted(self.rows, key=id_order):
            counted = count_of(self.rows[status_id], "quotes_count")
            is_known = counted == self._quotes_before(status_id) and status_id not in self._members
            if not counted or is_known or self.found.round.quotes.get(status_id) == counted:
                continue
            try:
                for rows in self.found.client.quotes(status_id):
                    for raw in rows:
                        self.found.want(raw, "quotes", quotes_us=True)
            except AccountError as error:
                if error.reason is not Reason.GONE:
                    raise
            self.found.round.quotes[status_id] = counted

    def _quotes_before(self, status_id: str) -> int:
        known = self._before.own.get(status_id) if self._before is not None else None
        return known.quotes if known is not None else 0

    # ---- what is remembered ----------------------------------------------------------------------------------------

    @property
    def is_whole(self) -> bool:
        """Whether everything that was due was read."""
        return not self._unread

    def book(self, round_: Round) -> None:
        """Add what was read, and can be relied on, to what is done of the round."""
        bad = self.found.bad_ids
        round_.members |= {a: m for a, m in self._members.items() if a not in self._unread and not m & bad}
        round_.quotes = {s: count for s, count in round_.quotes.items() if not self.found.bad["quotes"]}

    def cursor(self, unsettled: set[str]) -> Threads:
        """Return what the next fetch must know, after everything was mapped.

        A conversation that was not read is not remembered with its new counters: it stays due.
        """
        bad = self.found.bad_ids
        readings = {
            anchor: replace(
                reading, is_unfinished=reading.is_unfinished or bool(self._members.get(anchor, set()) & bad)
            )
            for anchor, reading in self._readings.items()
        }
        own: dict[str, Own] = {}
        for status_id in self.rows:
            if status_id in unsettled:
                continue
            if self.found.tree.nodes[status_id].is_direct:  # read by its conversation; only its place is remembered
                own[status_id] = Own(top=self.found.tree.direct_top(status_id), is_top_own=False)
                continue
            anchor = self._anchor(status_id)
            known = self._before.own.get(status_id) if self._before is not None else None
            if anchor in self._unread:
                own |= {status_id: known} if known is not None else {}
                before = self._before.readings.get(anchor) if self._before is not None else None
                readings |= {anchor: before} if before is not None and anchor not in readings else {}
                continue
            own[status_id] = self._own_entry(status_id)
        return Threads(read_at=self.found.now, own=own, readings=readings)

    def _own_entry(self, status_id: str) -> Own:
        counted = count_of(self.rows[status_id], "quotes_count")
        is_read = self.found.round.quotes.get(status_id) == counted
        quotes = counted if is_read else min(counted, self._quotes_before(status_id))
        top = self.found.tree.top(status_id)
        return Own(top=top, is_top_own=self.found.tree.is_own(top), replies=self._replies(status_id), quotes=quotes)


def _holes(rows: Iterable[object]) -> list[str]:
    """Return the statuses that count more direct replies than were shown."""
    rows = list(rows)
    shown = children_of(rows)
    found = []
    for row in rows:
        status_id = as_id(row.get("id")) if isinstance(row, dict) else None
        if isinstance(row, dict) and status_id is not None and count_of(row, "replies_count") > shown.get(status_id, 0):
            found.append(status_id)
    return found
