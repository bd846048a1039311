"""Reading direct messages: Messenger's and Instagram's threads hang on the Page alike."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from watchdaemon.errors import AdapterError, MalformedItemError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import OVERLAP, Collector, Mark, refuse_false_loss, refuse_sudden_emptiness
from watchdaemon_adapters._graph.errors import MissingObjectError, ends_the_fetch, incomplete_error
from watchdaemon_adapters._graph.mapping import MESSAGE_FIELDS, conversation_url, map_message
from watchdaemon_adapters._graph.paging import Edge, StopWhenOld, next_of, read_pages
from watchdaemon_adapters._graph.rounds import gather
from watchdaemon_adapters._graph.values import (
    BadValueError,
    Row,
    child_of,
    count_of,
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

    @property
    def edge(self) -> Edge:
        """The list of conversations, with each one's newest messages inside."""
        messages = f"messages.limit({READ_AT_ONCE}){{{MESSAGE_FIELDS}}}"
        return Edge(
            path=f"{self.page_id}/conversations",
            params={"platform": self.platform, "fields": f"id,updated_time,message_count,link,{messages}"},
            lean={"platform": self.platform, "fields": "id,updated_time,message_count,link"},
            limit=self.page_size,
        )


async def read_inbox(
    client: GraphClient, collector: Collector, inbox: Inbox, first: Row | AdapterError | None = None
) -> None:
    """Read every conversation that changed since the last complete read, and finish the stream if all went well.

    Conversations cannot be asked for by time (Page conversations reference), and that the newest come first is nowhere
    promised: a page that ends old ends the reading only while the order has held, and once a day the whole look-back
    is read. `first` is the first page, where it was asked for already.
    """
    mark = collector.mark(STREAM)
    reader = _InboxReader(client, collector, inbox, mark)
    wholes: list[bool] = []
    seen: list[tuple[datetime, str]] = []
    async for rows in reader.conversations(first):
        changed: list[tuple[Row, str]] = []
        for row in rows:
            try:
                conversation = row_of(row)
                key, updated_at = id_of(conversation), moment_of(conversation, "updated_time")
            except BadValueError as error:
                _count_malformed(collector, error)
                continue
            seen.append((updated_at, key))
            if updated_at >= reader.changed_since:
                changed.append((conversation, key))
        wholes += await gather(*(reader.read(conversation, key) for conversation, key in changed))
    if not seen:
        await refuse_sudden_emptiness(collector, mark, STREAM, lambda known: client.get(known, {"fields": "id"}))
    collector.notes.read(STREAM)
    if all(wholes):
        collector.finish(STREAM, seen)


def _count_malformed(collector: Collector, error: BadValueError) -> None:
    account = collector.account
    message = f"a conversation breaks the contract: {error}"
    collector.count_malformed(MalformedItemError(message, platform=account.platform, account=account.key), STREAM)


class _InboxReader:
    def __init__(self, client: GraphClient, collector: Collector, inbox: Inbox, mark: Mark) -> None:
        self._client = client
        self._collector = collector
        self._inbox = inbox
        self._known_until = mark.newest if mark.ids else None
        self._since = mark.since(collector.now, collector.look_back)
        self._is_sweep = collector.notes.is_sweep
        newest = min(mark.newest, collector.now) if mark.newest is not None and mark.ids else None
        self.changed_since = self._since if newest is None or self._is_sweep else newest - OVERLAP

    async def conversations(self, first: Row | AdapterError | None) -> AsyncIterator[list[object]]:
        notes = self._collector.notes
        stop = StopWhenOld(self.changed_since, is_thorough=self._is_sweep, is_unsorted=notes.is_unsorted(STREAM))
        async for page in self._pages(self._inbox.edge, {}, first):
            yield page
            if stop.is_enough([_updated_at(row) for row in page]):
                break
        notes.note_order(STREAM, is_sorted=stop.is_sorted)

    async def read(self, conversation: Row, key: str) -> bool:
        """Read one conversation's messages; tell whether all that are wanted could be read."""
        try:
            await self._read(conversation, key)
        except AdapterError as error:
            if ends_the_fetch(error):
                raise
            self._collector.note(error, STREAM)
            return False
        return True

    async def _read(self, conversation: Row, key: str) -> None:
        try:
            async for rows in self._messages(conversation, key):
                self._keep(rows, conversation, key)
        except MissingObjectError:  # cleared away while we were reading?
            await refuse_false_loss(self._collector, key, lambda known: self._client.get(known, {"fields": "id"}))

    def _keep(self, rows: list[object], conversation: Row, key: str) -> None:
        for row in rows:
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

    async def _messages(self, conversation: Row, key: str) -> AsyncIterator[list[object]]:
        nested = child_of(conversation, "messages")
        step: Mapping[str, str] = {}
        if not is_list_missing(nested):
            rows = rows_of(nested)
            yield rows
            if not self._inbox.reads_older:
                self._tell_gap(rows)
                return
            account = self._collector.account
            following = next_of(nested, platform=account.platform, account=account.key)
            if self._reaches_back(
                rows, has_more=following is not None, counted=count_of(conversation, "message_count")
            ):
                return
            step = following or {}
        edge = Edge(path=f"{key}/messages", params={"fields": MESSAGE_FIELDS}, limit=READ_AT_ONCE)
        async for page in self._pages(edge, step):
            yield page
            if _is_old(page, self._since) or not self._inbox.reads_older:
                return

    def _reaches_back(self, rows: list[object], *, has_more: bool, counted: int) -> bool:
        """Tell whether the messages that came with the list are all that are wanted."""
        if not has_more and counted <= len(rows):
            return True  # the end is where there is no next page; but not where more are counted
        wanted_from = self._since if self._is_sweep else self.changed_since
        return _is_newest_first(rows) and _ends_before(rows, wanted_from)

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

    async def _pages(
        self, edge: Edge, start: Mapping[str, str], first: Row | AdapterError | None = None
    ) -> AsyncIterator[list[object]]:
        account = self._collector.account
        pages = read_pages(self._client, edge, platform=account.platform, account=account.key, start=start, first=first)
        async for page in pages:
            yield page.rows


def _updated_at(row: object) -> datetime | None:
    return optional_moment(row, "updated_time") if isinstance(row, dict) else None


def _created_at(row: object) -> datetime | None:
    return optional_moment(row, "created_time") if isinstance(row, dict) else None


def _is_newest_first(rows: list[object]) -> bool:
    moments = [_created_at(row) for row in rows]
    known = [m for m in moments if m is not None]
    return len(known) == len(moments) and known == sorted(known, reverse=True)


def _ends_before(rows: list[object], since: datetime) -> bool:
    last = _created_at(rows[-1]) if rows else None
    return last is not None and last < since


def _is_old(rows: list[object], since: datetime) -> bool:
    """Tell whether a page of messages, which come newest first, lies before `since` as a whole."""
    moments = [_created_at(row) for row in rows]
    return bool(moments) and all(m is not None and m < since for m in moments)
