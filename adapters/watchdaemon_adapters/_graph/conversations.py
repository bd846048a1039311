"""Reading direct messages: Messenger's and Instagram's threads hang on the Page alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from watchdaemon.errors import AdapterError, MalformedItemError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import OVERLAP, Collector, Mark, ends_the_fetch, refuse_sudden_emptiness
from watchdaemon_adapters._graph.errors import MissingObjectError, incomplete_error
from watchdaemon_adapters._graph.mapping import MESSAGE_FIELDS, conversation_url, map_message
from watchdaemon_adapters._graph.paging import Edge, StopWhenOld, next_of, read_pages
from watchdaemon_adapters._graph.values import (
    BadValueError,
    Row,
    child_of,
    id_of,
    is_list_missing,
    moment_of,
    optional_moment,
    row_of,
    rows_of,
)

STREAM = "messages"
READ_AT_ONCE = 20  # messages of a thread that come with the list; Instagram never shows more


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Which conversations, and how they are read."""

    page_id: str
    platform: str  # the Graph's word: "messenger" or "instagram"
    page_size: int
    reads_older: bool  # whether messages beyond the newest twenty can be read
    own_names: frozenset[str] = frozenset()
    automatic: frozenset[str] = frozenset()


def read_inbox(client: GraphClient, collector: Collector, inbox: Inbox) -> None:
    """Read every conversation that changed since the last complete read, and finish the stream if all went well.

    Conversations cannot be asked for by time (Page conversations reference), and that the newest come first is nowhere
    promised: a page that is old from top to bottom ends the reading only while the order has held.
    """
    mark = collector.mark(STREAM)
    reader = _InboxReader(client, collector, inbox, mark)
    is_whole = True
    seen: list[tuple[datetime, str]] = []
    for row in reader.conversations():
        try:
            conversation = row_of(row)
            key, updated_at = id_of(conversation), moment_of(conversation, "updated_time")
        except BadValueError as error:
            account = collector.account
            message = f"a conversation breaks the contract: {error}"
            collector.count_malformed(
                MalformedItemError(message, platform=account.platform, account=account.key), STREAM
            )
            continue
        seen.append((updated_at, key))
        if updated_at >= reader.changed_since:
            is_whole = reader.read(conversation, key) and is_whole
    if not seen:
        refuse_sudden_emptiness(collector, mark, STREAM, lambda known: client.get(known, {"fields": "id"}))
    if is_whole:
        collector.finish(STREAM, seen)


class _InboxReader:
    def __init__(self, client: GraphClient, collector: Collector, inbox: Inbox, mark: Mark) -> None:
        self._client = client
        self._collector = collector
        self._inbox = inbox
        self._known_until = mark.newest if mark.ids else None
        self._since = mark.since(collector.now, collector.look_back)
        newest = min(mark.newest, collector.now) if mark.newest is not None and mark.ids else None
        self.changed_since = self._since if newest is None else newest - OVERLAP

    def conversations(self) -> Iterator[object]:
        messages = f"messages.limit({READ_AT_ONCE}){{{MESSAGE_FIELDS}}}"
        edge = Edge(
            path=f"{self._inbox.page_id}/conversations",
            params={"platform": self._inbox.platform, "fields": f"id,updated_time,link,{messages}"},
            lean={"platform": self._inbox.platform, "fields": "id,updated_time,link"},
            limit=self._inbox.page_size,
        )
        stop = StopWhenOld(self.changed_since, patience=1, only_while_sorted=True)
        for page in self._pages(edge, {}):
            yield from page
            if stop.is_enough([_updated_at(row) for row in page]):
                return

    def read(self, conversation: Row, key: str) -> bool:
        """Read one conversation's messages; tell whether all that are wanted could be read."""
        try:
            for row in self._messages(conversation, key):
                item = self._collector.mapped(
                    STREAM,
                    map_message,
                    row,
                    self._collector.account,
                    conversation_id=key,
                    url=conversation_url(conversation),
                    own_names=self._inbox.own_names,
                    automatic=self._inbox.automatic,
                )
                if item is not None and item.published_at >= self._since:
                    self._collector.add(item)
        except MissingObjectError:
            return True  # cleared away while we were reading
        except AdapterError as error:
            if ends_the_fetch(error):
                raise
            self._collector.note(error, STREAM)
            return False
        return True

    def _messages(self, conversation: Row, key: str) -> Iterator[object]:
        nested = child_of(conversation, "messages")
        step: Mapping[str, str] = {}
        if not is_list_missing(nested):
            yield from rows_of(nested)
            following = next_of(nested)
            if not self._inbox.reads_older:
                self._tell_gap(rows_of(nested))
                return
            if following is None or _is_old(rows_of(nested), self._since):
                return
            step = following
        edge = Edge(path=f"{key}/messages", params={"fields": MESSAGE_FIELDS}, limit=READ_AT_ONCE)
        for page in self._pages(edge, step):
            yield from page
            if _is_old(page, self._since) or not self._inbox.reads_older:
                return

    def _tell_gap(self, rows: list[object]) -> None:
        """Say so when messages that came since the last complete read may be out of sight already.

        They are out of reach for good, so the cursor moves all the same: it is told once, with this fetch.
        """
        moments = [m for m in (_created_at(row) for row in rows) if m is not None]
        if self._known_until is None or len(rows) < READ_AT_ONCE or not moments or min(moments) <= self._known_until:
            return
        account = self._collector.account
        message = "more messages came in a conversation than the platform still shows"
        error = incomplete_error(message, platform=account.platform, account=account.key)
        self._collector.note(error, STREAM)

    def _pages(self, edge: Edge, start: Mapping[str, str]) -> Iterator[list[object]]:
        account = self._collector.account
        for page in read_pages(self._client, edge, platform=account.platform, account=account.key, start=start):
            yield page.rows


def _updated_at(row: object) -> datetime | None:
    return optional_moment(row, "updated_time") if isinstance(row, dict) else None


def _created_at(row: object) -> datetime | None:
    return optional_moment(row, "created_time") if isinstance(row, dict) else None


def _is_old(rows: list[object], since: datetime) -> bool:
    """Tell whether a page of messages, which come newest first, lies before `since` as a whole."""
    moments = [_created_at(row) for row in rows]
    return bool(moments) and all(m is not None and m < since for m in moments)
