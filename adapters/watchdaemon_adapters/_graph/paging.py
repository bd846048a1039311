"""Following the Graph's pages: to the end, in smaller steps where it asks for them, and never in a circle."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.errors import ReduceAmountError, incomplete_error
from watchdaemon_adapters._graph.values import Row, child_of, is_list_missing, rows_of

MAX_PAGES = 2_000  # a list that is longer is a fault, not a list
_SECRET_PARAMETERS = frozenset({"access_token", "appsecret_proof"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A list to be read page by page."""

    path: str
    params: Mapping[str, str]
    limit: int
    lean: Mapping[str, str] | None = None  # parameters to fall back to when even one row at a time is too much

    async def first(self, client: GraphClient) -> Row:
        """Ask for the first page alone. Raises AdapterError."""
        return await client.get(self.path, {**self.params, "limit": str(self.limit)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page's rows, as they came."""

    rows: list[object]
    summary: Row = field(default_factory=dict)
    is_lean: bool = False  # read with the edge's lean parameters
    limit: int = 0  # how many rows were asked for in the end
    after: str | None = None  # the cursor of its last row; of the list's end, too


async def read_pages(
    client: GraphClient,
    edge: Edge,
    *,
    platform: str,
    account: str,
    start: Mapping[str, str] | None = None,
    first: Row | AdapterError | None = None,
) -> AsyncIterator[Page]:
    """Yield the pages of an edge from its beginning, or from `start` (what `next_of` gave).

    A page may be empty and still have a next one; the end is where there is none. With `first` the first answer is
    there already (it came with other things), or is known to be that error. A cursor that is refused in the middle has
    run out: the list is read from its beginning once more, and its rows come again.

    Raises:
        RetriableError: With reason INCOMPLETE when the pages cannot be followed to the end.
        AdapterError: As the client does.
    """
    reader = _EdgeReader(client, edge, platform, account)
    step: Mapping[str, str] = start or {}
    seen = {frozenset(step.items())}
    has_begun_anew = False
    for _ in range(MAX_PAGES):
        try:
            answer, first = await reader.read(step, first), None
        except _LostPlaceError:
            if has_begun_anew:
                raise
            has_begun_anew, step, seen = True, {}, set()
            continue
        following = next_of(answer, platform=platform, account=account)
        yield Page(
            rows=rows_of(answer),
            summary=child_of(answer, "summary"),
            is_lean=reader.is_lean,
            limit=reader.limit,
            after=_after(answer),
        )
        if following is None:
            return
        if frozenset(following.items()) in seen:
            raise incomplete_error(f"{platform} gave the same page twice", platform=platform, account=account)
        seen.add(frozenset(following.items()))
        step = following
    raise _unfollowed(platform, account)


class _LostPlaceError(RetriableError):
    """A cursor is not good any more."""


class _EdgeReader:
    """Asks for one page after another, for less at a time where the Graph finds it too much."""

    def __init__(self, client: GraphClient, edge: Edge, platform: str, account: str) -> None:
        self.limit = edge.limit
        self.is_lean = False
        self._client = client
        self._edge = edge
        self._platform = platform
        self._account = account
        self._params = edge.params

    async def read(self, step: Mapping[str, str], known: Row | AdapterError | None) -> Row:
        """Return one page's answer; `known` is what came of the first try, where that was made already."""
        while True:
            try:
                if isinstance(known, AdapterError):
                    raise known
                answer = known if known is not None else await self._ask(step)
            except ReduceAmountError:
                known = None
                if not self._reduce():
                    raise
                continue
            except AdapterError as error:
                if step and error.reason is Reason.MALFORMED:  # the first page was understood: it is the cursor
                    raise _LostPlaceError(
                        f"{self._platform} refused its own cursor",
                        platform=self._platform,
                        account=self._account,
                        reason=Reason.INCOMPLETE,
                    ) from error
                raise
            if is_list_missing(answer):
                raise RetriableError(
                    f"{self._platform} answered a list without a list",
                    platform=self._platform,
                    account=self._account,
                    reason=Reason.MALFORMED,
                )
            return answer

    async def _ask(self, step: Mapping[str, str]) -> Row:
        return await self._client.get(self._edge.path, {**self._params, **step, "limit": str(self.limit)})

    def _reduce(self) -> bool:
        """Ask for half as much from now on, or for the rows alone; False when there is no less."""
        if self.limit > 1:
            self.limit //= 2
        elif self._edge.lean is not None and not self.is_lean:
            self.limit, self.is_lean, self._params = self._edge.limit, True, self._edge.lean
        else:
            return False
        return True


def next_of(answer: Row, *, platform: str, account: str) -> dict[str, str] | None:
    """Return the parameters that lead to the next page, without the token that ``next`` repeats; None at the end.

    Raises:
        RetriableError: With reason INCOMPLETE when what should lead there makes no sense: the end it is not.
    """
    paging = answer.get("paging")
    address = paging.get("next") if isinstance(paging, dict) else paging
    if address is None or address == "":
        return None
    after = _after(answer)
    if not isinstance(paging, dict) or not isinstance(address, str):
        raise _unfollowed(platform, account)
    if after is not None:
        return {"after": after}
    query = _query_of(address)
    if not query:
        raise _unfollowed(platform, account)
    return {name: value for name, value in query if name not in _SECRET_PARAMETERS}


def _after(answer: Row) -> str | None:
    after = child_of(child_of(answer, "paging"), "cursors").get("after")
    return after if isinstance(after, str) and after else None


def _query_of(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(address).query, keep_blank_values=True)
    except ValueError:
        return []


NEARLY_SORTED = 2
"""So often may a list go back in time and still count as sorted: a pinned post, a late one."""


class StopWhenOld:
    """Tells when to stop paging a list that is *mostly* newest first.

    The Graph ranks some lists and promises no order, so one old row means nothing. A list that never once went back in
    time is left where it became old (with `is_thorough` only after a whole page without a single row of interest); one
    that did a few times, after `patience` such pages; a shuffled one is read to its end, and so is one that was
    shuffled the last time (`is_unsorted`) or that was not once seen to go back in time: the oldest may come first.
    """

    def __init__(
        self, since: datetime, *, patience: int = 2, is_thorough: bool = True, is_unsorted: bool = False
    ) -> None:
        self._since = since
        self._patience = patience
        self._is_thorough = is_thorough
        self._old_pages = 0
        self._breaks = NEARLY_SORTED + 1 if is_unsorted else 0
        self._has_fallen = False
        self._last: datetime | None = None

    @property
    def is_sorted(self) -> bool:
        """Whether the list is as good as in order, as far as it was read."""
        return self._breaks <= NEARLY_SORTED

    def is_enough(self, moments: Sequence[datetime | None]) -> bool:
        """Take in one page's times; an unreadable time counts as interesting, an empty page as nothing."""
        for moment in moments:
            if moment is not None:
                self._breaks += self._last is not None and moment > self._last
                self._has_fallen = self._has_fallen or (self._last is not None and moment < self._last)
                self._last = moment
        if moments:
            is_old = all(moment is not None and moment < self._since for moment in moments)
            self._old_pages = self._old_pages + 1 if is_old else 0
        if not self.is_sorted or not self._has_fallen:
            return False
        if self._old_pages >= (self._patience if self._breaks else 1):
            return True
        ends_old = bool(moments) and moments[-1] is not None and moments[-1] < self._since
        return not self._is_thorough and not self._breaks and ends_old


def _unfollowed(platform: str, account: str) -> RetriableError:
    return incomplete_error(f"{platform}'s pages could not be followed to the end", platform=platform, account=account)
