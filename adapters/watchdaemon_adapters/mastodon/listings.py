"""The three listings of an account: notifications, its own statuses, its conversations of direct messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchdaemon_adapters.mastodon.client import as_id, id_order
from watchdaemon_adapters.mastodon.gathered import Gathered
from watchdaemon_adapters.mastodon.mapping import parse_time
from watchdaemon_adapters.mastodon.marks import (
    OVERLAP,
    MessageMark,
    NotificationMark,
    is_doubtful,
    read_message_mark,
    read_notification_mark,
    read_threads,
)

_WATCHED_TYPES = ("mention", "quote")


@dataclass
class Notifications:
    """Mentions and quotes, in the order in which the instance learned of them."""

    found: Gathered
    status_of: dict[str, str | None] = field(default_factory=dict)  # by notification id; None: unreadable
    _old: set[str] = field(default_factory=set)  # from before the look-back
    _resumed: set[str] = field(default_factory=set)  # from below the mark, where an earlier reading was broken off
    _mark: NotificationMark | None = None
    _below: str | None = None
    _is_whole: bool = False
    _must_stay: bool = False  # the mark may not move: the listing lied, or one had no readable id

    def read(self) -> None:
        """Read everything above the mark, or the look-back at first.

        ``min_id`` gives the page directly after an id, so that pages upward leave no gap; ``since_id`` gives the newest
        page and may. Order is by notification id: a remote status may arrive long after it was written. A reading
        that is broken off keeps what it has: the next one goes on from there.
        """
        self._mark = mark = read_notification_mark(self.found.cursors.get("notifications"))
        if mark is None:
            self._read_down(None)
        else:
            if mark.below is not None:
                self._below = mark.below
                self._read_down(mark.below)
                self._resumed = set(self.status_of)
            for rows in self.found.client.notifications(after=mark.floor):
                for row in rows:
                    self._take(row)
            self._check_newest()
        self._is_whole = True

    def _read_down(self, before: str | None) -> None:
        for rows in self.found.client.notifications(before=before):
            is_old = [self._take(row) for row in rows]
            if rows and all(is_old):
                break
            self._below = min(self.status_of, key=id_order, default=self._below)
            self._resumed = set(self.status_of) if before is not None else set()
        self._below = None

    def _take(self, row: object) -> bool:
        """Take one; returns whether it is from before the look-back."""
        notification_id = as_id(row.get("id")) if isinstance(row, dict) else None
        if not isinstance(row, dict) or notification_id is None or not isinstance(row.get("type"), str):
            self.found.bad["notifications"] += 1
            self._must_stay = self._must_stay or notification_id is None
            return False
        at = parse_time(row.get("created_at"))
        is_old = at is not None and at < self.found.now - self.found.look_back
        if is_old:
            self._old.add(notification_id)
        if self._mark is not None and notification_id == self._mark.newest:
            # asked for again only to see that the listing tells the truth
            self.status_of[notification_id] = self._mark.newest_status
        elif row["type"] in _WATCHED_TYPES:
            quotes_us = row["type"] == "quote"
            self.status_of[notification_id] = self.found.want(row.get("status"), "notifications", quotes_us=quotes_us)
        return is_old

    def _check_newest(self) -> None:
        """See why the newest one known did not come again, if it did not.

        Raises:
            RetriableError: It is there, so that the listing did not tell the truth.
        """
        mark, client = self._mark, self.found.client
        if mark is None or mark.newest is None or mark.newest in self.status_of:
            return
        if client.has_notification(mark.newest):
            self._must_stay = True
            raise self.found.suspicious("notifications are missing that the instance still has")
        if mark.newest_status is None or client.status(mark.newest_status) is None:
            return  # its status was deleted, and the notification with it
        self.found.must_sweep = True
        if not client.has_notifications_before(mark.newest):
            # Own threads and direct messages are read all the same; a mention elsewhere may be gone with the rest.
            message = "somebody cleared the notifications: mentions outside own threads may have gone unread"
            self.found.note(self.found.incomplete(message), "notifications")

    def cursor(self) -> NotificationMark | None:
        """Return the mark after everything was mapped.

        What is unreadable is read again next time, until it is older than the look-back.
        """
        mark = self._mark
        if self._must_stay:
            return mark
        broken = {n for n, s in self.status_of.items() if s is None or s in self.found.bad_ids}
        broken -= self._old | ({mark.newest} if mark is not None else set())
        below = mark.below if mark is not None and broken & self._resumed else self._below
        limit = min(map(id_order, broken - self._resumed), default=None)
        fresh = [n for n in self.status_of if n not in self._resumed and (limit is None or id_order(n) < limit)]
        if fresh:
            mark = self._mark_at(sorted(fresh, key=id_order))
        elif self._is_whole:
            mark = self._after_nothing()
        return replace(mark, below=below) if mark is not None else None

    def _mark_at(self, ids: list[str]) -> NotificationMark:
        before = ids[-2] if len(ids) > 1 else self._floor_below(ids[-1])
        return NotificationMark(floor=before, newest=ids[-1], newest_status=self.status_of[ids[-1]])

    def _after_nothing(self) -> NotificationMark | None:
        mark = self._mark
        if mark is None or mark.newest is None or mark.newest in self.status_of:
            return mark
        return NotificationMark(floor=mark.newest)

    def _floor_below(self, newest: str) -> str:
        if self._mark is None:
            return "0"
        return self._mark.floor if newest == self._mark.newest or self._mark.newest is None else self._mark.newest


@dataclass
class OwnStatuses:
    """What the account wrote within the look-back: it carries activity, answers, and counters of replies."""

    found: Gathered
    rows: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def read(self, me: Mapping[str, object]) -> None:
        """Read the look-back, or as far as the last reading if that was before.

        Raises:
            RetriableError: SUSPICIOUS_EMPTY when statuses are missing that the instance still has.
        """
        before = read_threads(self.found.cursors.get("threads"))
        since = self.found.now - self.found.look_back
        oldest = since if before is None else min(since, before.read_at - OVERLAP)
        for rows in self.found.client.own_statuses(self.found.user_id):
            times = [self._take(row) for row in rows]
            if rows and all(at is not None and at < oldest for at in times):
                break
        known = max(before.own, key=id_order, default=None) if before is not None else None
        if known is not None and known not in self.rows:
            self._check_known(known, since)
        elif (
            not self.rows and self._says_it_wrote(me, since) and not self.found.client.has_statuses(self.found.user_id)
        ):
            raise self.found.suspicious("the account counts statuses and shows none")

    def _take(self, row: object) -> datetime | None:
        at = parse_time(row.get("created_at")) if isinstance(row, dict) else None
        status_id = self.found.want(row, "own")
        if status_id is not None:
            self.rows[status_id] = self.found.rows[status_id]
        return at

    def _check_known(self, known: str, since: datetime) -> None:
        status = self.found.client.status(known)
        at = parse_time(status.get("created_at")) if status is not None else None
        if at is not None and at >= since:
            raise self.found.suspicious("own statuses are missing that the instance still has")

    @staticmethod
    def _says_it_wrote(me: Mapping[str, object], since: datetime) -> bool:
        count, last = me.get("statuses_count"), me.get("last_status_at")
        # a date alone, without a time; boosts count too
        return isinstance(count, int) and count > 0 and isinstance(last, str) and last[:10] > since.date().isoformat()


@dataclass
class Messages:
    """Direct messages, by conversation.

    They come as mentions too, but not when their notification was filtered, muted or dismissed. A conversation shows
    only its last status: the rest is read from the context. The listing is in the order of that status's id, which a
    message that arrives late does not lead; so every conversation within the look-back is compared with what was its
    last status before.
    """

    found: Gathered
    _last: dict[str, str] = field(default_factory=dict)  # by conversation
    _members: dict[str, set[str]] = field(default_factory=dict)  # what was read of each conversation
    _broken: set[str] = field(default_factory=set)
    _before: MessageMark | None = None
    _is_whole: bool = False
    _doubted_at: datetime | None = None

    def read(self) -> None:
        """Read every conversation that moved.

        Raises:
            RetriableError: SUSPICIOUS_EMPTY when all conversations are gone while the last message is still there.
        """
        self._before = before = read_message_mark(self.found.cursors.get("messages"))
        oldest = self.found.now - self.found.look_back
        if before is not None:
            oldest = min(oldest, before.read_at - OVERLAP)
        for rows in self.found.client.conversations():
            times = [self._take(row, before, oldest) for row in rows]
            if rows and all(at is not None and at < oldest for at in times):
                break
        self._doubted_at = self._doubt(before)
        self._is_whole = True

    @property
    def has_begun(self) -> bool:
        """Whether anything was read that is worth remembering."""
        return self._is_whole or bool(self._last)

    def cursor(self) -> MessageMark:
        """Return the mark after everything was mapped.

        A conversation with something unreadable is read again. A reading that was broken off keeps those it has read,
        and the time from which on the next one must look.
        """
        if self._doubted_at is not None and self._before is not None:
            return replace(self._before, doubted_at=self._doubted_at)
        last = {
            conversation: status_id
            for conversation, status_id in self._last.items()
            if conversation not in self._broken and not self._members.get(conversation, set()) & self.found.bad_ids
        }
        if self._is_whole:
            return MessageMark(read_at=self.found.now, last=last)
        if self._before is None:
            return MessageMark(read_at=self.found.now - self.found.look_back, last=last)
        return replace(self._before, last={**self._before.last, **last})

    def _take(self, row: object, before: MessageMark | None, oldest: datetime) -> datetime | None:
        conversation = as_id(row.get("id")) if isinstance(row, dict) else None
        if not isinstance(row, dict) or conversation is None:
            self.found.bad["messages"] += 1
            return None
        raw = row.get("last_status")
        if raw is None:
            return None  # every message of it is gone
        at = parse_time(raw.get("created_at")) if isinstance(raw, dict) else None
        if at is not None and at < oldest:
            return at
        status_id = self.found.want(raw, "messages")
        if status_id is not None:
            if before is None or before.last.get(conversation) != status_id:
                self._read_conversation(conversation, status_id)
            self._last[conversation] = status_id
        return at

    def _read_conversation(self, conversation: str, last: str) -> None:
        self._members[conversation] = {last}
        if self.found.tree.nodes[last].parent is None:
            return  # the first message of a conversation is all of it
        self._read_branch(conversation, last)
        top = self.found.tree.direct_top(last)
        if top != last and top in self.found.tree.nodes:
            self._read_branch(conversation, top)  # what stands beside the way from the first message to the last

    def _read_branch(self, conversation: str, status_id: str) -> None:
        context = self.found.client.context(status_id)
        self.found.tree.add_context(status_id, context)
        for raw in (*context.ancestors, *context.descendants) if context is not None else ():
            if isinstance(raw, dict) and raw.get("visibility") != "direct":
                continue  # the public post that it was sent under is no part of it
            member = self.found.want(raw, "messages")
            if member is not None:
                self._members[conversation].add(member)
            else:
                self._broken.add(conversation)

    def _doubt(self, before: MessageMark | None) -> datetime | None:
        """Return since when it is doubted that there is no conversation any more; None when all is well."""
        if self._last or before is None or not before.last:
            return None
        newest = max(before.last.values(), key=id_order)
        status = self.found.client.status(newest)
        at = parse_time(status.get("created_at")) if status is not None else None
        if (
            at is None
            or at < self.found.now - self.found.look_back
            or not is_doubtful(before.doubted_at, self.found.now)
        ):
            return None
        # Somebody may have removed the conversations from the account's list, which leaves the messages in place.
        self.found.note(self.found.suspicious("conversations are missing whose messages are still there"), "messages")
        return before.doubted_at or self.found.now
